"""Compose: a template, or a text somebody typed, becomes one frozen post per account and language.

In: the campaign (folder, configuration), what somebody asks for, the accounts, when it is due. Out: `Composed` posts
with what the checks found. Nothing is stored here, and nothing is refused here but what cannot be composed at all:
the caller shows the findings and calls `require_clean`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from clarion import networks
from clarion.campaign.checks import check
from clarion.campaign.config import Config
from clarion.campaign.render import Rendered
from clarion.campaign.toml import did_you_mean
from clarion.composing import measure, sources
from clarion.composing.freeze import freeze
from clarion.composing.pictures import Pictures
from clarion.composing.sources import Source
from clarion.errors import CampaignError, CheckFailed
from clarion.model import Account, Finding, Part, Payload, Used
from clarion.networks.base import Draft, DraftPart


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody asks for: a template by its slug, or a literal text with its images as (path, alt text).

    `languages` None: those the text and each account have in common. `accounts` None: all that are given.
    """

    slug: str | None = None
    text: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    wording: int = 1
    warning: str | None = None  # of a literal text; a template has its own
    images: tuple[tuple[Path, str], ...] = ()
    source: str | None = None
    languages: tuple[str, ...] | None = None
    accounts: tuple[str, ...] | None = None
    because: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """One post, frozen, on its way to people and the outbox."""

    account: Account
    payload: Payload
    digest: str
    due: datetime
    late: timedelta
    evergreen: bool
    used: tuple[Used, ...]
    findings: tuple[Finding, ...]
    images: Mapping[str, tuple[str, bytes]]  # sha256 → (mime, final bytes)

    @property
    def language(self) -> str:
        return self.payload.language

    @property
    def sensitive(self) -> bool:
        """Whether it carries a warning: a team may ask more people for these."""
        return self.payload.warning is not None


def compose(
    request: Request,
    *,
    folder: Path,
    config: Config,
    accounts: Sequence[Account],
    due: datetime,
    now: datetime,
) -> list[Composed]:
    """The posts a request makes, account by account, in every language it has in common with the text.

    `due` is what the text takes for now, and `now` is when its facts are judged. CampaignError when the request
    cannot be met: no such template, account, language, image or variable, or nothing in common.
    """
    _require_utf8(request)
    source = _source(request, folder=folder, config=config, due=due, now=now)
    _require_written(source, request.languages)
    chosen = _chosen(accounts, request.accounts)
    pictures = Pictures()
    posts = [
        _post(source, account, language, config=config, due=due, pictures=pictures)
        for account in chosen
        if account.network in source.networks
        for language in _languages(source, config.languages(account.name), request.languages)
    ]
    if not posts:
        raise _nothing(source, chosen, config)
    return posts


def require_clean(posts: Sequence[Composed]) -> None:
    """Raise CheckFailed when a check says *never*: every finding once, with its places and what mends it."""
    blocked: dict[Finding, list[str]] = {}
    for post in posts:
        for finding in post.findings:
            if finding.level == "never":
                places = blocked.setdefault(replace(finding, where=""), [])
                if finding.where not in places:
                    places.append(finding.where)
    if blocked:
        raise CheckFailed(
            "\n".join(f"{', '.join(places)}: {finding.why}" for finding, places in blocked.items()),
            "\n".join(dict.fromkeys(finding.mend for finding in blocked if finding.mend)) or None,
        )


def _source(request: Request, *, folder: Path, config: Config, due: datetime, now: datetime) -> Source:
    if request.slug is not None:
        zone = config.zone()
        return sources.template(
            folder,
            request.slug,
            variables=request.variables,
            wording=request.wording,
            tags=config.campaign.tags,
            due=due.astimezone(zone),
            now=now.astimezone(zone),
        )
    return sources.typed(
        request.text or "",
        asked=request.languages,
        known=config.campaign.languages,
        tags=config.campaign.tags,
        warning=request.warning,
        images=request.images,
        source=request.source,
    )


def _require_utf8(request: Request) -> None:
    """What comes from a command line in another encoding carries marks that no network takes."""
    typed = [request.text, request.warning, request.source, *request.variables.values()]
    for words in (*typed, *(alt for _, alt in request.images)):
        try:
            (words or "").encode()
        except UnicodeEncodeError as error:
            raise CampaignError(
                "What you typed is not UTF-8 text.", "Save it as UTF-8 in a file: clarion say --file FILE"
            ) from error


def _chosen(accounts: Sequence[Account], names: Sequence[str] | None) -> list[Account]:
    if names is None:
        return list(accounts)
    known = {account.name: account for account in accounts}
    for name in names:
        if name not in known:
            raise CampaignError(
                f'There is no account "{name}".',
                did_you_mean(name, known, "clarion accounts list shows what there is."),
            )
    return [known[name] for name in dict.fromkeys(names)]


def _require_written(source: Source, asked: Sequence[str] | None) -> None:
    for language in asked or ():
        if language not in source.languages:
            raise CampaignError(
                f"{source.name} is not written in {language}; it is in {', '.join(source.languages)}.",
                f"Ask for one of these: --lang {source.languages[0]}",
            )


def _languages(source: Source, spoken: Sequence[str], asked: Sequence[str] | None) -> list[str]:
    wanted = source.languages if asked is None else asked
    return [language for language in dict.fromkeys(wanted) if language in spoken]


def _nothing(source: Source, accounts: Sequence[Account], config: Config) -> CampaignError:
    spoken = dict.fromkeys(language for account in accounts for language in config.languages(account.name))
    if not accounts:
        return CampaignError("There is no account to post on.", "clarion accounts add")
    return CampaignError(
        f"No account takes {source.name}: it is in {', '.join(source.languages)} for"
        f" {', '.join(source.networks)}; the accounts asked speak {', '.join(spoken)}.",
        f'Add the language to an account in config.toml: languages = ["{source.languages[0]}"]',
    )


def _post(
    source: Source, account: Account, language: str, *, config: Config, due: datetime, pictures: Pictures
) -> Composed:
    rendered = source.words(language, account.network)
    settings = config.accounts[account.name]
    parts = _fit(rendered, account, pictures)
    payload, digest = freeze(
        account,
        language=language,
        parts=parts,
        warning=rendered.warning,
        visibility=settings.visibility,
        replies=settings.replies,
    )
    images = [pictures.read(path) for path, _ in rendered.images]
    findings = [
        *check(rendered, language=language),
        *measure.findings(
            payload,
            account,
            where=rendered.where,
            shorter=source.shorter(language, account.network),
            threads=bool(settings.threads),
            sizes={image.sha256: len(image.bytes) for image in images},
        ),
        *source.standing(rendered, language),
    ]
    return Composed(
        account=account,
        payload=payload,
        digest=digest,
        due=due,
        late=config.late(account.name, source.late, evergreen=source.evergreen),
        evergreen=source.evergreen,
        used=rendered.used,
        findings=tuple(dict.fromkeys(findings)),
        images={image.sha256: (image.mime, image.bytes) for image in images},
    )


def _fit(rendered: Rendered, account: Account, pictures: Pictures) -> tuple[Part, ...]:
    """The parts as the account's network gets them. Rendered words are NFC, so facets are counted in the final bytes."""
    media = tuple(pictures.media(path, alt) for path, alt in rendered.images)
    first, *rest = rendered.parts
    draft = Draft(
        parts=(DraftPart(text=first, media=media), *(DraftPart(text=text) for text in rest)),
        warning=rendered.warning,
    )
    return networks.text(account.network).fit(draft, account.limits)

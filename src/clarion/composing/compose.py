"""Compose: a template, or a text somebody typed, becomes one frozen post per account and language.

In: the campaign (folder, configuration), what somebody asks for, the accounts, when it is due. Out: `Composed` posts
with what the checks found. Nothing is stored here, and nothing is refused here but what cannot be composed at all:
the caller shows the findings and calls `require_clean`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from clarion import networks
from clarion.campaign import checks
from clarion.campaign.checks import Standards
from clarion.campaign.config import Config
from clarion.campaign.denied import NOBODY, Denied
from clarion.campaign.nearest import did_you_mean
from clarion.campaign.rendering.render import Rendered
from clarion.composing import consent, links, measure, sources
from clarion.composing.freeze import folds_warning, freeze
from clarion.composing.linkcard import LinkCards, Linked, Pages
from clarion.composing.pictures import Pictures, Shown
from clarion.composing.sources import Source
from clarion.errors import CampaignError, CheckFailed
from clarion.model import Account, Finding, Part, Payload, Used
from clarion.networks.base import Draft, DraftPart
from clarion.networks.splitting import without_tags


class NobodyTakes(CampaignError):
    """No account speaks a language of the text on a network it is for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What somebody asks for: a template by its slug, or a literal text with its images as (path, alt text).

    `languages` None: those the text and each account have in common. `accounts` None: all that are given.
    """

    slug: str | None = None
    text: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    examples: frozenset[str] = frozenset()  # those of its values that are only there to try it with
    wording: int = 1
    warning: str | None = None  # of a literal text; a template has its own
    images: tuple[tuple[Path, str], ...] = ()
    card: bool = False  # of a literal text: it stands on an image card too; a template has its own
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
    later: frozenset[int] = frozenset()  # the parts, from 1, whose link gets its card when queued live

    @property
    def language(self) -> str:
        return self.payload.language

    @property
    def sensitive(self) -> bool:
        """Whether it carries a warning, or goes out for a reason: a team may ask more people for these."""
        return self.payload.warning is not None or any(each.level == "reason" for each in self.findings)


def compose(
    request: Request,
    *,
    folder: Path,
    config: Config,
    accounts: Sequence[Account],
    due: datetime,
    now: datetime,
    denied: Denied = NOBODY,
    by: Standards | None = None,
    pages: Pages | None = None,
) -> list[Composed]:
    """The posts a request makes, account by account, in every language it has in common with the text.

    `due` is what the text takes for now, and `now` is when its facts are judged. `denied`: the names that are never
    posted. `by`: what else the checks measure by, where it is not the campaign's own. `pages`: reads what links lead to,
    for their cards; None: nothing is read. CampaignError when the request cannot be met: no such template, account,
    language, image or variable, or nothing in common.
    """
    _require_utf8(request)
    source = _source(request, folder=folder, config=config, due=due, now=now)
    _require_written(source, request.languages)
    made = posts_of(
        source,
        accounts=_chosen(accounts, request.accounts),
        languages=request.languages,
        config=config,
        due=due,
        by=by or checks.standards(folder, config, denied),
        pictures=Pictures(config.cards, config.campaign.tags),
        pages=pages,
    )
    return [
        replace(
            each,
            findings=(*each.findings, *measure.stale(each.account, now), *_consents(each.used, source)),
        )
        for each in made
    ]


def posts_of(
    source: Source,
    *,
    accounts: Sequence[Account],
    languages: Sequence[str] | None,
    config: Config,
    due: datetime,
    by: Standards,
    pictures: Pictures,
    pages: Pages | None = None,
) -> list[Composed]:
    """The posts that a source makes for these accounts, in the languages asked or all: what `compose` does with a request.

    Who composes many shares `pictures` among them, and prepares their sources together: see `sources.prepare`.
    """
    threading = [account.name for account in accounts if config.accounts[account.name].threads]
    wanted = [
        (account, language)
        for account in accounts
        if account.network in source.networks
        for language in _languages(source, config.languages(account.name), languages)
    ]
    if not wanted:
        raise _nothing(source, accounts, config, languages)
    source.prepare([(language, account.network) for account, language in wanted])
    link_cards = LinkCards(by=by, pages=pages)
    return [
        _post(
            source,
            account,
            language,
            config=config,
            due=due,
            by=by,
            pictures=pictures,
            link_cards=link_cards,
            threading=threading,
        )
        for account, language in wanted
    ]


def require_clean(posts: Sequence[Composed]) -> None:
    """Raise CheckFailed when a check says *never*. What it says stands in the preview, which people see before."""
    blocked = {
        replace(finding, where="") for post in posts for finding in post.findings if finding.level == "never"
    }
    if blocked:
        things = "one thing is" if len(blocked) == 1 else f"{len(blocked)} things are"
        clean = _clean(posts)
        way = (
            f"or leave that out: {' '.join(f'--to {name}' for name in clean)}" if clean else "then try again"
        )
        raise CheckFailed(
            f"nothing was queued: {things} blocked",
            f"mend what stands behind “Blocked” in the preview, {way}",
        )


def _clean(posts: Sequence[Composed]) -> list[str]:
    """The accounts on which nothing is blocked."""
    blocked = {post.account.name for post in posts if any(each.level == "never" for each in post.findings)}
    return [name for name in dict.fromkeys(post.account.name for post in posts) if name not in blocked]


def _consents(used: Sequence[Used], source: Source) -> list[Finding]:
    ledger = source.ledger if isinstance(source, sources.FromTemplate) else None
    return consent.findings(ledger, used, where=source.name) if ledger else []


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
            examples=request.examples,
        )
    return sources.typed(
        request.text or "",
        asked=request.languages,
        known=config.campaign.languages,
        tags=config.campaign.tags,
        warning=request.warning,
        images=request.images,
        card=request.card,
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
                "what you typed is not UTF-8 text", "save it as UTF-8 in a file: clarion say --file FILE"
            ) from error


def _chosen(accounts: Sequence[Account], names: Sequence[str] | None) -> list[Account]:
    if names is None:
        return list(accounts)
    known = {account.name: account for account in accounts}
    for name in names:
        if name not in known:
            raise CampaignError(
                f'there is no account "{name}"',
                did_you_mean(name, known, "clarion accounts list shows what there is"),
            )
    return [known[name] for name in dict.fromkeys(names)]


def _require_written(source: Source, asked: Sequence[str] | None) -> None:
    for language in asked or ():
        if language not in source.languages:
            raise CampaignError(
                f"{source.name} is not written in {language}; it is in {', '.join(source.languages)}",
                f"ask for one of these: --lang {source.languages[0]}",
            )


def _languages(source: Source, spoken: Sequence[str], asked: Sequence[str] | None) -> list[str]:
    wanted = source.languages if asked is None else asked
    return [language for language in dict.fromkeys(wanted) if language in spoken]


def _nothing(
    source: Source, accounts: Sequence[Account], config: Config, asked: Sequence[str] | None
) -> CampaignError:
    spoken = dict.fromkeys(language for account in accounts for language in config.languages(account.name))
    if not accounts:
        return CampaignError("there is no account to post on", "clarion accounts add")
    fitting = [account.name for account in accounts if account.network in source.networks]
    if not fitting:
        there = dict.fromkeys(account.network for account in accounts)
        return NobodyTakes(
            f"{source.name} is for {', '.join(source.networks)}, and the accounts asked are on {', '.join(there)}",
            f"ask for another account: --to, or add {next(iter(there))} to networks in its post.toml",
        )
    wanted = list(asked or source.languages)
    more = json.dumps([*config.languages(fitting[0]), wanted[0]], ensure_ascii=False)
    return NobodyTakes(
        f"no account asked takes {source.name} in {', '.join(wanted)}: they speak {', '.join(spoken)}",
        f"add {wanted[0]} under [accounts.{fitting[0]}] in config.toml: languages = {more}",
    )


def _post(
    source: Source,
    account: Account,
    language: str,
    *,
    config: Config,
    due: datetime,
    by: Standards,
    pictures: Pictures,
    link_cards: LinkCards,
    threading: Sequence[str],
) -> Composed:
    settings = config.accounts[account.name]
    rendered, changed = _said(source, account, language, settings.links)
    shown = pictures.of(rendered, account)
    texts = _threaded(rendered, account) if settings.threads else rendered.parts
    linked = link_cards.of(
        texts,
        rendered,
        source.link_cards(rendered, language),
        account=account,
        language=language,
        proxy=settings.proxy,
        pictured=bool(shown),
        typed=source.typed,
    )
    parts = _fit(texts, rendered.warning, account, shown, linked)
    payload, digest = freeze(
        account,
        language=language,
        parts=parts,
        warning=rendered.warning,
        visibility=settings.visibility,
        replies=settings.replies,
    )
    findings = [
        *checks.check(rendered, language=language, network=account.network, by=by, typed=source.typed),
        *changed,
        *linked.findings,
        *measure.split_up(account, where=rendered.where, written=len(rendered.parts), made=len(texts)),
        *measure.findings(
            payload,
            account,
            where=rendered.where,
            shorter=source.shorter(language, account.network),
            single=source.single(language, account.network, threading),
            threads=bool(settings.threads),
            sizes={each.image.sha256: len(each.image.bytes) for each in shown},
        ),
        *pictures.findings(rendered, account),
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
        images={
            **{each.image.sha256: (each.image.mime, each.image.bytes) for each in shown},
            **linked.images,
        },
        later=linked.later,
    )


def _said(source: Source, account: Account, language: str, setting: str) -> tuple[Rendered, list[Finding]]:
    """The words for an account, with links as its setting wants them, and without what follows readers in them."""
    rendered = source.words(language, account.network)
    elsewhere = "Say it without the link" if source.typed else source.single(language, account.network, ())
    rendered, changed = links.carried(
        rendered,
        setting,
        source.call_links(rendered, language),
        account=account,
        mend=elsewhere if source.typed else f"{elsewhere} without it",
    )
    rendered, followed = checks.untracked(rendered)
    return rendered, [*changed, *followed]


def _fit(
    texts: Sequence[str], warning: str | None, account: Account, shown: Sequence[Shown], linked: Linked
) -> tuple[Part, ...]:
    """The parts as the account's network gets them. Rendered words are NFC, so facets are counted in the final bytes."""
    media = tuple(each.media for each in shown)
    draft = Draft(
        parts=tuple(
            DraftPart(text=text, media=() if number else media, card=card)
            for number, (text, card) in enumerate(zip(texts, linked.cards, strict=True))
        ),
        warning=warning,
    )
    return networks.text(account.network).fit(draft, account.limits)


def _threaded(rendered: Rendered, account: Account) -> list[str]:
    """The parts, those that are too long split. The tags at the end of part 1 stay on part 1."""
    split = networks.text(account.network).split
    first, *rest = rendered.parts
    text, tags = without_tags(first)
    head, *more = split(text, account.limits, warning=rendered.warning, tail=tags)
    later = rendered.warning if folds_warning(account) else None
    return [
        head + tags,
        *more,
        *(piece for part in rest for piece in split(part, account.limits, warning=later)),
    ]

"""A template as every network would show it, in each of its languages and wordings: what `posts check` looks at.

In: a slug, the campaign, its accounts, a day. Out: findings, each once. Variables take the values of [example] in
post.toml; for a network without an account of the campaign's its usual limits count. Nothing is queued.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path

import msgspec

from clarion import networks
from clarion.campaign import checks, config, templates
from clarion.campaign.checks import Standards
from clarion.campaign.config import Config
from clarion.campaign.denied import Denied
from clarion.campaign.ledgers.ledger import Ledger
from clarion.campaign.templates import Template
from clarion.composing import sources
from clarion.composing.compose import Composed, posts_of
from clarion.composing.pictures import Pictures
from clarion.composing.sources import FromTemplate
from clarion.errors import CampaignError, CheckFailed, ClarionError
from clarion.model import Account, Finding, Identity

#: So many templates are rendered by one child: enough that forks cost little, few enough that somebody sees it go on.
_TOGETHER = 25
#: Reserved for examples (RFC 2606): no reader is led there, because [example] fills nothing that is queued.
_EXAMPLES = frozenset({"example.com", "example.net", "example.org", "example"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Everywhere:
    """One campaign with an account on every network, each of which speaks every language."""

    folder: Path
    own: Config  # as it is written, with the campaign's accounts alone
    config: Config
    accounts: tuple[Account, ...]
    by: Standards
    ledger: Ledger
    now: datetime

    @classmethod
    def of(
        cls, folder: Path, said: Config, accounts: Sequence[Account], *, denied: Denied, now: datetime
    ) -> Everywhere:
        """The campaign in `folder` at `now`, in its own zone. CampaignError where its ledger or a list of it is wrong."""
        by = checks.standards(folder, said, denied)
        known = {account.network for account in accounts}
        more = [_usual(network) for network in networks.NAMES if network not in known]
        added = {each.name: config.Account(network=each.network, handle=each.handle) for each in more}
        return cls(
            folder=folder,
            own=said,
            config=msgspec.structs.replace(said, accounts={**said.accounts, **added}),
            accounts=(*accounts, *more),
            by=replace(by, domains=by.domains | _EXAMPLES),
            ledger=Ledger.load(folder),
            now=now,
        )

    def findings(self, slugs: Iterable[str]) -> Iterator[tuple[str, list[Finding]]]:
        """What the checks say of every wording, language and network of each template, one after the other."""
        pictures = Pictures(self.config.cards, self.config.campaign.tags)
        left = iter(slugs)
        while together := [self._read(slug) for slug in islice(left, _TOGETHER)]:
            sources.prepare([each for one in together if isinstance(one, _Read) for each in one.wanted])
            for one in together:
                yield one.slug, self._findings(one, pictures)

    def _read(self, slug: str) -> _Read | _Unread:
        try:
            template = templates.load(self.folder, slug)
        except CampaignError as error:
            return _Unread(slug=slug, why=error)
        most = max(map(template.wordings, template.languages))
        return _Read(
            template=template, wordings=tuple(self._source(template, each + 1) for each in range(most))
        )

    def _source(self, template: Template, wording: int) -> FromTemplate:
        return FromTemplate(
            template=template,
            ledger=self.ledger,
            variables=dict(template.about.example),
            wording=wording,
            tags=self.config.campaign.tags,
            due=self.now,
            now=self.now,
            example=True,
        )

    def _findings(self, one: _Read | _Unread, pictures: Pictures) -> list[Finding]:
        if isinstance(one, _Unread):
            return [_broken(one.slug, one.why)]
        found: dict[Finding, None] = {}
        for language, source in one.texts:
            try:
                posts = self._posts(source, language, pictures)
            except (CampaignError, CheckFailed) as error:
                found[_broken(one.slug, error)] = None
            else:
                found |= {finding: None for post in posts for finding in post.findings}
        if not any(finding.rule == "broken" for finding in found):
            found |= dict.fromkeys(_unheard(one.template, self.own))
        return list(found)

    def _posts(self, source: FromTemplate, language: str, pictures: Pictures) -> list[Composed]:
        return posts_of(
            source,
            accounts=self.accounts,
            languages=(language,),
            config=_speaking(self.config, language),
            due=self.now,
            by=self.by,
            pictures=pictures,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A template that can be read, as the source of each of its wordings, from 1."""

    template: Template
    wordings: tuple[FromTemplate, ...]

    @property
    def slug(self) -> str:
        return self.template.slug

    @property
    def texts(self) -> Iterator[tuple[str, FromTemplate]]:
        """Language by language, each wording that is written in it."""
        for language in self.template.languages:
            for source in self.wordings[: self.template.wordings(language)]:
                yield language, source

    @property
    def wanted(self) -> Iterator[tuple[FromTemplate, list[tuple[str, str]]]]:
        """What its sources will be asked: every network it is for."""
        for language, source in self.texts:
            yield source, [(language, network) for network in source.networks]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unread:
    """One that cannot be read."""

    slug: str
    why: CampaignError


def _broken(slug: str, error: ClarionError) -> Finding:
    """A template that cannot be read or rendered can never be posted."""
    return checks.found("broken", where=f"posts/{slug}", why=error.message, mend=error.hint)


def _unheard(template: Template, said: Config) -> Iterator[Finding]:
    """A look at a template that none of the campaign's accounts takes in any of its languages."""
    for name, account in said.accounts.items():
        if account.network in template.about.networks and set(said.languages(name)) & set(template.languages):
            return
    yield checks.found(
        "nobody",
        where=f"posts/{template.slug}",
        why=f"No account takes it: it is in {', '.join(template.languages)}, for {', '.join(template.about.networks)}.",
        mend="Add a language or a network to an account in config.toml, or to its post.toml.",
    )


def _speaking(said: Config, language: str) -> Config:
    accounts = {
        name: msgspec.structs.replace(account, languages=(language,))
        for name, account in said.accounts.items()
    }
    return msgspec.structs.replace(said, accounts=accounts)


def _usual(network: str) -> Account:
    """An account as most servers of a network would have it."""
    return Account(
        name=f"any-{network}",
        network=network,
        handle="example",
        server=f"https://{network}.example",
        identity=Identity(network=network, origin=f"https://{network}.example", remote_id="0"),
        limits=networks.options(network).LIMITS,
    )

"""A template as every network would show it, in each of its languages and wordings: what `posts check` looks at.

In: a slug, the campaign, its accounts, a day. Out: findings, each once. Variables take the values of [example] in
post.toml; for a network without an account of the campaign's its usual limits count. Nothing is queued.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import msgspec

from clarion import networks
from clarion.campaign import checks, config, templates
from clarion.campaign.checks import Standards
from clarion.campaign.config import Config
from clarion.campaign.denied import Denied
from clarion.campaign.templates import Template
from clarion.composing.compose import Composed, Request, compose
from clarion.errors import CampaignError, CheckFailed, ClarionError
from clarion.model import Account, Finding, Identity

#: Reserved for examples (RFC 2606): no reader is led there, because [example] fills nothing that is queued.
_EXAMPLES = frozenset({"example.com", "example.net", "example.org", "example"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Everywhere:
    """One campaign with an account on every network, each of which speaks every language."""

    folder: Path
    config: Config
    accounts: tuple[Account, ...]
    by: Standards
    now: datetime

    @classmethod
    def of(
        cls, folder: Path, said: Config, accounts: Sequence[Account], *, denied: Denied, now: datetime
    ) -> Everywhere:
        """The campaign in `folder` at `now`, in its own zone. CampaignError where one of its lists is wrong."""
        by = checks.standards(folder, said, denied)
        known = {account.network for account in accounts}
        more = [_usual(network) for network in networks.NAMES if network not in known]
        added = {each.name: config.Account(network=each.network, handle=each.handle) for each in more}
        return cls(
            folder=folder,
            config=msgspec.structs.replace(said, accounts={**said.accounts, **added}),
            accounts=(*accounts, *more),
            by=replace(by, domains=by.domains | _EXAMPLES),
            now=now,
        )

    def findings(self, slug: str) -> list[Finding]:
        """What the checks say of every wording, language and network of a template."""
        try:
            template = templates.load(self.folder, slug)
        except CampaignError as error:
            return [_broken(slug, error)]
        found: dict[Finding, None] = {}
        for language in template.languages:
            for wording in range(1, template.wordings(language) + 1):
                try:
                    posts = self._compose(template, language, wording)
                except (CampaignError, CheckFailed) as error:
                    found[_broken(slug, error)] = None
                else:
                    found |= {finding: None for post in posts for finding in post.findings}
        return list(found)

    def _compose(self, template: Template, language: str, wording: int) -> list[Composed]:
        return compose(
            Request(
                slug=template.slug,
                wording=wording,
                languages=(language,),
                variables=dict(template.about.example),
            ),
            folder=self.folder,
            config=_speaking(self.config, language),
            accounts=self.accounts,
            due=self.now,
            now=self.now,
            by=self.by,
        )


def unheard(template: Template, said: Config) -> Finding | None:
    """A look at a template that none of the campaign's accounts takes in any of its languages; None where one does."""
    for name, account in said.accounts.items():
        if account.network in template.about.networks and set(said.languages(name)) & set(template.languages):
            return None
    return checks.found(
        "nobody",
        where=f"posts/{template.slug}",
        why=f"No account takes it: it is in {', '.join(template.languages)}, for {', '.join(template.about.networks)}.",
        mend="Add a language or a network to an account in config.toml, or to its post.toml.",
    )


def _broken(slug: str, error: ClarionError) -> Finding:
    """A template that cannot be read or rendered can never be posted."""
    return checks.found("broken", where=f"posts/{slug}", why=error.message, mend=error.hint)


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

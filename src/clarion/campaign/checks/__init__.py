"""Checks that do no harm: what a text, an alt text, a post may never carry, may carry for a reason, should be looked at.

In: a rendered post and what the campaign measures by. Out: findings, each with a rule id, the place, why, and the edit
that mends it. The rules stand in `table.py`, each one small function in the file of its subject.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from clarion.campaign import domains, figures
from clarion.campaign.checks.rule import Passage, Rule, Standards
from clarion.campaign.checks.table import BY_ID, RULES
from clarion.campaign.config import Config
from clarion.campaign.denied import NOBODY, Denied
from clarion.campaign.rendering.render import Rendered
from clarion.campaign.tracking import moved, stretches, without
from clarion.model import Finding
from clarion.networks.splitting import without_tags

#: As many words as a name may have, with others between.
_AT_A_SEAM = 6

#: How a mend tells of a fact to those who write a template.
_PRINTED = re.compile(r'\{\{ fact\("([^"]+)"\) \}\}(?:, (?:or: |from )clarion posts facts)?')

__all__ = [
    "RULES",
    "Passage",
    "Rule",
    "Standards",
    "check",
    "check_passage",
    "found",
    "standards",
    "untracked",
]


def standards(folder: Path, config: Config, denied: Denied = NOBODY) -> Standards:
    """What the campaign in `folder` measures by. CampaignError where one of its lists is wrong."""
    return Standards(
        denied=denied,
        domains=domains.load(folder) | {_host(account.server) for account in config.accounts.values()},
        figures=figures.load(folder),
        tags=config.campaign.tags,
        handles=frozenset(_handles(config)),
    )


def check(
    rendered: Rendered,
    *,
    language: str,
    network: str | None = None,
    by: Standards | None = None,
    typed: bool = False,
) -> list[Finding]:
    """Everything of a rendered post: its parts, its warning, its images' alt texts, and the post as a whole.

    `typed`: it is somebody's own words, which need name no source.
    """
    passages = _passages(rendered, language, network, typed=typed)
    findings = [finding for passage in passages for finding in check_passage(passage, by)]
    return list(map(_for_own_words, findings)) if typed else findings


def check_passage(passage: Passage, by: Standards | None = None) -> list[Finding]:
    """What the rules for its kind find in one passage."""
    by = by or Standards()
    return [
        found(rule.id, where=passage.where, why=remark.why, mend=remark.mend)
        for rule in RULES
        if rule.find and passage.kind in rule.of
        for remark in rule.find(passage, by)
    ]


def found(rule: str, *, where: str, why: str, mend: str | None = None) -> Finding:
    """A finding with the class that the table gives its rule."""
    return Finding(rule=rule, level=BY_ID[rule].level, where=where, why=why, mend=mend)


def untracked(rendered: Rendered) -> tuple[Rendered, list[Finding]]:
    """The post without what follows readers in its links, and what was taken out."""
    warning = rendered.warning or ""
    texts = (*rendered.parts, warning)
    cuts = [stretches(text) for text in texts]
    if not any(cuts):
        return rendered, []
    tracking = BY_ID["tracking"]
    assert tracking.find is not None
    told = [
        found("tracking", where=rendered.where, why=remark.why, mend=remark.mend)
        for text in texts
        for remark in tracking.find(Passage(text=text, where=rendered.where, language=""), Standards())
    ]
    *parts, bare = (without(text, cut) for text, cut in zip(texts, cuts, strict=True))
    clean = replace(
        rendered,
        parts=tuple(parts),
        warning=bare or None,
        vouched=tuple(
            tuple(moved(span, cut) for span in spans)
            for spans, cut in zip(rendered.vouched, cuts[:-1], strict=True)
        ),
    )
    return clean, told


def _passages(rendered: Rendered, language: str, network: str | None, *, typed: bool) -> Iterator[Passage]:
    several = len(rendered.parts) > 1
    for number, (part, vouched) in enumerate(zip(rendered.parts, rendered.vouched, strict=True), 1):
        where = f"{rendered.where}, part {number}" if several else rendered.where
        yield Passage(
            text=part,
            where=where,
            language=language,
            network=network,
            vouched=vouched,
            source=rendered.source,
            gives=rendered.gives,
        )
    for number, seam in enumerate(_seams(rendered.parts), 1):
        where = f"{rendered.where}, parts {number} and {number + 1}"
        yield Passage(text=seam, where=where, language=language, kind="seam")
    if rendered.warning:
        yield Passage(
            text=rendered.warning,
            where=f"{rendered.where}, warning",
            language=language,
            kind="warning",
            network=network,
            gives=rendered.gives,
        )
    for path, alt_text in rendered.images:
        where = f"{rendered.where}, alt text of {path.name}"
        yield Passage(
            text=alt_text, where=where, language=language, kind="alt", file=path.name, gives=rendered.gives
        )
    for name, words in rendered.card.items():
        spans = tuple(rendered.card_vouched.get(name, ()))
        source = words if name == "source" else rendered.source
        yield Passage(
            text=words,
            where=f"{rendered.where}, card",
            language=language,
            vouched=spans,
            source=source,
            gives=rendered.gives,
        )
    yield Passage(
        text="\n\n".join(rendered.parts),
        where=rendered.where,
        language=language,
        kind="post",
        network=network,
        source=rendered.source,
        grounded=typed or bool(rendered.used),
    )


def _for_own_words(finding: Finding) -> Finding:
    """The finding with an edit that mends a text in which braces mean nothing: a fact is not printed, its words are read."""
    mend = _PRINTED.sub(lambda fact: f"clarion posts facts {fact[1]}".rstrip(" …"), finding.mend or "")
    return replace(finding, mend=mend or None)


def _seams(parts: Sequence[str]) -> Iterator[str]:
    """What is read where one part goes over into the next: the last words of the one and the first of the other."""
    plain = [without_tags(part)[0].split() for part in parts]
    for one, other in pairwise(plain):
        yield " ".join((*one[-_AT_A_SEAM:], *other[:_AT_A_SEAM]))


def _host(server: str | None) -> str:
    return (server or "").partition("://")[2].partition("/")[0].partition(":")[0].casefold()


def _handles(config: Config) -> Iterator[str]:
    for account in config.accounts.values():
        handle = account.handle.casefold()
        yield handle
        yield f"{handle}@{_host(account.server)}"

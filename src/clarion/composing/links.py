"""Where an account's posts carry links: where the text has them ("call"), in every post, or never.

In: a rendered text, the pages of its calls, the account's setting. Out: the text as this account says it, and what was
left out or added: nothing is changed in silence. On X a post with a link costs thirteen times as much.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace

from clarion import networks
from clarion.campaign import checks
from clarion.campaign.rendering.marks import CallSpan, Span
from clarion.campaign.rendering.render import Rendered
from clarion.campaign.tracking import moved, without
from clarion.model import Account, Finding
from clarion.networks.splitting import without_tags


def carried(
    rendered: Rendered, setting: str, pages: Sequence[str], *, account: Account, mend: str
) -> tuple[Rendered, list[Finding]]:
    """The text with its links as `setting` wants them, and findings. `mend`: how a person writes it without a link."""
    pages = [unicodedata.normalize("NFC", page) for page in dict.fromkeys(pages)]
    if setting == "never":
        return _without_links(rendered, pages, account, mend)
    if setting == "always" and not any(_links(part, account) for part in rendered.parts):
        return _with_link(rendered, pages, account)
    return rendered, []


def _without_links(
    rendered: Rendered, pages: Sequence[str], account: Account, mend: str
) -> tuple[Rendered, list[Finding]]:
    """What call() prints loses its link. A link that a person wrote is not ours to take out: it blocks the post."""
    ends = [f": {page}" for page in pages]
    cuts = [
        list(_said_by_calls(part, spans, ends))
        for part, spans in zip(rendered.parts, rendered.vouched, strict=True)
    ]
    left_out = [
        part[start + 2 : end] for part, cut in zip(rendered.parts, cuts, strict=True) for start, end in cut
    ]
    plain = replace(
        rendered,
        parts=tuple(without(part, cut) for part, cut in zip(rendered.parts, cuts, strict=True)),
        vouched=tuple(
            tuple(moved(span, cut) for span in spans)
            for spans, cut in zip(rendered.vouched, cuts, strict=True)
        ),
    )
    setting = f'links = "never" under [accounts.{account.name}]'
    found = [
        checks.found(
            "link-left-out", where=rendered.where, why=f"{page} is left out on {account.name}: {setting}."
        )
        for page in dict.fromkeys(left_out)
    ]
    still = dict.fromkeys(link for part in plain.parts for link in _links(part, account))
    found += [
        checks.found(
            "no-link",
            where=rendered.where,
            why=f"{account.name} carries no links, and this has {link}.",
            mend=f"{mend}, or remove {setting} in config.toml.",
        )
        for link in still
    ]
    return plain, found


def _with_link(rendered: Rendered, pages: Sequence[str], account: Account) -> tuple[Rendered, list[Finding]]:
    """The page of the first call at the end of the text, before the tags."""
    setting = f'links = "always" under [accounts.{account.name}]'
    if not pages:
        why = f"No link stands here, and no call of this text has one: {setting}."
        return rendered, [checks.found("link-left-out", where=rendered.where, why=why)]
    *before, last = rendered.parts
    text, tags = (last, "") if before else without_tags(last)
    added = f"{text}\n\n{pages[0]}"
    span = CallSpan(len(added) - len(pages[0]), len(added))
    linked = replace(
        rendered,
        parts=(*before, added + tags),
        vouched=(*rendered.vouched[:-1], (*rendered.vouched[-1], span)),
    )
    why = f"{pages[0]} is added on {account.name}: {setting}."
    return linked, [checks.found("link-left-out", where=rendered.where, why=why)]


def _said_by_calls(part: str, spans: Sequence[Span], ends: Sequence[str]) -> Iterator[Span]:
    """Where in a part a call's link stands, with the colon before it."""
    for start, end in sorted(spans):
        said = part[start:end]
        for ending in ends:
            if said.endswith(ending) and len(said) > len(ending):
                yield end - len(ending), end
                break


def _links(part: str, account: Account) -> list[str]:
    return [facet.value for facet in networks.text(account.network).facets(part) if facet.kind == "link"]

"""What a frozen payload is measured by, where the networks' own counts do not agree."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from clarion import networks
from clarion.composing import measure
from clarion.model import Finding, Part, Payload
from tests.composing.conftest import account

WARNING = "CW: torture"
#: One emoji to X, and several to its published counter.
NEWER = "🫱🏻‍🫲🏿"


def one_count(network: str, *texts: str) -> list[str]:
    """Where a payload with a warning fits by only one of the network's counts."""
    return [finding.where for finding in measured(network, *texts) if finding.rule == "one-count"]


def measured(network: str, *texts: str) -> list[Finding]:
    """All that is found of a payload with a warning."""
    to = account(network)
    payload = Payload(
        account=to.identity,
        language="en",
        visibility="public",
        replies="everyone",
        warning=WARNING,
        labels=(),
        parts=tuple(Part(text=text) for text in texts),
    )
    return list(
        measure.findings(payload, to, where="post", shorter="cut it", single="cut it", threads=True, sizes={})
    )


def filled(space: int) -> str:
    """A text with a newer emoji that leaves so much of X's length."""
    return "a" * (networks.options("x").LIMITS.text - 2 - space) + NEWER


def test_a_part_that_fits_by_only_one_of_the_counts_is_looked_at():
    assert one_count("x", f"{WARNING}\n\nFirst", filled(0)) == ["post, part 2"]


@pytest.mark.parametrize("space", [10, 12, 13, 20])
def test_a_later_part_does_not_count_the_warning_that_the_first_begins_with(space: int):
    assert one_count("x", f"{WARNING}\n\nFirst", filled(space)) == []


@pytest.mark.parametrize("network", sorted(set(networks.NAMES) - {"x"}))
def test_networks_with_one_count_ask_for_no_look(network: str):
    assert one_count(network, "First", NEWER * 10) == []


@pytest.mark.parametrize(
    ("parts", "rules"),
    [
        (10, []),
        (11, ["long-thread"]),
        (25, ["long-thread"]),
        (26, ["endless-thread"]),
        (2_500, ["endless-thread"]),
    ],
)
def test_a_thread_ends_somewhere(parts: int, rules: list[str]):
    found = measured("bluesky", f"{WARNING}\n\nFirst", *["More"] * (parts - 1))
    assert [finding.rule for finding in found] == rules


@pytest.mark.parametrize(("days", "rules"), [(29, []), (30, ["old-limits"]), (400, ["old-limits"])])
def test_limits_that_nobody_asked_for_in_a_month_are_looked_at(days: int, rules: list[str]):
    now = datetime(2027, 3, 1, 9, tzinfo=UTC)
    to = replace(account("mastodon"), limits_at=now - timedelta(days=days))
    found = list(measure.stale(to, now))
    assert [finding.rule for finding in found] == rules
    assert all(finding.mend == f"clarion accounts verify {to.name}" for finding in found)


def test_a_rehearsed_account_has_no_limits_to_ask_for():
    assert list(measure.stale(account("mastodon"), datetime(2027, 3, 1, 9, tzinfo=UTC))) == []

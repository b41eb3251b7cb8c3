"""What the ledgers say of a text that is composed: by today for facts and days, by the due time for calls."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.composing.conftest import DUE, FACTS, Desk
from tests.ledgers import call, day

BEFORE = DUE - timedelta(days=30)
DAY = day("judgment", date=date(2023, 9, 12), name={"en": "the day of the judgment"}, fact="judgment")
POST = """\
title = "Sign"
purpose = "A test"
languages = ["en"]
source = "A group"
"""


def found(desk: Desk, text: str, now: datetime) -> list[tuple[str, str, str]]:
    desk.write("posts/sign/post.toml", POST)
    desk.write("posts/sign/en.md", text)
    [post] = desk.compose(slug="sign", now=now, accounts=("bluesky",))
    mine = [each for each in post.findings if each.rule in ("ledger", "review")]
    return [(each.level, each.why, each.mend or "") for each in mine]


GIVE = call("give", kind="donate", wording={"en": "give what you can spare"})
#: It asks for money by its words, and not by its kind.
INFORM = call("tell", kind="inform", wording={"en": "donate what you can spare"})
LISTED = (
    GIVE
    + INFORM
    + '[recipients.group]\nname = "Safe Passage"\npage = "https://osce.org/give"\nchecked_on = 2026-01-01\n'
)


@pytest.mark.parametrize(
    ("ledger", "text", "rules"),
    [
        (LISTED, "Safe Passage helps people leave. {{ call('give') }}: https://osce.org/give", set()),
        (LISTED, "My cousin helps people leave. {{ call('give') }}: https://osce.org/give", {"recipient"}),
        (
            LISTED,
            "Safe Passage helps people leave. {{ call('give') }}: https://osce.org/other",
            {"recipient"},
        ),
        (LISTED, "Safe Passage: {{ call('give') }}, https://osce.org/give, https://osce.org", {"recipient"}),
        (GIVE, "Safe Passage helps people leave. {{ call('give') }}: https://osce.org/give", {"recipient"}),
        (LISTED, "Anybody helps people leave: https://osce.org/other", set()),
        (LISTED, "Donate to Safe Passage: {{ call('give') }}, https://osce.org/give", set()),
        (LISTED, "Donate to Safe Passage: https://osce.org/give", {"asks-for-money"}),
        (LISTED, "Safe Passage: {{ call('give') }}, by PayPal: anna-flees", {"asks-for-money"}),
        (LISTED, "Safe Passage asks you. {{ call('tell')|sentence }}.", set()),
        (INFORM, "My cousin asks you. {{ call('tell')|sentence }}.", {"recipient"}),
    ],
)
def test_money_is_asked_for_a_verified_recipient_alone(
    desk: Desk, ledger: str, text: str, rules: set[str]
) -> None:
    desk.write("posts/calls.toml", ledger)
    desk.write("posts/sign/post.toml", POST)
    desk.write("posts/sign/en.md", text)
    [post] = desk.compose(slug="sign", now=BEFORE, accounts=("bluesky",))
    assert {each.rule for each in post.findings if each.level == "never"} == rules


@pytest.mark.parametrize(("days", "levels"), [(0, []), (-1, ["never"])])
def test_a_call_must_still_be_open_when_the_post_is_due(desk: Desk, days: int, levels: list[str]) -> None:
    closes = (DUE + timedelta(days=days)).date()
    petition = call("sign", kind="petition", wording={"en": "sign the petition"}, closes_on=closes)
    desk.write("posts/calls.toml", petition)
    said = found(desk, 'Please {{ call("sign") }}.\n', BEFORE)
    assert [level for level, _, _ in said] == levels
    assert all(f'The call "sign" closed on {closes}.' == why for _, why, _ in said)


@pytest.mark.parametrize(
    ("now", "levels"),
    [(BEFORE, []), (DUE, ["reason"]), (datetime(2027, 1, 1, tzinfo=UTC), ["never"])],
)
def test_a_day_is_as_good_as_the_review_of_its_fact(desk: Desk, now: datetime, levels: list[str]) -> None:
    desk.write("posts/facts.toml", FACTS.rstrip() + "\nreview_by = 2026-09-10\n")
    desk.write("posts/days.toml", DAY)
    said = found(desk, 'We remember {{ day_name("judgment") }}.\n', now)
    assert [level for level, _, _ in said] == levels
    assert all("clarion posts confirm judgment" in mend for _, _, mend in said)

"""The shipped campaign in years to come: nothing grows old but what somebody must read again, and each such is named."""

from __future__ import annotations

import json
import re
from datetime import date

import pytest

#: The day of the demo: every fact of the ledger has been read again as it should be.
PINNED = date(2027, 3, 29)
_NAMED = re.compile(r'the fact "([a-z0-9-]+)" should have been reviewed by', re.IGNORECASE)


@pytest.fixture(autouse=True)
def campaign(run):
    run("init", "--yes")


def test_on_the_day_of_the_demo_there_is_nothing_to_say(run):
    assert json.loads(run("posts", "check", "--today", str(PINNED), "--json").stdout) == []


@pytest.mark.parametrize("years", [1, 3, 10])
def test_years_on_only_what_must_be_read_again_is_said(run, years):
    day = str(PINNED.replace(year=PINNED.year + years))
    found = json.loads(run("posts", "check", "--today", day, "--json", code=3).stdout)
    due = {each["id"] for each in json.loads(run("posts", "facts", "due", "--today", day, "--json").stdout)}
    assert {each["rule"] for each in found} == {"ledger"}
    named = [_NAMED.search(each["why"]) for each in found]
    assert {match and match[1] for match in named} == due


def test_a_fact_past_its_review_asks_for_a_reason_until_somebody_read_it_again(run):
    day = "2027-11-20"
    found = json.loads(run("posts", "check", "--today", day, "--json", code=3).stdout)
    assert {each["rule"] for each in found} == {"review"}
    for each in json.loads(run("posts", "facts", "due", "--today", day, "--json").stdout):
        run("posts", "confirm", each["id"], "--review-by", "2028-11-01")
    assert json.loads(run("posts", "check", "--today", day, "--json").stdout) == []

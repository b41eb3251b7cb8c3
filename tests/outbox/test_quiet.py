"""Quiet times: nothing of an account goes out in them, what is in doubt is looked for, nobody is woken."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from clarion.campaign.quiet import quiet
from clarion.composing import entries
from clarion.composing.compose import Request
from clarion.composing.rules import Rules
from clarion.errors import CheckFailed
from clarion.model import Staged
from clarion.outbox import pauses
from clarion.outbox.claiming import claims, looking, settle
from clarion.outbox.claiming.claims import Claim, Terms, Withheld
from tests.desk import LATE, NOON, Desk
from tests.outbox.ready import composed

BERLIN = ZoneInfo("Europe/Berlin")
#: Berlin shows 14:00 at NOON.
HOURS = quiet(["14:00-15:00"], BERLIN)
HOUR = timedelta(hours=1)


def terms(desk: Desk) -> Terms:
    return replace(desk.terms(), quiet={"voice": HOURS.until})


def take(desk: Desk) -> list[Claim]:
    with desk.outbox.write() as tx:
        return claims.claim(tx, terms(desk), 10)


def queued(desk: Desk, *, account: str = "voice", picture: bool = False) -> int:
    number = desk.queue(desk.account(account), "hello", picture=picture)
    desk.approve(number)
    return number


def test_nothing_goes_out_in_a_quiet_time_and_then_it_does(desk: Desk) -> None:
    quietly, loudly = queued(desk), queued(desk, account="other")
    assert [claim.delivery.entry for claim in take(desk)] == [loudly]
    with desk.outbox.read() as tx:
        [stands] = pauses.standing(tx)
    assert (stands.account, stands.until, stands.reason) == ("voice", NOON + HOUR, claims.QUIET)
    desk.later(minutes=59)
    assert take(desk) == []
    desk.later(minutes=1)
    assert [claim.delivery.entry for claim in take(desk)] == [quietly]


def test_a_quiet_time_that_begins_while_pictures_are_uploaded_holds(desk: Desk) -> None:
    queued(desk, picture=True)
    with desk.outbox.write() as tx:
        [claim] = claims.claim(tx, desk.terms(), 10)
        with pytest.raises(Withheld, match=claims.QUIET):
            claims.intend(tx, terms(desk), claim, Staged(delivery=claim.delivery))


def test_what_is_in_doubt_is_looked_for_in_a_quiet_time(desk: Desk) -> None:
    queued(desk)
    with desk.outbox.write() as tx:
        [claim] = claims.claim(tx, desk.terms(), 10)
        settle.doubted(tx, claim, look_at=tx.now, reason="no answer")
    assert take(desk) == []
    with desk.outbox.write() as tx:
        assert len(looking.claim(tx, terms(desk), 10, HOUR)) == 1


def test_what_would_be_too_late_after_the_quiet_time_is_refused_when_it_is_queued(desk: Desk) -> None:
    rules = Rules(quiet={"voice": quiet(["14:00-17:00"], BERLIN)})
    voice, request = desk.account("voice"), Request(text="a text")
    with pytest.raises(CheckFailed, match="voice is quiet until 2026-03-29 17:00, and by then") as caught:
        entries.queue(desk.outbox, request, [composed(voice)], author="ann", rules=rules)
    assert '--at "2026-03-29 17:00"' in (caught.value.hint or "")
    longer = composed(voice, late=LATE + 2 * HOUR)
    entries.queue(desk.outbox, request, [longer], author="ann", rules=rules)

from __future__ import annotations

import pytest

from clarion.rehearsal.faults import KINDS, Fault, Faults


def armed(*faults: Fault) -> Faults:
    made = Faults()
    for fault in faults:
        made.arm(fault)
    return made


def kinds(faults: Faults, times: int, *, account: str = "voice", create: bool = True) -> list[str | None]:
    struck = [faults.strike("x", account, create=create) for _ in range(times)]
    return [one.fault.kind if one.fault else None for one in struck]


def test_it_strikes_as_often_as_asked() -> None:
    faults = armed(Fault(network="x", kind="drop_after", count=2))
    assert kinds(faults, 3) == ["drop_after", "drop_after", None]


def test_without_a_count_it_strikes_until_cleared() -> None:
    faults = armed(Fault(network="x", kind="429", count=None))
    assert kinds(faults, 2) == ["429", "429"]
    faults.clear()
    assert kinds(faults, 1) == [None]


def test_it_spares_other_networks_other_accounts_and_other_requests() -> None:
    faults = armed(Fault(network="x", kind="hang", account="voice"))
    assert faults.strike("mastodon", "voice", create=True).fault is None
    assert kinds(faults, 1, account="other") == [None]
    assert kinds(faults, 1, create=False) == [None]
    assert kinds(faults, 1) == ["hang"]


def test_stale_reads_strike_reads_unless_told_otherwise() -> None:
    faults = armed(Fault(network="x", kind="stale_reads"))
    assert faults.strike("x", "voice", create=True).quirks == frozenset()
    assert faults.strike("x", "voice", create=False).quirks == {"stale_reads"}


def test_one_wire_fault_at_a_time_in_the_order_armed() -> None:
    faults = armed(Fault(network="x", kind="slow"), Fault(network="x", kind="500_after"))
    assert kinds(faults, 3) == ["slow", "500_after", None]


def test_quirks_strike_together_with_a_wire_fault() -> None:
    faults = armed(
        Fault(network="x", kind="key_ignored", count=None),
        Fault(network="x", kind="drop_after"),
        Fault(network="x", kind="silent_drop"),
    )
    struck = faults.strike("x", "voice", create=True)
    assert struck.fault is not None
    assert struck.fault.kind == "drop_after"
    assert struck.quirks == {"key_ignored", "silent_drop"}
    assert faults.strike("x", "voice", create=True).quirks == {"key_ignored"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_armed(kind: str) -> None:
    assert Fault(network="x", kind=kind).count == 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [({"kind": "rain"}, "no fault"), ({"on": "reads"}, "one of"), ({"count": 0}, "at least 1")],
)
def test_it_says_in_words_what_makes_no_sense(wrong: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Fault(**{"network": "x", "kind": "slow", **wrong})  # type: ignore[arg-type]

"""`python -m tests.crash table|recalls|edits|run|controls`: the crash proofs, from a process without threads. See `stand.py`."""

from __future__ import annotations

import argparse
import random
import sys
import time

from tests.crash import stand as standing


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash")
    parser.add_argument("what", choices=("run", "table", "recalls", "edits", "controls"))
    parser.add_argument("--db", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--duration", type=float, default=60)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--pairs", action="store_true", help="of the table, only a covering part")
    options = parser.parse_args()
    with standing.stand(options.db) as stand:
        if options.what == "table":
            return _table(stand, pairs=options.pairs)
        if options.what == "recalls":
            from tests.crash import recalls

            return _judged("recalled", *recalls.run(stand, few=options.pairs))
        if options.what == "edits":
            from tests.crash import edits

            return _judged("edited", *edits.run(stand, few=options.pairs))
        if options.what == "controls":
            return _controls(stand)
        seed = random.SystemRandom().randrange(1_000_000) if options.seed is None else options.seed
        return _run(stand, seed, options.duration)


def _table(stand: standing.Stand, *, pairs: bool) -> int:
    from tests.crash import table

    started = time.monotonic()
    verdict, kills, missed = table.run(stand, pairs=pairs)
    _say_wrong(verdict, missed)
    say(
        f"cases={verdict.deliveries} kills={kills} lost={len(verdict.lost)} doubled={len(verdict.doubled)}"
        f" in_doubt={verdict.in_doubt} seconds={time.monotonic() - started:.0f}"
    )
    return 0 if verdict.good and not missed else 1


def _judged(counted: str, verdict: standing.Verdict, kills: int, missed: list[str]) -> int:
    _say_wrong(verdict, missed)
    say(
        f"{counted}={verdict.deliveries} kills={kills} lost={len(verdict.lost) + len(verdict.unfinished)}"
        f" doubled={len(verdict.doubled)} in_doubt={verdict.in_doubt}"
    )
    return 0 if verdict.good and not missed else 1


def _run(stand: standing.Stand, seed: int, seconds: float) -> int:
    from clarion import points
    from tests.crash import randomly

    say(f"seed={seed} db={stand.outbox.engine.dialect.name}")
    done = randomly.run(stand, seed, seconds)
    missed, verdict = randomly.missed(done), done.verdict
    _say_wrong(verdict, missed)
    say(f"rounds={done.rounds} stops={done.stops}")
    say(
        f"deliveries={verdict.deliveries} kills={done.kills}"
        f" points={len(points.NAMES) - len(missed)}/{len(points.NAMES)}"
        f" lost={len(verdict.lost) + len(verdict.unfinished)} doubled={len(verdict.doubled)}"
        f" in_doubt={verdict.in_doubt}"
    )
    return 0 if verdict.good and not missed else 1


def _controls(stand: standing.Stand) -> int:
    """One line each: what the real worker, and the one without the rule, lost and doubled."""
    from tests.crash.controls import CONTROLS, Kind

    good = True
    for name, (misfortune, without) in CONTROLS.items():
        for who, kind in (("real", Kind()), ("without", without)):
            verdict = misfortune(stand, kind)
            stand.renew()
            say(f"{name} {who} lost={len(verdict.lost)} doubled={len(verdict.doubled)}")
            good &= verdict.good if who == "real" else bool(verdict.lost or verdict.doubled)
    return 0 if good else 1


def _say_wrong(verdict: standing.Verdict, missed: list[str]) -> None:
    for kind in ("lost", "doubled", "unfinished"):
        for what in getattr(verdict, kind):
            say(f"{kind}: {what}")
    for what in missed:
        say(f"never reached: {what}")


if __name__ == "__main__":
    sys.exit(main())

"""What a post costs from its template to the outbox: beside a bare Jinja render, and as what was said before grows.

The whole of it: a child renders the template with its ledgers, the words are fitted and checked, compared with what was
said before, and queued in one transaction on SQLite. Every post has other words, and those before it stand in the outbox as
if they had been queued: rows written at once, with their true fingerprints.
"""

from __future__ import annotations

import random
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import quantiles

import jinja2
import sqlalchemy as sa

from clarion.campaign import config
from clarion.campaign.config import Config
from clarion.clock import micros
from clarion.composing import entries, honesty
from clarion.composing.compose import Composed, Request, compose
from clarion.composing.rules import Rules
from clarion.digest import canonical, digest
from clarion.model import Account, Payload
from clarion.outbox import audit, schema, store
from clarion.outbox.limits import fingerprints
from clarion.outbox.limits.fingerprints import Fingerprint
from tests import configs
from tests.bench.ratio import Ratio
from tests.composing.conftest import FACTS
from tests.desk import LATE, Desk, on_sqlite

FEW, MANY = 100, 10_000
#: The promise for 10,000 different posts.
FLAT = 1.2
#: So many times what Jinja alone takes for the same text (docs/decisions/0011-what-composing-costs.md).
BARE = 80.0
ACCOUNTS = 4
ROUNDS = 50
NOW = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)

_CONFIG = configs.campaign("bench", languages=["en"], tags=["#EyesOnChechnya"])
_POST = """
title = "What was said"
purpose = "Tells of the day."
languages = ["en"]
source = "ECtHR, no. 28834/19"
evergreen = true

[example]
words = "They wait."
"""
_TEMPLATE = 'On {{ fact_date("judgment")|date }} {{ fact("judgment") }}. {{ words }}\n'
#: The same text, for Jinja alone.
_BARE = "On {{ on }} {{ judgment }}. {{ words }}\n\n#EyesOnChechnya\n"
_VOCABULARY = re.findall(
    r"\w+",
    "people men women detained tortured killed released returned court judge judgment state police prison family friend"
    " lawyer witness letter ministry visa asylum border shelter safety hearing report newspaper reporter source name city"
    " village mountain road winter spring morning evening year month week today first second last every nobody somebody"
    " asked said wrote read heard found kept left went came waited opened closed signed carried denied answered published"
    " remembered helped moved still again never always already soon because although until after before without against",
)
_SENTENCES = 1_000


@dataclass(kw_only=True)
class Bench:
    """A campaign and its outbox, in which so much was said before."""

    folder: Path
    config: Config
    desk: Desk
    accounts: list[Account]
    said: Iterator[str]
    ready: list[tuple[Request, list[Composed]]] = field(default_factory=list)

    def compose(self, words: str, number: int) -> tuple[Request, list[Composed]]:
        """As a command does: everything is read anew."""
        account = self.accounts[number % ACCOUNTS]
        request = Request(slug="said", variables={"words": words}, accounts=(account.name,))
        due = _due(number)
        made = compose(
            request, folder=self.folder, config=self.config, accounts=self.accounts, due=due, now=NOW
        )
        assert not any(each.level == "never" for one in made for each in one.findings)
        return request, made

    def show(self, words: str) -> None:
        entries.compared(self.desk.outbox, self.compose(words, 0)[1])

    def whole(self) -> None:
        """One post more, with words that nobody said."""
        self._queue(*self.compose(next(self.said), ACCOUNTS))

    def queue(self) -> None:
        """The same, composed before."""
        self._queue(*self.ready.pop())

    def _queue(self, request: Request, made: list[Composed]) -> None:
        entries.queue(self.desk.outbox, request, made, author="ann", rules=Rules())


def ratios() -> list[Ratio]:
    """What a post costs of a bare render, and at ten thousand said of what it costs at a hundred."""
    with tempfile.TemporaryDirectory(prefix="clarion-bench-") as made, ExitStack() as stack:
        few = _opened(Path(made), FEW, stack)
        words = next(few.said)
        # before the many are made: a child is a copy of its parent, and a command's is small
        alone = _in_turn({"show": lambda: few.show(words), "bare": lambda: _bare(words)})
        many = _opened(Path(made), MANY, stack)
        took = _in_turn(
            {
                "few": few.whole,
                "many": many.whole,
                "few, queued": few.queue,
                "many, queued": many.queue,
            }
        )
    flat = f"sqlite: {MANY:,} different posts said before ÷ {FEW:,}"
    return [
        Ratio(
            "rendering, fitting, checking a post, likeness included ÷ a bare Jinja render",
            alone["show"] / alone["bare"],
            BARE,
        ),
        Ratio(f"{flat}, composing and queueing one", took["many"] / took["few"], FLAT),
        Ratio(f"{flat}, queueing alone", took["many, queued"] / took["few, queued"], FLAT),
    ]


def _in_turn(calls: dict[str, Callable[[], None]]) -> dict[str, float]:
    """The seconds that a quarter of the rounds kept below: a child waits long for a busy processor, and that says nothing."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(ROUNDS + 2):
        for name in sorted(calls, reverse=bool(turn % 2)):
            began = time.perf_counter()
            calls[name]()
            seconds[name].append(time.perf_counter() - began)
    return {name: quantiles(taken[2:], n=4)[0] for name, taken in seconds.items()}


def _bare(words: str) -> None:
    """As short as it can be: the text is read and rendered, by Jinja as it comes."""
    values = {"on": "12 September 2023", "judgment": "the European Court found torture", "words": words}
    jinja2.Environment(autoescape=False).from_string(_BARE).render(values)


def _opened(folder: Path, kept: int, stack: ExitStack) -> Bench:
    place = folder / str(kept)
    _write_campaign(place)
    desk = stack.enter_context(on_sqlite(place))
    accounts = [desk.account(f"voice{number}") for number in range(ACCOUNTS)]
    bench = Bench(
        folder=place,
        config=config.load(place),
        desk=desk,
        accounts=accounts,
        said=_said(random.Random(4)),
    )
    _fill(bench, kept)
    bench.ready = [bench.compose(next(bench.said), number) for number in range(ROUNDS + 2)]
    return bench


def _write_campaign(folder: Path) -> None:
    (folder / "posts" / "said").mkdir(parents=True)
    names = [f"voice{number}" for number in range(ACCOUNTS)]
    voices = [
        configs.account(name, network="mastodon", handle=name, server="https://one.example") for name in names
    ]
    for name, text in (
        ("config.toml", "".join([_CONFIG, *voices])),
        ("posts/facts.toml", FACTS),
        ("posts/said/post.toml", _POST),
        ("posts/said/en.md", _TEMPLATE),
    ):
        (folder / name).write_text(text, encoding="utf-8")


def _said(chosen: random.Random) -> Iterator[str]:
    """Four sentences each, of a thousand: as different as a campaign's own posts are, and of one subject all the same."""
    sentences = [" ".join(chosen.choices(_VOCABULARY, k=8)).capitalize() + "." for _ in range(_SENTENCES)]
    while True:
        yield " ".join(chosen.sample(sentences, 4))


def _due(number: int) -> datetime:
    """An hour of the 80 days after another: all that is said is compared."""
    return NOW + timedelta(hours=number % 1_920)


# ── what was said before ──────────────────────────────────────────────────────────────────────────────────────


def _fill(bench: Bench, kept: int) -> None:
    """So many posts, as they are when they were queued one by one; the texts differ from all that is measured."""
    pattern = bench.compose("Words.", 0)[1][0].payload
    sketches = _Sketches()
    posts, deliveries, listed = [], [], []
    marks: list[tuple[Fingerprint, str, int, datetime]] = []
    with bench.desk.outbox.write() as tx:
        named = tx.execute(sa.select(schema.account.c.name, schema.account.c.id))
        ids = {row.name: row.id for row in named}
        for number in range(1, kept + 1):
            account = bench.accounts[number % ACCOUNTS]
            first = pattern.parts[0]
            text = first.text.replace("Words.", next(bench.said))
            payload = replace(pattern, account=account.identity, parts=(replace(first, text=text),))
            post, own = store.new_id(), ids[account.name]
            listed.append(_entry(number, tx.now))
            posts.append(_post(post, number, own, payload, tx.now))
            deliveries.append(_delivery(post, own, number))
            marks.append((sketches.fingerprint(payload), post, own, _due(number)))
            audit.record(tx, "queued", f"#{number}", who="ann")
        for table, rows in ((schema.entry, listed), (schema.post, posts), (schema.delivery, deliveries)):
            tx.execute(sa.insert(table), rows)
        for mark, post, own, due in marks:
            fingerprints.keep(tx, mark, post=post, account=own, due=due)
    with bench.desk.outbox.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _entry(number: int, now: int) -> dict[str, object]:
    return {
        "number": number,
        "kind": "template",
        "slug": "said",
        "variables": "{}",
        "author": "ann",
        "batch": store.new_id(),
        "created_at": now,
    }


def _post(post: str, number: int, account: int, payload: Payload, now: int) -> dict[str, object]:
    due = micros(_due(number))
    return {
        "id": post,
        "entry": number,
        "account": account,
        "language": payload.language,
        "payload": canonical(payload),
        "digest": digest(payload),
        "sensitive": False,
        "evergreen": True,
        "due": due,
        "late": LATE // timedelta(microseconds=1),
        "not_before": due,
        "not_after": due + LATE // timedelta(microseconds=1),
        "created_at": now,
    }


def _delivery(post: str, account: int, number: int) -> dict[str, object]:
    return {
        "id": store.new_id(),
        "post": post,
        "account": account,
        "part": 1,
        "state": "pending",
        "due_at": micros(_due(number)),
        "lapses_at": micros(_due(number) + LATE),
    }


class _Sketches:
    """True fingerprints, many at a time: a sentence is hashed once, and then the places where two of them meet."""

    def __init__(self) -> None:
        self._of: dict[str, tuple[frozenset[int], tuple[int, ...]]] = {}

    def fingerprint(self, payload: Payload) -> Fingerprint:
        whole = honesty.words(payload)
        text = re.sub(r"#\w+", "", payload.parts[0].text)
        pieces = [" ".join(re.findall(r"[^\W\d_]+", each.lower())) for each in text.split(". ")]
        assert " ".join(pieces) == whole
        edge = honesty.SHINGLE - 1
        meetings = [f"{one[-edge:]} {other[:edge]}" for one, other in pairwise(pieces)]
        sketches = [self._sketch(each) for each in (*pieces, *meetings)]
        return honesty.sketched(
            frozenset().union(*(names for names, _ in sketches)),
            tuple(map(min, *(least for _, least in sketches))),
            network=payload.account.network,
            language=payload.language,
        )

    def _sketch(self, piece: str) -> tuple[frozenset[int], tuple[int, ...]]:
        if piece not in self._of:
            self._of[piece] = honesty.shingles(piece), honesty.minhash(piece)
        return self._of[piece]

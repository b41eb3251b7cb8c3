"""Entries: what people queue and take back.

In: composed posts and who asks. Out: entries in the outbox, by their short number. What was said before is compared
when a post is shown and decided when it is queued, in one transaction with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from clarion import networks
from clarion.campaign.denied import NOBODY, Denied
from clarion.composing import honesty
from clarion.composing.compose import Composed, Request
from clarion.composing.rules import Rules, names_somebody, require_affordable, require_awake, require_room
from clarion.errors import CheckFailed, OutboxBusy, OutboxError
from clarion.model import Account, Finding, State
from clarion.outbox import blocks, store
from clarion.outbox.claiming import handling
from clarion.outbox.claiming.handling import Again
from clarion.outbox.entries import corrections, posts, views
from clarion.outbox.entries.posts import EntryView, NewEntry, NewPost, PostView
from clarion.outbox.limits import caps, fingerprints, money
from clarion.outbox.limits.fingerprints import Said
from clarion.outbox.limits.money import Budget, dollars
from clarion.outbox.store import Outbox, Tx


def compared(outbox: Outbox, composed: Sequence[Composed]) -> list[Composed]:
    """The posts with what they are found to repeat, for people to see before they decide."""
    with outbox.read() as tx:
        found = _repeated(tx, composed)
    return [
        replace(each, findings=tuple(dict.fromkeys([*each.findings, *new])))
        for each, new in zip(composed, found, strict=True)
    ]


def queue(
    outbox: Outbox, request: Request, composed: Sequence[Composed], *, author: str | None, rules: Rules
) -> EntryView:
    """Put composed posts into the outbox as one pending entry. Raises CheckFailed as `put` does."""
    with outbox.write() as tx:
        return put(tx, request, composed, author=author, rules=rules)


def put(
    tx: Tx, request: Request, composed: Sequence[Composed], *, author: str | None, rules: Rules
) -> EntryView:
    """The same in a transaction that does more, such as cancelling what this replaces; before it takes any other lock.

    Raises CheckFailed when another account of the network says the same, or this one said it lately and no reason is
    given; when a day would have more posts than its cap; when an account is quiet until the post is too late; when it costs more
    than a whole month may. What answers or replaces what is up counts for no day.
    """
    entry = NewEntry(
        kind="template" if request.slug else "say",
        slug=request.slug,
        text=request.text,
        variables=request.variables,
        wording=request.wording,
        author=author,
        because=request.because,
        batch=store.new_id(),
    )
    fingerprints.one_at_a_time(tx)
    _require_new([each for found in _repeated(tx, composed) for each in found], request.because)
    for each in composed:
        require_awake(rules, each.account.name, each.due, each.late)
        require_affordable(rules, each.account, each.payload)
    number = posts.add(tx, entry, [_new(each, rules) for each in composed])
    require_room(tx, rules, number)
    return posts.show(tx, number)


def retry(
    outbox: Outbox,
    number: int,
    chosen: Sequence[Again],
    times: Mapping[bool, datetime],
    *,
    who: str | None,
    rules: Rules,
    denied: Denied = NOBODY,
) -> EntryView:
    """Put what failed or expired before people again; `times`: when goes what begins anew (False), and what has begun.

    Raises CheckFailed, with nothing changed, when another account of the network has said the same meanwhile (what is
    not up and does not go up holds no text), when the new day has as many posts as its cap, its account is quiet too
    long, a month may not cost as much, or it names somebody whose name is never posted by now. The rest of a thread counts
    for the day it began on, and what it costs for the month in which it goes on. Raises OutboxBusy while somebody claims for
    an account whose month is asked.
    """
    for each in chosen:
        _require_nobody_named(number, each.post, denied)
    with outbox.write() as tx:
        fingerprints.one_at_a_time(tx)
        for begun, due in sorted(times.items()):
            again = [each for each in chosen if each.begun == begun]
            handling.retry(tx, number, again, due, who=who, margin=rules.window)
        for each in chosen:
            _require_alone(tx, number, each.post, times[each.begun])
            if not each.begun:
                _begin_again(tx, number, each.post, times[False], rules)
        if any(not each.begun for each in chosen):
            require_room(tx, rules, number, refusal=_unchanged(number))
        for each in chosen:
            if each.begun:
                _require_money(tx, number, each.post.account, times[True], rules)
        return posts.show(tx, number)


def hold_named(outbox: Outbox, denied: Denied, *, who: str | None) -> list[int]:
    """Put before people what is queued and names somebody who is in danger by now; the entries that were scheduled.

    No approval lets such a post go: it is cancelled, or the name is taken off the list.
    """
    with outbox.write() as tx:
        named = [
            (post.id, why)
            for entry in views.waiting(tx)
            for post in entry.posts
            if (why := names_somebody(post.payload, denied))
        ]
        return blocks.hold(tx, [id_ for id_, _ in named], who=who, reason=named[0][1]) if named else []


def undo(outbox: Outbox, *, who: str | None) -> list[EntryView]:
    """Take back what `who` queued with their newest command, as far as it can be; those entries as they were.

    Raises OutboxError when all of it has gone out or was taken back before, or all that is queued is somebody else's.
    """
    with outbox.write() as tx:
        numbers = posts.last_batch(tx, who=who)
        posts.lock_entries(tx, numbers)
        newest = [posts.show(tx, number) for number in numbers]
        waiting = [entry for entry in newest if waits(entry)]
        for entry in waiting:
            posts.cancel(tx, entry.number, who=who)
        others = posts.entries(tx, limit=1)
    if others and not newest:
        other = others[0]
        raise OutboxError(
            f"nothing of yours was queued; the last entry, #{other.number} ({other.title}), is of {other.author or 'nobody named'}",
            f"clarion queue cancel {other.number}",
        )
    if not newest:
        raise OutboxError("nothing was queued yet", 'clarion say "…"')
    if not waiting:
        last = newest[-1]
        if last.state in (State.SENDING, State.IN_DOUBT):
            raise OutboxError(
                f"#{last.number} ({last.title}) was taken back already: it is not sent again, but may be up",
                f"clarion recall {last.number}",
            )
        raise OutboxError(
            f"the last entry, #{last.number} ({last.title}), is {last.state}: there is nothing left to take back",
            f"clarion queue show {last.number}",
        )
    return waiting


def waits(entry: EntryView) -> bool:
    """Whether something of it can still be taken back: it waits, or it would be sent again."""
    return any(
        delivery.state in (State.PENDING, State.SCHEDULED)
        or (
            delivery.state in (State.SENDING, State.IN_DOUBT)
            and not (delivery.cancel_wanted or delivery.recall_wanted)
        )
        for post in entry.posts
        for delivery in post.deliveries
    )


def _repeated(tx: Tx, composed: Sequence[Composed]) -> list[list[Finding]]:
    """What each post repeats: of the outbox, and of the posts before it, which go out by the same word."""
    found: list[list[Finding]] = []
    before: list[tuple[str, str, Said]] = []
    for each in composed:
        mark, network = honesty.fingerprint(each.payload, each.account.network), each.account.network
        if mark is None:
            found.append([])
            continue
        beside = [said for *where, said in before if where == [network, each.language]]
        # What is corrected says nearly the same, and so it must.
        besides = corrections.corrected(tx, each.payload)
        said = [*fingerprints.near(tx, mark, each.due, besides=besides), *beside]
        found.append(honesty.judge(mark, each.account, each.due, said))
        own = Said(number=None, account=each.account.name, due=each.due, shingles=mark.shingles)
        before.append((network, each.language, own))
    return found


def _require_nobody_named(number: int, post: PostView, denied: Denied) -> None:
    why = names_somebody(post.payload, denied)
    if why is not None:
        raise CheckFailed(f"{_unchanged(number)}: {why}", f"clarion queue cancel {number}")


def _begin_again(tx: Tx, number: int, post: PostView, due: datetime, rules: Rules) -> None:
    """Let a post count for its new day."""
    require_awake(rules, post.account.name, due, post.late, refusal=_unchanged(number))
    require_affordable(rules, post.account, post.payload, refusal=_unchanged(number))
    if rules.caps is not None:
        caps.put(tx, rules.caps, post.id, due)


def _require_money(tx: Tx, number: int, account: Account, due: datetime, rules: Rules) -> None:
    """Raise CheckFailed where a month would pay for more than it may: no claim asks that of a thread that has begun.

    Asked last, when what goes on is among what begun threads owe, and with nobody who spends at the same time.
    """
    prices, most = networks.prices(account.network), rules.months.get(account.name)
    if prices is None or most is None:
        return
    alone = money.nobody_claims(tx, account.name)
    if alone is None:
        raise OutboxBusy(f"something of {account.name} goes out this moment; try again in a moment")
    budget = Budget(part=prices.part_price, uploads=prices.upload_price, read=prices.READ, cap=most)
    short = money.overdrawn(tx, account, alone, budget, due)
    if short is not None:
        later = short.until.astimezone(rules.caps.zone if rules.caps else UTC)
        raise CheckFailed(
            f"{_unchanged(number)}: {dollars(short.spent)} of the {dollars(most)} a month that monthly_cap_usd allows on"
            f" {account.name} are spent, and what began and is not up yet costs {dollars(short.needed)}",
            f'when the next month has begun: clarion queue retry {number} --at "{later:%Y-%m-%d %H:%M}";'
            f" or raise monthly_cap_usd below [accounts.{account.name}] in config.toml",
        )


def _unchanged(number: int) -> str:
    return f"#{number} stays as it is"


def _require_new(findings: Sequence[Finding], because: str | None) -> None:
    for level in ("never", "reason"):
        found = [each for each in findings if each.level == level]
        if found and not (level == "reason" and because):
            raise CheckFailed(f"nothing was queued: {found[0].why}", found[0].mend)


def _require_alone(tx: Tx, number: int, post: PostView, due: datetime) -> None:
    """Raise CheckFailed when another account of the network says the same. The reason for a repetition was given before."""
    mark = honesty.fingerprint(post.payload, post.account.network)
    if mark is None:
        return
    said = fingerprints.near(tx, mark, due, besides=post.id)
    for finding in honesty.judge(mark, post.account, due, said):
        if finding.level == "never":
            raise CheckFailed(
                f"{_unchanged(number)}: {finding.why}",
                f"clarion queue show {number} shows your text: say it in other words with clarion say",
            )


def _new(composed: Composed, rules: Rules) -> NewPost:
    return NewPost(
        account=composed.account.name,
        payload=composed.payload,
        digest=composed.digest,
        sensitive=composed.sensitive,
        evergreen=composed.evergreen,
        used=composed.used,
        due=composed.due,
        late=composed.late,
        images=composed.images,
        mark=honesty.fingerprint(composed.payload, composed.account.network),
        day=rules.day(composed.payload, composed.due),
        margin=rules.window,
        findings=composed.findings,
    )

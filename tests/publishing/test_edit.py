"""The worker and what edits or answers: what each answer of a network leads to. On both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from clarion.digest import digest
from clarion.errors import Refused, Unavailable
from clarion.model import Part, Payload
from clarion.networks.base import Absent, Found, Unsure
from clarion.outbox.claiming import handling, recalling
from clarion.outbox.entries import posts
from tests.desk import add

from .conftest import Stage
from .test_worker import queued


def correction(stage: Stage, number: int, *texts: str, way: str = "replaces") -> int:
    with stage.desk.outbox.read() as tx:
        [post] = posts.show(tx, number).posts
    corrects: dict[str, Any] = {way: post.deliveries[0].id}
    parts = tuple(Part(text=text) for text in texts)
    payload = replace(Payload(account=post.account.identity, language="en", parts=parts), **corrects)
    with stage.desk.outbox.write() as tx:
        made = add(tx, post.account, *parts, payload=payload, digest=digest(payload), due=stage.desk.now)
    stage.desk.approve(made)
    return made


def up(stage: Stage, *texts: str) -> tuple[int, str]:
    """What is up, and what the network calls its part 1."""
    number = queued(stage, *(texts or ("wrong",)))
    stage.worker().drain()
    stage.events.clear()
    return number, stage.network.receipt(stage.network.taken[0]).remote_id


def test_an_edit_is_never_sent_as_a_post(stage: Stage) -> None:
    number, remote_id = up(stage)
    edit = correction(stage, number, "right")
    stage.worker().drain()
    assert stage.network.edited == [remote_id]
    assert (stage.desk.states(number), stage.desk.states(edit)) == (["replaced"], ["sent"])
    assert stage.kinds == ["sent"]


def test_a_thread_is_edited_each_part_where_it_stands(stage: Stage) -> None:
    number, _ = up(stage, "one", "two")
    there = [stage.network.receipt(each).remote_id for each in stage.network.taken]
    correction(stage, number, "one, mended", "two, mended")
    stage.worker().drain()
    assert stage.network.edited == there
    assert stage.desk.states(number) == ["replaced"] * 2


def test_an_answer_is_a_post_in_answer_to_what_is_up(stage: Stage) -> None:
    number, remote_id = up(stage)
    answer = correction(stage, number, "it was not so", way="answers")
    stage.worker().drain()
    assert stage.network.edited == []
    parent = stage.network.taken[-1].parent
    assert parent is not None
    assert parent.remote_id == remote_id
    assert (stage.desk.states(number), stage.desk.states(answer)) == (["sent"], ["sent"])


def test_an_edit_whose_answer_was_lost_is_looked_for(stage: Stage) -> None:
    number, _ = up(stage)
    edit = correction(stage, number, "right")
    stage.network.script = ["lose"]
    receipt = stage.network.receipt(stage.network.taken[0])
    stage.network.looks = [Found(receipt=receipt)]
    stage.worker().drain()
    assert stage.kinds == ["in_doubt", "found"]
    assert len(stage.network.edited) == 1
    assert (stage.desk.states(number), stage.desk.states(edit)) == (["replaced"], ["sent"])


def test_an_edit_that_is_not_there_is_done_again_however_late(stage: Stage) -> None:
    number, _ = up(stage)
    edit = correction(stage, number, "right")
    stage.network.script = ["lose"]
    stage.network.looks = [Unsure(look_again_in=7200)]
    stage.worker().drain()
    assert stage.desk.states(edit) == ["in_doubt"]
    stage.desk.later(hours=3)
    assert timedelta(hours=3) > timedelta(seconds=stage.network.repeat_seconds)
    stage.network.looks = [Absent()]
    stage.worker("two").drain()
    assert len(stage.network.edited) == 2
    assert (stage.desk.states(number), stage.desk.states(edit)) == (["replaced"], ["sent"])


def test_an_edit_that_is_refused_leaves_what_is_up(stage: Stage) -> None:
    number, _ = up(stage)
    edit = correction(stage, number, "right")
    stage.network.script = [Refused("too long")]
    stage.worker().drain()
    assert (stage.desk.states(number), stage.desk.states(edit)) == (["sent"], ["failed"])


def test_an_edit_that_failed_is_tried_again_as_an_edit(stage: Stage) -> None:
    number, remote_id = up(stage)
    edit = correction(stage, number, "right")
    stage.network.script = [Refused("a word that the server does not take")]
    stage.worker().drain()
    with stage.desk.outbox.write() as tx:
        _, again = handling.retriable(tx, edit)
        handling.retry(tx, edit, again, stage.desk.now, who="mira")
    stage.desk.approve(edit)
    stage.worker().drain()
    assert stage.network.edited == [remote_id] * 2
    assert (stage.desk.states(number), stage.desk.states(edit)) == (["replaced"], ["sent"])


def test_a_thread_that_is_half_edited_is_taken_down_by_both_numbers(stage: Stage) -> None:
    number, _ = up(stage, "one", "two")
    there = {stage.network.receipt(each).remote_id for each in stage.network.taken}
    edit = correction(stage, number, "one, mended", "two, mended")
    stage.network.script = [None, Refused("too long")]
    stage.worker().drain()
    assert stage.desk.states(number) == ["replaced", "sent"]
    assert stage.desk.states(edit) == ["sent", "failed"]
    with stage.desk.outbox.write() as tx:
        recalling.want(tx, [number, edit], who="mira")
    stage.worker().drain()
    assert set(stage.network.recalled) == there
    assert stage.desk.states(number) == ["replaced", "recalled"]
    assert stage.desk.states(edit) == ["recalled", "cancelled"]


def test_an_edit_that_cannot_be_made_now_waits(stage: Stage) -> None:
    number, _ = up(stage)
    edit = correction(stage, number, "right")
    stage.network.script = [Unavailable("away")]
    stage.worker().drain()
    assert (stage.desk.states(number), stage.desk.states(edit)) == (["sent"], ["scheduled"])
    stage.desk.later(minutes=30)
    stage.worker().drain()
    assert stage.desk.states(number) == ["replaced"]


def test_what_is_recalled_while_it_is_edited_is_taken_down_and_the_edit_is_for_people(stage: Stage) -> None:
    number, remote_id = up(stage)
    edit = correction(stage, number, "right")

    def recall() -> None:
        with stage.desk.outbox.write() as tx:
            recalling.want(tx, [number], who="mira")

    stage.network.before_send = recall
    stage.worker().drain()
    stage.network.before_send = lambda: None
    stage.network.looks = [Unsure(look_again_in=None)]
    stage.desk.later(minutes=6)
    stage.worker().drain()
    assert stage.network.recalled == [remote_id]
    assert (stage.desk.states(number), stage.desk.states(edit)) == (["recalled"], ["in_doubt"])

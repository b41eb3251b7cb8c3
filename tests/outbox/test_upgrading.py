"""An outbox of an older Clarion is brought to this one's schema, with all that stands in it."""

from __future__ import annotations

import sqlalchemy as sa

from clarion.model import Finding
from clarion.outbox import schema
from clarion.outbox.entries import posts
from clarion.outbox.hosting import opening
from tests.desk import Desk

NAMED = Finding(rule="named", level="look", where="town, en", why="Is it safe to name Mira?")


def test_what_checks_said_is_kept_with_the_post(desk: Desk) -> None:
    number = desk.queue(desk.account("town"), "Hello.", findings=(NAMED,))
    with desk.outbox.read() as tx:
        assert [post.findings for post in posts.show(tx, number).posts] == [(NAMED,)]


def test_a_post_from_before_says_nothing_of_the_checks_and_stays(desk: Desk) -> None:
    number = desk.queue(desk.account("town"), "Hello.", findings=(NAMED,))
    with desk.outbox.write() as tx:
        tx.execute(sa.text("ALTER TABLE post DROP COLUMN findings"))
        tx.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    opening.upgrade(desk.outbox.engine)
    with desk.outbox.read() as tx:
        assert opening.version(tx.connection) == schema.HEAD
        assert [post.findings for post in posts.show(tx, number).posts] == [()]
    assert desk.approve(number) == 1

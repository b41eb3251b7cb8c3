"""Logins last: a server takes 300 a day of an account, and cron publishes every minute. Played on each Bluesky server."""

from __future__ import annotations

import multiprocessing
import secrets
from datetime import timedelta
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from clarion.accounts.sessions import SessionFile
from clarion.app import App
from clarion.digest import digest
from clarion.model import ApprovalPolicy, Payload
from clarion.outbox.entries import posts
from tests.networks.campaigns import Campaign, opened
from tests.networks.contract import TEXT
from tests.networks.deliveries import delivery_on
from tests.networks.stage import Stage

RUNS = 100


class LoginsContract:
    @pytest.mark.slow
    def test_a_hundred_publish_runs_log_in_once(self, stage: Stage, tmp_path: Path) -> None:
        campaign = Campaign(folder=tmp_path, stage=stage)
        campaign.go_live()
        for number in range(RUNS):
            with campaign.app() as app:
                _queue(app, stage, f"{TEXT} {number}")
            assert "  sent  " in campaign.types("publish")
        assert len(stage.accepted()) == RUNS
        assert (stage.asked("createSession"), stage.asked("refreshSession")) == (1, 0)

    def test_two_processes_at_once_refresh_once(self, stage: Stage, tmp_path: Path) -> None:
        campaign = Campaign(folder=tmp_path, stage=stage)
        campaign.go_live()
        stage.expire(SessionFile(tmp_path / "state" / "tests" / "sessions" / "live", "voice"))
        new = multiprocessing.get_context("spawn")
        both = new.Barrier(2)
        bases = {stage.network: stage.url}
        processes = [new.Process(target=_ask, args=(tmp_path, bases, both)) for _ in range(2)]
        for process in processes:
            process.start()
        for process in processes:
            process.join(150)
        assert [process.exitcode for process in processes] == [0, 0]
        assert (stage.asked("createSession"), stage.asked("refreshSession")) == (1, 1)


def _queue(app: App, stage: Stage, text: str) -> None:
    """Queued and approved, due now. Not by composing, which minds what was said lately."""
    payload: Payload = delivery_on(stage, text).payload
    with app.outbox.write() as tx:
        new = posts.NewPost(
            account="voice",
            payload=payload,
            digest=digest(payload),
            sensitive=False,
            evergreen=False,
            used=(),
            due=tx.at,
            late=timedelta(hours=2),
            images={},
        )
        entry = posts.NewEntry(
            kind="say", text=text, variables={}, author="vera", batch=secrets.token_hex(16)
        )
        number = posts.add(tx, entry, [new])
        posts.approve(tx, number, outbox_id=app.outbox.id, who="vera", policy=ApprovalPolicy())


def _ask(folder: Path, bases: dict[str, str], both: Barrier) -> None:
    """In a process of its own: log in with what is stored, and ask who this is when the other one does."""
    with opened(folder, bases) as app:
        (account,) = app.accounts()
        with app.connections.of(account) as publisher:
            both.wait(120)
            publisher.verify()

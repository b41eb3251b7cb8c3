"""Is there anything to do? Asked by cron every minute of every day, so with plain sqlite3 and nothing else imported.

In: the outbox file. Out: True when nothing is due, lapsed or to be looked at. It also leaves the heartbeat by which
`status` tells when cron last ran. Whatever it does not understand (no file, another schema, a config.toml that nobody read in
full, damage) it answers with False: the full path then finds the words for it.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: Must equal schema.HEAD (a test says so); importing the schema would import SQLAlchemy.
SCHEMA = "0001"

_NOW = """
    SELECT coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'simulated_now'),
                    CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER))
     WHERE EXISTS (SELECT 1 FROM alembic_version WHERE version_num = :schema)
       AND EXISTS (SELECT 1 FROM meta WHERE key = 'host' AND value = :host)
       AND EXISTS (SELECT 1 FROM meta WHERE key = 'config' AND value = :config)
"""
# A due row of a blocked or paused account is no work. Parts that wait for an earlier part have no due time.
_WORK = """
    SELECT EXISTS (SELECT 1 FROM account
                    WHERE (blocked_until IS NULL OR blocked_until <= :now)
                      AND NOT EXISTS (SELECT 1 FROM pause WHERE scope IN ('*', account.name)
                                                            AND (until IS NULL OR until > :now))
                      AND EXISTS (SELECT 1 FROM delivery
                                   WHERE delivery.account = account.id AND state = 'scheduled' AND due_at <= :now))
        OR EXISTS (SELECT 1 FROM delivery WHERE state IN ('pending', 'scheduled') AND lapses_at <= :now)
        OR EXISTS (SELECT 1 FROM delivery WHERE state = 'sending' AND lease_until <= :now)
        OR EXISTS (SELECT 1 FROM delivery WHERE state = 'in_doubt' AND look_at <= :now)
"""
_HEARTBEAT = (
    "INSERT INTO meta (key, value) VALUES ('heartbeat', :now) ON CONFLICT (key) DO UPDATE SET value = :now"
)


def idle(path: str | Path, *, host: str, config: str) -> bool:
    """Whether there is certainly nothing to do."""
    try:
        with closing(
            sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=1, isolation_level=None)
        ) as database:
            row = database.execute(_NOW, {"schema": SCHEMA, "host": host, "config": config}).fetchone()
            if row is None:
                return False
            now = row[0]
            work = database.execute(_WORK, {"now": now}).fetchone()[0]
            with suppress(sqlite3.Error):  # a locked outbox is at work: its own run leaves the heartbeat
                database.execute("PRAGMA busy_timeout = 0")
                database.execute(_HEARTBEAT, {"now": now})
            return not work
    except sqlite3.Error:
        return False

"""Is there anything to do? Asked by cron every minute of every day, so with plain sqlite3 and nothing else imported.

In: the outbox file, or the address of a PostgreSQL outbox, at the price of importing psycopg. Out: True when nothing is due,
lapsed, to be looked at or to be taken down. It also leaves the heartbeat by which `status` tells when cron last ran. Whatever it does not
understand (no file, another schema, a config.toml that nobody read in full, damage, a clock set back) it answers with
False: the full path then finds the words for it.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: Must equal schema.HEAD (a test says so); importing the schema would import SQLAlchemy.
SCHEMA = "0002"

#: As opening.CLOCK_SLACK, in microseconds.
SLACK = 300_000_000

# A word in braces is a value; each driver marks it in its own way.
_NOW = """
    SELECT coalesce((SELECT CAST(value AS BIGINT) FROM meta WHERE key = 'simulated_now'), CAST({clock} AS BIGINT)),
           coalesce((SELECT CAST(value AS BIGINT) FROM meta WHERE key = 'heartbeat'), 0)
     WHERE EXISTS (SELECT 1 FROM alembic_version WHERE version_num = {schema})
       AND EXISTS (SELECT 1 FROM meta WHERE key = {key} AND value = {config})
       AND NOT EXISTS (SELECT 1 FROM meta WHERE key IN ('moved_to', 'restoring', 'copy'))
"""
_OF_HOST = "AND EXISTS (SELECT 1 FROM meta WHERE key = 'host' AND value = :host)"
_SQLITE_CLOCK = "(julianday('now') - 2440587.5) * 86400000000"
_POSTGRES_CLOCK = "extract(epoch FROM clock_timestamp()) * 1000000"
# A due row of a blocked or paused account is no work; what is to be taken down is, also of a paused one, the last part of
# a post first. Parts that wait for an earlier part have no due time.
_WORK = """
    SELECT EXISTS (SELECT 1 FROM account
                    WHERE (blocked_until IS NULL OR blocked_until <= {now})
                      AND NOT EXISTS (SELECT 1 FROM pause WHERE scope IN ('*', account.name)
                                                            AND (until IS NULL OR until > {now}))
                      AND EXISTS (SELECT 1 FROM delivery
                                   WHERE delivery.account = account.id AND state = 'scheduled' AND due_at <= {now}))
        OR EXISTS (SELECT 1 FROM delivery WHERE state IN ('pending', 'scheduled') AND lapses_at <= {now})
        OR EXISTS (SELECT 1 FROM delivery WHERE state = 'sending' AND lease_until <= {now})
        OR EXISTS (SELECT 1 FROM delivery JOIN account ON account.id = delivery.account
                    WHERE state IN ('in_doubt', 'sent') AND look_at IS NOT NULL AND look_at <= {now}
                      AND (blocked_until IS NULL OR blocked_until <= {now}))
        OR EXISTS (SELECT 1 FROM account JOIN delivery ON delivery.account = account.id
                    WHERE (blocked_until IS NULL OR blocked_until <= {now})
                      AND state IN ('recalling', 'recalled') AND look_at IS NOT NULL AND look_at <= {now}
                      AND NOT EXISTS (SELECT 1 FROM delivery AS later
                                       WHERE later.post = delivery.post AND later.part > delivery.part
                                         AND later.state = 'recalling' AND later.look_at IS NOT NULL)),
           EXISTS (SELECT 1 FROM account) AND NOT EXISTS
               (SELECT 1 FROM account WHERE NOT EXISTS
                   (SELECT 1 FROM pause WHERE scope IN ('*', account.name) AND (until IS NULL OR until > {now})))
"""
_HEARTBEAT = (
    "INSERT INTO meta (key, value) VALUES ('heartbeat', CAST({now} AS TEXT))"
    " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
)


def idle(path: str | Path, *, host: str, config: str) -> bool:
    """Whether there is certainly nothing to do."""
    return bool(rest(path, host=host, config=config))


def rest(path: str | Path, *, host: str, config: str) -> str:
    """Why there is certainly nothing to do: "idle", or "paused" when every account is; "" when there may be work."""
    values = {"schema": SCHEMA, "host": host, "key": "config", "config": config}
    try:
        with closing(
            sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=1, isolation_level=None)
        ) as database:
            row = database.execute(_of_sqlite(_NOW) + _OF_HOST, values).fetchone()
            if row is None or row[0] < row[1] - SLACK:
                return ""
            now = {"now": row[0]}
            work, paused = database.execute(_of_sqlite(_WORK), now).fetchone()
            try:
                database.execute("PRAGMA busy_timeout = 0")
                database.execute(_of_sqlite(_HEARTBEAT), now)
            except sqlite3.OperationalError as error:
                # A locked outbox is at work: its own run leaves the heartbeat. A full or read-only disk must be told.
                if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                    return ""
            return _rest(work, paused)
    except sqlite3.Error:
        return ""


def idle_postgres(url: str, *, key: str, config: str) -> bool:
    """The same of a PostgreSQL outbox."""
    return bool(rest_postgres(url, key=key, config=config))


def rest_postgres(url: str, *, key: str, config: str) -> str:
    """As `rest`, of a PostgreSQL outbox. `key`: under which the host keeps its stamp of config.toml."""
    try:
        import psycopg
    except ImportError:
        return ""
    values = {"schema": SCHEMA, "key": key, "config": config}
    scheme, _, rest = url.partition("://")
    try:
        with psycopg.connect(
            f"{scheme.partition('+')[0]}://{rest}",
            autocommit=True,
            connect_timeout=10,
            application_name="clarion",
        ) as database:
            row = database.execute(_of_postgres(_NOW), values).fetchone()
            if row is None or row[0] < row[1] - SLACK:
                return ""
            now = {"now": row[0]}
            found = database.execute(_of_postgres(_WORK), now).fetchone()
            with suppress(psycopg.errors.LockNotAvailable):
                database.execute("SET lock_timeout = '100ms'")
                database.execute(_of_postgres(_HEARTBEAT), now)
            return _rest(*found) if found else ""
    except psycopg.Error:
        return ""


def _rest(work: object, paused: object) -> str:
    if work:
        return ""
    return "paused" if paused else "idle"


def config_key(host: str) -> str:
    """Hosts that share an outbox have each a config.toml, and each its own stamp."""
    return f"config {host}"[:40]


def _of_sqlite(statement: str) -> str:
    return statement.format(clock=_SQLITE_CLOCK, schema=":schema", key=":key", config=":config", now=":now")


def _of_postgres(statement: str) -> str:
    return statement.format(
        clock=_POSTGRES_CLOCK, schema="%(schema)s", key="%(key)s", config="%(config)s", now="%(now)s"
    )

"""The tables of the outbox, once for SQLite and PostgreSQL.

Times are BIGINT microseconds since 1970 UTC, ids of posts and deliveries 32 random hexadecimal characters, structured
values canonical JSON text. `migrations/` is what really builds them; a test holds the two together.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

#: The newest migration. An outbox that says anything newer was written by a newer Clarion.
HEAD = "0002"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    },
)

_Id = String(32)
_Time = BigInteger

#: Facts about this outbox: its random id, the host it belongs to, the campaign, the heartbeat, a simulated time.
meta = Table(
    "meta",
    metadata,
    Column("key", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

#: One destination each: who it is on its network (pinned by `accounts verify`), what its server takes, whether it may.
account = Table(
    "account",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("network", String(20), nullable=False),
    Column("origin", Text, nullable=False),
    Column("remote_id", Text, nullable=False),
    Column("handle", Text, nullable=False),
    Column("limits", Text, nullable=False),
    Column("verified_at", _Time),
    Column("blocked_until", _Time),
    Column("blocked_reason", Text),
    Column(
        "failures", Integer, nullable=False, server_default="0"
    ),  # unavailable in a row: the circuit breaker
)

#: Who stopped what: scope "*" is the whole campaign, else an account's name.
pause = Table(
    "pause",
    metadata,
    Column("scope", String(64), primary_key=True),
    Column("since", _Time, nullable=False),
    Column("until", _Time),
    Column("reason", Text),
    Column("who", Text),
)

#: What must no longer be said, whatever a host's copy of the ledgers says: kind is "fact", "call" or "day".
block = Table(
    "block",
    metadata,
    Column("kind", String(10), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("why", Text, nullable=False),
    Column("who", Text),
    Column("since", _Time, nullable=False),
)

#: What one `say`, `queue add` or slot made; `number` is the #12 that people say.
entry = Table(
    "entry",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("kind", String(10), nullable=False),  # "say" · "template" · "slot"
    Column("slug", Text),
    Column("text", Text),
    Column("variables", Text, nullable=False, server_default="{}"),
    Column("wording", Integer, nullable=False, server_default="1"),
    Column("author", Text),
    Column("because", Text),
    Column("batch", _Id, nullable=False),  # one command's entries: what `undo` takes back
    Column("created_at", _Time, nullable=False),
    sqlite_autoincrement=True,
)

#: An entry rendered for one account and language: the frozen payload and what its approval binds to.
post = Table(
    "post",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("entry", Integer, ForeignKey("entry.number"), nullable=False, index=True),
    Column("account", Integer, ForeignKey("account.id"), nullable=False),
    Column("language", String(20), nullable=False),
    Column("payload", LargeBinary, nullable=False),  # digest.canonical: the very bytes the digest is over
    Column("digest", String(64), nullable=False),
    Column("sensitive", Boolean, nullable=False),
    Column("evergreen", Boolean, nullable=False),
    Column("used", Text, nullable=False, server_default="[]"),
    # What the checks said when it was queued, for whoever approves it: [rule, level, where, why, mend] each.
    Column("findings", Text, nullable=False, server_default="[]"),
    Column("due", _Time, nullable=False),
    Column("late", BigInteger, nullable=False),  # microseconds
    Column("not_before", _Time, nullable=False),
    Column("not_after", _Time, nullable=False),
    Column("answers", _Id),
    Column("replaces", _Id),
    # Which day of the campaign's zone it counts for against the cap (`caps.py`); NULL: for none, as a correction.
    Column("day", Integer),
    Column("created_at", _Time, nullable=False),
    Index("ix_post_day", "account", "language", "day"),
)

#: Part k of a post: one remote create.
delivery = Table(
    "delivery",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("post", _Id, ForeignKey("post.id"), nullable=False),
    Column("account", Integer, ForeignKey("account.id"), nullable=False),
    Column("part", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("reason", Text),
    # NULL while part k waits for part k-1: a chained part costs the claim nothing until its turn.
    Column("due_at", _Time),
    # Only on part 1, and only until its first intent: afterwards a post no longer expires.
    Column("lapses_at", _Time),
    Column("generation", Integer, nullable=False, server_default="0"),
    Column("first_intent_at", _Time),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("backoffs", Integer, nullable=False, server_default="0"),
    Column("lease_owner", Text),
    Column("lease_until", _Time),
    Column("staged", Text),
    Column("staged_until", _Time),
    Column("look_at", _Time),
    Column("looks", Integer, nullable=False, server_default="0"),
    Column("intent_lost", Boolean, nullable=False, server_default=text("false")),
    # It is never sent again; and, if it is up, it is to be taken down.
    Column("recall_wanted", Boolean, nullable=False, server_default=text("false")),
    # It is never sent again; if it is up, it stays.
    Column("cancel_wanted", Boolean, nullable=False, server_default=text("false")),
    Column("receipt", Text),
    Column("remote_id", Text),
    Column("sent_at", _Time),
    Column("confirmed_at", _Time),
    UniqueConstraint("post", "part"),
)


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


Index(
    "ix_delivery_due", delivery.c.account, delivery.c.due_at, delivery.c.id, **_where("state = 'scheduled'")
)
Index("ix_delivery_lapses", delivery.c.lapses_at, **_where("state IN ('pending', 'scheduled')"))
Index("ix_delivery_lease", delivery.c.lease_until, **_where("state = 'sending'"))
# In doubt: to be looked for. Sent: to be read back, until that is done.
Index(
    "ix_delivery_look",
    delivery.c.look_at,
    **_where("state IN ('in_doubt', 'sent') AND look_at IS NOT NULL"),
)
# To be taken down, until that is done; without a time a person must do it. Recalled: asked for again, a few times.
Index(
    "ix_delivery_recall",
    delivery.c.account,
    delivery.c.look_at,
    **_where("state IN ('recalling', 'recalled') AND look_at IS NOT NULL"),
)
# A net under the claim, which locks the account: two deliveries of one account are never in flight.
Index("uq_delivery_sending", delivery.c.account, unique=True, **_where("state = 'sending'"))

# What the network calls it belongs to one delivery: two must never both be proved by one post.
Index(
    "uq_delivery_remote",
    delivery.c.account,
    delivery.c.remote_id,
    unique=True,
    **_where("remote_id IS NOT NULL"),
)

#: One try of a delivery. `intent_at` parts "certainly not created" from "unknown" when its worker dies.
attempt = Table(
    "attempt",
    metadata,
    Column("delivery", _Id, ForeignKey("delivery.id"), primary_key=True),
    Column("fence", Integer, primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("worker", Text, nullable=False),
    Column("started_at", _Time, nullable=False),
    Column("intent_at", _Time),
    Column("ended_at", _Time),
    Column("outcome", String(16)),
    Column("detail", Text),
    # Where its network charges: what the month gets back, in millionths of a dollar, if its worker dies before the intent.
    Column("unspent", Integer),
)

#: Requests counted against a sliding window. A bucket is an account or an app identity, and a family of requests.
spend = Table(
    "spend",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("bucket", Text, nullable=False),
    Column("at", _Time, nullable=False),
    Column("cost", Integer, nullable=False),
    Index("ix_spend_bucket_at", "bucket", "at"),
)

approval = Table(
    "approval",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("outbox_id", _Id, nullable=False),
    Column("post", _Id, ForeignKey("post.id"), nullable=False, index=True),
    Column("digest", String(64), nullable=False),
    Column("not_before", _Time, nullable=False),
    Column("not_after", _Time, nullable=False),
    Column("who", Text, nullable=False),
    Column("at", _Time, nullable=False),
    Column("key", Text),
    Column("signature", Text),
    UniqueConstraint("post", "digest", "who"),
)

#: Every byte that will appear, by SHA-256, so that any host can publish.
media = Table(
    "media",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("mime", String(40), nullable=False),
    Column("bytes", LargeBinary, nullable=False),
    Column("created_at", _Time, nullable=False),
)

#: What people and the publisher did, hash-chained per account and for the campaign.
audit = Table(
    "audit",
    metadata,
    Column("chain", String(64), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", _Time, nullable=False),
    Column("action", String(40), nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text),
    # The row hashes a salted commitment of the person, so that a purge can drop name and salt.
    Column("who", Text),
    Column("salt", Text),
    Column("commitment", String(64)),
    Column("hash", String(64), nullable=False),
)

#: What was said where, without the text: likeness across accounts and weeks. It outlives its post.
fingerprint = Table(
    "fingerprint",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("post", _Id, nullable=False, index=True),
    Column("account", Integer, ForeignKey("account.id"), nullable=False),
    Column("language", String(20), nullable=False),
    Column("due", _Time, nullable=False),
    Column("shingles", LargeBinary, nullable=False),  # 32-bit hashes, little-endian, in order
)

#: By which likeness finds its candidates. A value stands for the network, the language and which band it is, too.
fingerprint_band = Table(
    "fingerprint_band",
    metadata,
    Column("value", BigInteger, primary_key=True),
    Column("fingerprint", Integer, ForeignKey("fingerprint.id"), primary_key=True),
)

#: Something people must be told of once.
incident = Table(
    "incident",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text),
    Column("opened_at", _Time, nullable=False),
    Column("closed_at", _Time),
    Column("told_at", _Time),
)
Index("uq_incident_open", incident.c.kind, incident.c.subject, unique=True, **_where("closed_at IS NULL"))

"""Where an outbox stands: opened, moved, backed up, and sound; one host, or PostgreSQL for several."""

from __future__ import annotations

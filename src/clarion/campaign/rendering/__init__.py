"""From a template to plain text: a sandbox in a bounded child, and which characters a ledger vouches for."""

from __future__ import annotations

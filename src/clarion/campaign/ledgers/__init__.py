"""The ledgers: facts, calls and days, each with its source and its words."""

from __future__ import annotations

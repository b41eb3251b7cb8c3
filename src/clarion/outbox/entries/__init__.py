"""Entries and their posts: what people do with them, and what is read of them."""

from __future__ import annotations

"""Pictures: images made anew from their pixels, and cards drawn from words."""

from __future__ import annotations

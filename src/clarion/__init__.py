"""Clarion: an honest amplifier for a human-rights campaign."""

from __future__ import annotations

__version__ = "0.1.0"

"""Golden files: what a text must be, kept beside the tests. To renew one: delete it, run the tests twice, read it."""

from __future__ import annotations

from pathlib import Path


def is_golden(path: Path, text: str) -> bool:
    """Whether a file holds this text; one that is not there is written, and counts as wrong once."""
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return False
    return path.read_text(encoding="utf-8") == text

"""Golden files: what a text must be, kept beside the tests. To renew them: `make golden`, then read what changed."""

from __future__ import annotations

import os
from pathlib import Path

_RENEW = "CLARION_GOLDEN"  # set by `make golden`


def is_golden(path: Path, text: str) -> bool:
    """Whether a file holds this text. While golden files are renewed, it does from now on."""
    if os.environ.get(_RENEW) == "renew":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return path.exists() and path.read_text(encoding="utf-8") == text

"""`make test-networks`: the references are asked anew, and must say what is written down for `make test`.

Where they do not, they or the posts have changed: `python -m tests.networks_live.vectors` writes the new answers, and
`make test` says what ours makes of them.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.networks_live import vectors


@pytest.mark.parametrize("path", vectors.FILES, ids=lambda path: path.stem)
def test_the_references_say_what_is_written_down(path: Path):
    said = json.loads(vectors.written(vectors.FILES[path]()))
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert [new for new, old in zip(said, kept, strict=True) if new != old] == []

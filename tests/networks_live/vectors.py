"""`python -m tests.networks_live.vectors`: ask the references anew and write down their answers for `make test`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.networks_live import posts
from tests.networks_live.node import ask

_FOLDER = Path(__file__).parent.parent / "networks"


def of_x() -> list[list[Any]]:
    """[text, weight, links, tags], by twitter-text."""
    texts = [*posts.realistic(2_200, seed=2017), *posts.hard(300, seed=29)]
    return [[text, *answer] for text, answer in zip(texts, ask("twitter_text.mjs", texts), strict=True)]


def of_bluesky() -> list[list[Any]]:
    """[text, [[start, end, kind, value], …]], by @atproto/api."""
    texts = [*posts.realistic(1_000, seed=2023), *posts.hard(300, seed=12)]
    return [[text, answer] for text, answer in zip(texts, ask("bluesky.mjs", texts), strict=True)]


FILES: dict[Path, Callable[[], list[list[Any]]]] = {
    _FOLDER / "test_x_text.json": of_x,
    _FOLDER / "test_bluesky_text.json": of_bluesky,
}


def written(vectors: list[list[Any]]) -> str:
    """One a line, so that a change reads as one."""
    lines = ",\n".join(json.dumps(vector, ensure_ascii=False, separators=(",", ":")) for vector in vectors)
    return f"[\n{lines}\n]\n"


if __name__ == "__main__":
    for path, made in FILES.items():
        path.write_text(written(made()), encoding="utf-8")

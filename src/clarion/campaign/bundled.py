"""The posts and the example configuration that Clarion ships with.

They have one home, the top level of the repository. A wheel carries a copy inside the package; an editable install
finds the home itself.
"""

from __future__ import annotations

from pathlib import Path

from clarion.errors import CampaignError


def posts() -> Path:
    """The folder of shipped templates and ledgers."""
    return _find("posts")


def example() -> Path:
    """The example configuration, valid as it stands."""
    return _find("config.example.toml")


def _find(name: str) -> Path:
    from importlib.resources import files

    package = files("clarion")
    inside = package.joinpath("_bundled", name)
    if inside.is_dir() or inside.is_file():
        return Path(str(inside))
    root = Path(str(package)).parents[1]
    if (root / "pyproject.toml").is_file() and (root / name).exists():
        return root / name
    raise CampaignError(f"this installation lacks its {name}", "install Clarion again")

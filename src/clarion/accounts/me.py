"""Who is typing: CLARION_AS, or `[me]` in the user's own configuration. A pseudonym is fine.

In: the environment and `config.toml` in the user's configuration folder. Out: the name that approvals and the audit
carry. It is never guessed from the machine's login, which may be a real name.
"""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

from clarion.accounts import files
from clarion.errors import CampaignError

LONGEST = 60
_HINT = 'type a name or a pseudonym: CLARION_AS="…", or clarion init --as "…"'


def who() -> str | None:
    """The name in use, or None where nobody said one."""
    said = os.environ.get("CLARION_AS", "").strip()
    return proper(said) if said else remembered()


def remembered() -> str | None:
    """The name kept for this user on this machine, whoever types now; None where there is none."""
    try:
        text = place().read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    return _name_in(text)


def remember(name: str) -> None:
    """Write the name into the user's own configuration; everything else in it stays."""
    import tomlkit

    path, name = place(), proper(name)
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    _name_in(text)  # a broken file is not written over
    document = tomlkit.parse(text)
    document.setdefault("me", tomlkit.table())["name"] = name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    files.write_whole(path, tomlkit.dumps(document).encode(), mode=files.PRIVATE)


def place() -> Path:
    """The user's own configuration."""
    from platformdirs import user_config_path

    return user_config_path("clarion") / "config.toml"


def proper(name: str) -> str:
    """The name in Unicode NFC without spaces around it. Raises CampaignError where it cannot be shown as one line."""
    name = unicodedata.normalize("NFC", name.strip())
    if (
        not name
        or len(name) > LONGEST
        or any(unicodedata.category(char) in ("Cc", "Cf", "Cs") for char in name)
    ):
        raise CampaignError(f"a name has 1 to {LONGEST} visible characters on one line", _HINT)
    return name


def _name_in(text: str) -> str | None:
    import tomllib

    try:
        me = tomllib.loads(text).get("me", {})
    except ValueError as error:
        raise CampaignError(
            f"{place()} is not valid TOML: {error}", "mend that file, or move it away"
        ) from error
    name = me.get("name") if isinstance(me, dict) else me
    if name is not None and not isinstance(name, str):
        raise CampaignError(f"{place()}: me.name is not a text", _HINT)
    return None if name is None else proper(name)

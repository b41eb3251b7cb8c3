"""Change `config.toml` or a ledger as a person would: comments and order stay, and what would not be valid is not written.

In: the campaign folder and a change to a document. Out: the new text, whole, or None where nothing changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from clarion.campaign import config, toml, where
from clarion.campaign.ledgers import lookup
from clarion.campaign.ledgers.lookup import Kind

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def edited(folder: Path, change: Callable[[TOMLDocument], None]) -> str | None:
    """The text of config.toml after a change; None when it says so already. CampaignError where it would be invalid."""
    import tomlkit

    before = (folder / where.FILE).read_text(encoding="utf-8")
    document = tomlkit.parse(before)
    change(document)
    text = tomlkit.dumps(document)
    require_valid(text)
    return None if text == before else text


def require_valid(text: str) -> None:
    """Raise CampaignError where this is no config.toml that could be read back."""
    with TemporaryDirectory() as draft:
        (Path(draft) / where.FILE).write_text(text, encoding="utf-8")
        config.load(Path(draft))


def edited_ledger(folder: Path, kind: Kind, change: Callable[[TOMLDocument], None]) -> str | None:
    """The text of a ledger after a change; None when it says so already. CampaignError where it would be invalid."""
    import tomlkit

    before = toml.read_text(folder / lookup.file_of(kind))
    document = tomlkit.parse(before)
    change(document)
    text = tomlkit.dumps(document)
    require_valid_ledger(folder, kind, text)
    return None if text == before else text


def lengthened_ledger(folder: Path, kind: Kind, id_: str, entry: Mapping[str, object]) -> str:
    """The text of a ledger with one entry more, at its end. CampaignError where it would be invalid."""
    import tomlkit

    path = folder / lookup.file_of(kind)
    before = toml.read_text(path) if path.exists() else ""
    table = tomlkit.table()
    for key, value in entry.items():
        table.add(key, _in_one_line(value))
    added = tomlkit.dumps({f"{kind}s": {id_: table}})
    text = f"{before.rstrip()}\n\n{added}".lstrip()
    require_valid_ledger(folder, kind, text)
    return text


def require_valid_ledger(folder: Path, kind: Kind, text: str) -> None:
    """Raise CampaignError where this, beside the other ledgers of the folder, could not be read back."""
    from clarion.campaign.ledgers.ledger import Ledger

    with TemporaryDirectory() as draft:
        (Path(draft) / "posts").mkdir()
        for each in lookup.KINDS:
            name = lookup.file_of(each)
            if each != kind and (folder / name).is_file():
                copyfile(folder / name, Path(draft) / name)
        (Path(draft) / lookup.file_of(kind)).write_text(text, encoding="utf-8")
        Ledger.load(Path(draft))


def _in_one_line(value: object) -> object:
    import tomlkit

    if not isinstance(value, Mapping):
        return value
    inline = tomlkit.inline_table()
    inline.update(value)
    return inline

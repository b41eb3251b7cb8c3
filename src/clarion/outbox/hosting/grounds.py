"""Where an outbox may stand: on a disk of this machine, in no folder that another program copies elsewhere.

In: a path. Out: nothing, or an OutboxError that says what is wrong with the place. A network file system does not lock as
SQLite needs; a synced folder hands two machines the same outbox, and both would publish it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from clarion.errors import OutboxError

_NETWORKED = re.compile(
    r"nfs\d?|cifs|smb\d?|smbfs|ncpfs|afs|afpfs|webdav|davfs\d?|9p|ceph|lustre|beegfs|glusterfs|gpfs|ocfs2|gfs2"
    r"|vboxsf|prl_fs|vmhgfs|fuse\.(sshfs|rclone|s3fs|gcsfuse|davfs2?|glusterfs|ceph(-fuse)?|curlftpfs|vmhgfs-fuse"
    r"|cifs|smbnetfs|juicefs|seaweedfs|onedriver|google-drive-ocamlfuse|dropbox)|fuse\.\w*nfs",
)
#: How folders are called that a program keeps the same on several machines.
_SYNCED = re.compile(
    r"(dropbox|onedrive|nextcloud|owncloud|pclouddrive|icloud ?drive|google ?drive|my drive)( [(-].*)?"
    r"|mobile documents|cloudstorage|com~apple~clouddocs",
    re.IGNORECASE,
)
#: What such programs leave in a folder that may be called anything.
_MARKS = (".stfolder", ".dropbox.cache", ".owncloudsync.log", ".seafile-data", ".megaignore")
_HINT = (
    "move to PostgreSQL (docs/hosts.md), or keep it on this machine's disk: XDG_STATE_HOME=FOLDER clarion …"
)


def refuse_shared(path: Path, mounts: list[tuple[str, str]] | None = None) -> None:
    """Raise OutboxError where an outbox at `path` would be on a network file system or in a synced folder."""
    real = Path(os.path.realpath(path))
    kind = file_system(real, _mounts() if mounts is None else mounts)
    if _NETWORKED.fullmatch(kind):
        raise OutboxError(f"the outbox would stand on a network file system ({kind}): {path}", _HINT)
    synced = synced_folder(real)
    if synced:
        raise OutboxError(
            f"the outbox would stand in a folder that is synced to other machines: {synced}", _HINT
        )


def file_system(real: Path, mounts: list[tuple[str, str]]) -> str:
    """The type of the file system that a path is on, by (mount point, type) in the order they were mounted."""
    best, kind = "", ""
    for point, type_ in mounts:
        if (real == Path(point) or Path(point) in real.parents) and len(point) >= len(best):
            best, kind = point, type_  # a later mount on the same folder hides the earlier one
    return kind


def synced_folder(real: Path) -> Path | None:
    """The folder above a path that a syncing program keeps, or None."""
    for folder in real.parents:
        if _SYNCED.fullmatch(folder.name) or any((folder / mark).exists() for mark in _MARKS):
            return folder
    return None


def of_mountinfo(text: str) -> list[tuple[str, str]]:
    """(mount point, type) from /proc/self/mountinfo."""
    found = []
    for line in text.splitlines():
        before, dash, after = line.partition(" - ")
        fields = before.split(" ")
        if dash and len(fields) > 4:
            found.append((_unescaped(fields[4]), after.split(" ")[0]))
    return found


def of_mount(text: str) -> list[tuple[str, str]]:
    """(mount point, type) from what `mount` prints on macOS."""
    lines = (re.fullmatch(r".+? on (.+) \((\w+).*\)", line) for line in text.splitlines())
    return [(found[1], found[2]) for found in lines if found]


def _mounts() -> list[tuple[str, str]]:
    try:
        if sys.platform == "darwin":
            return of_mount(
                subprocess.run(["/sbin/mount"], capture_output=True, text=True, check=False).stdout
            )
        return of_mountinfo(Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return []


def _unescaped(written: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), written)

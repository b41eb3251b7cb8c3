"""What a test's commands leave running behind their backs."""

from __future__ import annotations

from pathlib import Path

from clarion.rehearsal.running import running


def stop_networks(home: Path) -> None:
    """Stop the rehearsal networks whose state is kept anywhere below a test's home."""
    for server in home.rglob("server.json"):
        if found := running(server.parent):
            found.stop()

"""`python -m tests.crash.publish CAMPAIGN BASES [--watch]`: the real `clarion publish` of a live campaign whose networks are
local.

Only a constructor can say so: no setting and no variable redirects a live address.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from clarion.app import App
from clarion.cli import clarion

if __name__ == "__main__":
    folder, bases = Path(sys.argv[1]), json.loads(sys.argv[2])
    clarion.main(
        ["publish", *sys.argv[3:]], obj=App(campaign=str(folder), state=folder / "state", live_bases=bases)
    )

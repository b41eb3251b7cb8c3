"""`python -m clarion`: the same as the `clarion` command."""

from __future__ import annotations

from clarion.cli import main

if __name__ == "__main__":
    main()

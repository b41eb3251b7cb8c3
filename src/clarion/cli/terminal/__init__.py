"""How commands speak and listen: output, tables, typed words, options, help."""

from __future__ import annotations

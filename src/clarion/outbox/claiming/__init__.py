"""How workers share deliveries: who takes which, how each claim ends, what is looked for and what is taken down."""

from __future__ import annotations

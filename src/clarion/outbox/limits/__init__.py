"""What may go out, how often and at what price: rate windows, caps, money, likeness."""

from __future__ import annotations

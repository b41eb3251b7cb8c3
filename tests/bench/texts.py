"""What a text costs as it grows: sixteen times as long may take twice sixteen times as long at most, whatever is in it.

Texts are pasted by people and measured on every preview; a pattern that goes back over what it has read makes a command
hang. The pieces are those on which such patterns have stumbled.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from clarion import networks
from clarion.campaign import checks
from tests.bench.ratio import Ratio

SHORT, TIMES = 5_000, 16
ROUNDS = 3
#: Between 16, in proportion, and 256, by the square.
BAR = 32.0
#: What takes less is noise.
LEAST = 0.002

PIECES = (
    *("a.", "a@", "1 ", "+1(", "0", "8-", "tel ", "name (at) ", " ", "\u200d", "👩\u200d", "👩\u0301\u200d"),
    *("https://", "https://a.co/(", "https://x.com/a(b", "https://a.рф", "http://", "@a", " @a.-", "(a"),
    *("#", "#a", "#a·", "#1·", "#!", "🇷", "\U0001f1e6"),
)


def ratios() -> list[Ratio]:
    """The worst piece of each."""
    costs: dict[str, Callable[[str], object]] = {
        "checks": lambda text: checks.check_text(text, where="here", language="en")
    }
    for name in networks.NAMES:
        weigh = partial(networks.text(name).weigh, warning=None, limits=networks.options(name).LIMITS)
        costs |= {f"{name}, length": weigh, f"{name}, links": networks.text(name).facets}
    return [Ratio(f"{what}: a text {TIMES} × as long", worst(of), BAR) for what, of in costs.items()]


def worst(of: Callable[[str], object]) -> float:
    return max(growth(of, piece * (SHORT // len(piece))) for piece in PIECES)


def growth(of: Callable[[str], object], text: str) -> float:
    return seconds(of, text * TIMES) / max(seconds(of, text), LEAST)


def seconds(of: Callable[[str], object], text: str) -> float:
    """The least of a few: whatever else the machine does only ever adds."""
    taken = []
    for _ in range(ROUNDS):
        began = time.process_time()
        of(text)
        taken.append(time.process_time() - began)
    return min(taken)

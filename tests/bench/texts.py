"""What a text costs as it grows, and what X's count costs beside X's own.

Texts are pasted by people and measured on every preview; a pattern that goes back over what it has read makes a command
hang. So ten times as long may take little more than ten times as long, whatever is in it, up to 100,000 characters, or
half of that for the checks, which are forty rules. The pieces are those on which such patterns have stumbled.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

from clarion import networks
from clarion.campaign import checks
from clarion.campaign.checks import Passage
from clarion.networks.x import text as x
from tests.bench.ratio import Ratio
from tests.networks_live import posts
from tests.networks_live.node import NoNode, ask

SIZES = (1_000, 10_000, 100_000)
SIZES_OF_CHECKS = (500, 5_000, 50_000)
ROUNDS = 3
#: Between 10, in proportion, and 100, by the square.
BAR = 20.0
#: What takes less is noise.
LEAST = 0.002

PIECES = (
    *("\n", "«", "Ab", "ж.рф ", "co.", "a.co @b "),
    *("a.", "a@", "1 ", "+1(", "0", "8-", "tel ", "name (at) ", " ", "\u200d", "👩\u200d", "👩\u0301\u200d"),
    *("https://", "https://a.co/(", "https://x.com/a(b", "https://a.рф", "http://", "@a", " @a.-", "(a"),
    *(
        "#",
        "#a",
        "#a·",
        "#1·",
        "#!",
        "🇷",
        "\U0001f1e6",
        "🇷🇺",
        "🇷🇺\u200d",
        "👩🏽\u200d🤝\u200d",
        "e\u0301",
        "\u0301",
        "\ud800",
    ),
    *(
        "a.a.a.",
        "a.co ",
        "#a ",
        "@a ",
        "$a ",
        "a. ",
        ". A",
        "(((",
        "))",
        "。",
        "xn--a.",
        "ж.рф",
        "http://a.co/?a ",
        "क्",
    ),
)


def ratios() -> list[Ratio]:
    """The worst piece of each."""
    costs: dict[str, Callable[[str], object]] = {
        "checks": lambda text: checks.check_passage(Passage(text=text, where="here", language="en"))
    }
    for name in networks.NAMES:
        weigh = partial(networks.text(name).weigh, warning=None, limits=networks.options(name).LIMITS)
        costs |= {f"{name}, length": weigh, f"{name}, links": networks.text(name).facets}
    rows = [
        Ratio(f"{what}: a text 10 × as long", worst(of, SIZES_OF_CHECKS if what == "checks" else SIZES), BAR)
        for what, of in costs.items()
    ]
    return [*rows, *beside_twitter_text()]


def beside_twitter_text() -> list[Ratio]:
    """X's length, held against npm's twitter-text warmed up under Node, turn by turn."""
    some = posts.realistic(500, seed=1)
    theirs, ours = [], []
    for _ in range(ROUNDS):
        ours.append(seconds(lambda _: [x.length(post) for post in some], "") / len(some))
        try:
            theirs.append(ask("speed.mjs", some)["nanoseconds"] / 1e9)
        except NoNode as missing:
            print(f"x, length: not measured beside twitter-text. {missing}")
            return []
    return [Ratio("x, length: twitter-text under Node ÷ ours", min(theirs) / min(ours), 0.5, at_least=True)]


def worst(of: Callable[[str], object], sizes: Sequence[int]) -> float:
    return max(growth(of, piece, sizes) for piece in PIECES)


def growth(of: Callable[[str], object], piece: str, sizes: Sequence[int]) -> float:
    """The larger of its two steps. The longest text is most of the time: all are measured again only where one seems to miss."""
    texts = [piece * (size // len(piece)) for size in sizes]
    took = [seconds(of, text, rounds=ROUNDS if text is not texts[-1] else 1) for text in texts]
    for _ in range(ROUNDS):
        if _steepest(took) <= BAR:
            break
        took = [min(known, seconds(of, text, rounds=1)) for known, text in zip(took, texts, strict=True)]
    return _steepest(took)


def _steepest(took: Sequence[float]) -> float:
    return max(max(longer, LEAST) / max(shorter, LEAST) for shorter, longer in pairwise(took))


def seconds(of: Callable[[str], object], text: str, *, rounds: int = ROUNDS) -> float:
    """The least of a few: whatever else the machine does only ever adds."""
    taken = []
    for _ in range(rounds):
        began = time.process_time()
        of(text)
        taken.append(time.process_time() - began)
    return min(taken)

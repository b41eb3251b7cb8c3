"""`make bench`: what Clarion costs, as ratios inside one run, because machines differ and are noisy.

The bar beside each ratio is the one the project promises; a ratio that misses it ends the run with exit code 1.
"""

from __future__ import annotations

import sys

from tests.bench import cold_start, composing, engine, texts


def main() -> int:
    rows = [*cold_start.ratios(), *texts.ratios(), *composing.ratios(), *engine.ratios()]
    width = max(len(row.what) for row in rows)
    for row in rows:
        bar = f"(bar: at {'least' if row.at_least else 'most'} {row.bar:.2f})"
        print(f"{row.what:<{width}}  {row.value:6.2f} ×  {bar}{'' if row.kept else '  MISSED'}")
    return int(not all(row.kept for row in rows))


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.networks_live.install`: get what `make test-networks` needs, and say which versions it will ask.

On its own, before the tests: they may not speak while they run, and the first time takes minutes.
"""

from __future__ import annotations

import sys

from tests.networks_live import bluesky_server, cache, mastodon_server, node


def main() -> int:
    try:
        pds, mock = bluesky_server.installed(), mastodon_server.installed()
    except cache.Missing as error:
        cache.say(f"make test-networks cannot run: {error}")
        return 1
    cache.say(
        f"Node {node.version()} · @atproto/pds {bluesky_server.version(pds)} · mastodon_mock {mastodon_server.version(mock)}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""mastodon_mock on 127.0.0.1, on whatever port is free. Run by the Python that has it; knows nothing of Clarion.

In: a folder, and how many accounts to make: `voice1`, `voice2` …, each with the token of its name. Prints one line of JSON
when it is ready. Ends by SIGTERM, or with its standard input.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
from importlib.metadata import version
from pathlib import Path

import uvicorn

# Only the environment that runs this has it: ours, which checks types, must not.
from mastodon_mock.app import create_app  # type: ignore[import-not-found]
from mastodon_mock.config import (  # type: ignore[import-not-found]
    DatabaseConfig,
    MastodonMockConfig,
    SeedAccount,
    SeedConfig,
)


def main(folder: Path, accounts: int) -> None:
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    address = f"127.0.0.1:{sock.getsockname()[1]}"
    names = [f"voice{number}" for number in range(1, accounts + 1)]
    config = MastodonMockConfig(
        domain=address,
        url_scheme="http",
        media_storage_path=str(folder / "media"),
        database=DatabaseConfig(path=str(folder / "mock.sqlite")),
        seed=SeedConfig(
            accounts=[SeedAccount(username=name, access_token=f"token of {name}", bot=True) for name in names]
        ),
    )
    server = uvicorn.Server(uvicorn.Config(create_app(config), log_level="warning", server_header=False))
    threading.Thread(target=_end_with_input, daemon=True).start()
    said = {"url": f"http://{address}", "version": version("mastodon_mock"), "mocks": config.mocked_version}
    sock.listen()  # from here on nobody is refused
    sys.stdout.write(f"{json.dumps(said)}\n")
    sys.stdout.flush()
    server.run(sockets=[sock])


def _end_with_input() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

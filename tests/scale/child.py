"""A process that publishes what is due and says how long it took and how much memory it ever needed.

In: the outbox's path, the networks' addresses. Out: one line of JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from datetime import timedelta
from pathlib import Path

from clarion import networks
from clarion.accounts.connections import Connections
from clarion.model import ApprovalPolicy
from clarion.outbox import accounts
from clarion.outbox.claiming.claims import Terms
from clarion.outbox.hosting import opening
from clarion.publishing.limits import windows
from clarion.publishing.worker import Worker


def main(path: str, addresses: str) -> None:
    urls = json.loads(addresses)
    outbox = opening.open_sqlite(Path(path), host="here")
    connections = Connections(
        base=lambda account: str(urls[account.network]),
        secret=lambda account: networks.rehearsal(account.network).secret(account.name),
        media=lambda sha256: b"",
        sessions=Path(path).parent / "sessions",
        loopback_only=True,
    )
    with outbox.read() as tx:
        names = [standing.account.name for standing in accounts.standings(tx)]
    terms = Terms(
        outbox_id=outbox.id,
        worker="one",
        lease=timedelta(minutes=5),
        policy=ApprovalPolicy(),
        accounts=names,
        windows=windows({network: networks.options(network).WINDOWS for network in networks.NAMES}),
    )
    began = time.monotonic()
    tally = Worker(outbox=outbox, publishers=connections, terms=terms).drain()
    took = time.monotonic() - began
    connections.close()
    outbox.close()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(json.dumps({"sent": len(tally.sent), "seconds": took, "memory": memory}))


if __name__ == "__main__":
    main(*sys.argv[1:])

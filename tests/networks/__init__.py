"""The networks' tests."""

from __future__ import annotations

import pytest

#: The contract's modules hold asserts and are no test files: their failures are to be read all the same.
pytest.register_assert_rewrite(
    *(
        f"tests.networks.{name}"
        for name in (
            "contract",
            "contract_bluesky",
            "contract_logins",
            "contract_mastodon",
            "contract_xrpc",
            "deliveries",
            "roundtrip",
        )
    )
)

"""The lazy registry: names the networks, imports one aspect of one of them when asked.

A new network is a copy of the nearest folder with every aspect replaced, a line here and a page in `docs/networks/`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from clarion.networks.base import AddressModule, OptionsModule, PricesModule, PublisherModule, TextModule
    from clarion.networks.logins import LoginModule
    from clarion.networks.rehearsing import RehearsalModule

NAMES = ("x", "mastodon", "bluesky")
#: Those that charge for what is published.
PRICED = ("x",)


def options(network: str) -> OptionsModule:
    return cast("OptionsModule", _aspect(network, "options"))


def prices(network: str) -> PricesModule | None:
    """None where publishing costs nothing."""
    return cast("PricesModule", _aspect(network, "prices")) if network in PRICED else None


def address(network: str) -> AddressModule:
    return cast("AddressModule", _aspect(network, "address"))


def text(network: str) -> TextModule:
    return cast("TextModule", _aspect(network, "text"))


def publisher(network: str) -> PublisherModule:
    return cast("PublisherModule", _aspect(network, "publisher"))


def login(network: str) -> LoginModule:
    return cast("LoginModule", _aspect(network, "login"))


def rehearsal(network: str) -> RehearsalModule:
    return cast("RehearsalModule", _aspect(network, "rehearsal"))


def _aspect(network: str, aspect: str) -> object:
    if network not in NAMES:
        raise KeyError(network)
    return import_module(f"clarion.networks.{network}.{aspect}")

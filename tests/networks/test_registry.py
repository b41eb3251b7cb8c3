"""Registry, folders, options, example and pages name the same networks, each of them whole."""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, get_type_hints

import pytest

from clarion import networks
from clarion.campaign import bundled
from clarion.campaign.config import load
from clarion.model import Limits
from clarion.networks import base, logins, rehearsing
from tests.networks import test_contract, test_every_answer
from tests.networks.contract import PublisherContract

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "networks"
FOLDERS = ROOT / "src" / "clarion" / "networks"
HEADINGS = (
    "What it takes",
    "What it costs",
    "Limits",
    "What Clarion does about each fact",
    "Where {} says it",
)

#: What gives each aspect, and what it must give.
ASPECTS: dict[str, tuple[Callable[[str], object], type]] = {
    "options": (networks.options, base.OptionsModule),
    "text": (networks.text, base.TextModule),
    "publisher": (networks.publisher, base.PublisherModule),
    "login": (networks.login, logins.LoginModule),
    "address": (networks.address, base.AddressModule),
    "rehearsal": (networks.rehearsal, rehearsing.RehearsalModule),
}
each_network = pytest.mark.parametrize("network", networks.NAMES)


def page(name: str) -> str:
    return (PAGES / f"{name}.md").read_text()


def given(protocol: type) -> tuple[dict[str, Any], list[str]]:
    """A Protocol's constants with their types, and its functions."""
    hints = get_type_hints(protocol, vars(base) | vars(logins) | vars(rehearsing) | {"Protocol": Protocol})
    functions = [
        name
        for name, value in vars(protocol).items()
        if inspect.isfunction(value) and not name.startswith("_")
    ]
    return hints, functions


def test_the_folders_are_the_registrys() -> None:
    folders = {path.parent.name for path in FOLDERS.glob("*/__init__.py")}
    assert folders == set(networks.NAMES)


def test_the_pages_are_the_registrys() -> None:
    assert {path.stem for path in PAGES.glob("*.md")} - {"README"} == set(networks.NAMES)


def test_the_first_page_leads_to_each() -> None:
    assert set(re.findall(r"\]\((\w+)\.md\)", page("README"))) == set(networks.NAMES)


@each_network
@pytest.mark.parametrize("aspect", ASPECTS)
def test_each_folder_gives_every_aspect_whole(network: str, aspect: str) -> None:
    of, protocol = ASPECTS[aspect]
    module = of(network)
    constants, functions = given(protocol)
    assert constants or functions
    for name in constants:
        assert hasattr(module, name), f"{network}/{aspect}.py has no {name}"
    for name in functions:
        wanted = [each for each in inspect.signature(getattr(protocol, name)).parameters if each != "self"]
        taken = list(inspect.signature(getattr(module, name)).parameters.values())
        assert [each.name for each in taken[: len(wanted)]] == wanted, name
        assert all(each.default is not each.empty for each in taken[len(wanted) :]), f"{name} asks for more"
    assert (FOLDERS / network / f"{aspect}.py").is_file()


@pytest.mark.parametrize("network", networks.PRICED)
def test_prices_are_whole(network: str) -> None:
    constants, functions = given(base.PricesModule)
    assert all(hasattr(networks.prices(network), name) for name in (*constants, *functions))


@each_network
def test_its_constants_are_of_their_kind(network: str) -> None:
    kinds: dict[str, type | tuple[type, ...]] = {
        "TITLE": str,
        "LIMITS": Limits,
        "MOVING": (str, type(None)),
        "SECRETS": tuple,
        "WINDOWS": tuple,
        "CARDS": bool,
        "REPLIES": bool,
        "EDITS": bool,
        "DISCLOSE": str,
    }
    assert set(kinds) == set(given(base.OptionsModule)[0]), "a constant that this test does not know"
    for name, kind in kinds.items():
        assert isinstance(getattr(networks.options(network), name), kind), name


@each_network
def test_each_is_drawn_and_those_that_charge_have_prices(network: str) -> None:
    assert (FOLDERS / network / "view.html").is_file()
    assert (FOLDERS / network / "prices.py").is_file() == (network in networks.PRICED)


def test_the_example_has_an_account_and_a_cap_for_each() -> None:
    written = tomllib.loads(bundled.example().read_text())
    assert {account["network"] for account in written["accounts"].values()} == set(networks.NAMES)
    assert set(written["caps"]) == set(networks.NAMES)


def test_the_example_is_valid_and_every_cap_is_known(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(bundled.example().read_text())
    config = load(tmp_path)
    assert all(config.cap(network) > 0 for network in networks.NAMES)


@each_network
def test_each_page_answers_the_same_questions(network: str) -> None:
    title = networks.options(network).TITLE
    headings = re.findall(r"^#+ (.+)$", page(network), re.MULTILINE)
    assert headings == [title, *(heading.format(title) for heading in HEADINGS)]


@each_network
def test_its_page_says_the_numbers_that_hold(network: str) -> None:
    text, limits = page(network), networks.options(network).LIMITS
    for number in (limits.text, limits.alt, limits.images, *(rate.limit for rate in windows(network))):
        assert re.search(rf"\b{number:,}\b", text), f"{number:,} is not on the page"


@each_network
def test_its_contract_is_played(network: str) -> None:
    classes = [each for each in vars(test_contract).values() if inspect.isclass(each)]
    assert any(
        issubclass(each, PublisherContract) and each.__name__.startswith("Test") and each.network == network
        for each in classes
    )


@each_network
def test_the_linter_keeps_it_apart(network: str) -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [apart] = [each for each in contracts if each["type"] == "independence"]
    assert f"clarion.networks.{network}" in apart["modules"]


@each_network
def test_its_answers_stand_in_the_table(network: str) -> None:
    assert any(row.network == network for row in test_every_answer.TABLE)


def windows(network: str) -> tuple[base.Rate, ...]:
    return networks.options(network).WINDOWS

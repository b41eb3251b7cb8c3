"""What X charges: for each part, for a link, for alt texts."""

from __future__ import annotations

import pytest

from clarion import networks
from clarion.model import Identity, Media, Part, Payload
from clarion.networks.x import prices

WHO = Identity(network="x", origin="https://x.com", remote_id="1")


def payload(*parts: Part) -> Payload:
    return Payload(account=WHO, language="en", parts=parts)


def picture(alt: str = "A wall") -> Media:
    return Media(sha256="0" * 64, mime="image/png", alt=alt, width=4, height=3)


@pytest.mark.parametrize(
    ("text", "create"),
    [
        ("hello", 15_000),
        ("https://example.org/a", 200_000),
        ("read it on example.org", 200_000),
        ("two: https://example.org/a https://example.org/b", 200_000),
        ("v1.2 of a.thing", 15_000),
    ],
)
def test_a_post_with_a_link_costs_more_also_one_that_only_x_makes_a_link_of(text: str, create: int) -> None:
    assert prices.price(payload(Part(text=text))) == create + 1_000


def test_each_part_of_a_thread_is_a_post() -> None:
    parts = [Part(text="one"), Part(text="two https://example.org"), Part(text="three")]
    assert prices.price(payload(*parts)) == 15_000 + 200_000 + 15_000 + 3 * 1_000


def test_each_alt_text_costs_and_is_what_a_refusal_does_not_give_back() -> None:
    part = Part(text="one", media=(picture(), picture(), picture("")))
    assert prices.part_price(part) == 15_000 + 2 * 5_000 + 1_000
    assert prices.upload_price(part) == 10_000


def test_the_other_networks_cost_nothing() -> None:
    assert [name for name in networks.NAMES if networks.prices(name)] == ["x"]

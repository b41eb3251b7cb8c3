"""Each network gets a picture in what its server takes; a card is an image like every other."""

from __future__ import annotations

import os
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from random import Random

import pytest
from PIL import Image

from clarion.composing.compose import Composed
from clarion.errors import CampaignError, CheckFailed
from tests.composing.conftest import CONFIG, POST, Desk, png

CARD = """
[card]
kind = "figure"
figure = { en = '{{ fact_date("judgment")|years_since|years }}', ru = '{{ fact_date("judgment")|years_since|years }}' }
text = { en = 'since {{ fact("judgment") }}', ru = 'с тех пор, как {{ fact("judgment") }}' }
source = { en = "ECtHR", ru = "ЕСПЧ" }
"""


def moving() -> bytes:
    frames = [Image.new("RGB", (60, 40), (10, 20, tone)) for tone in (90, 110, 130)]
    out = BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=500, loop=0)
    return out.getvalue()


def by_network(posts: list[Composed]) -> dict[str, Composed]:
    return {post.account.network: post for post in posts}


def rules(post: Composed) -> set[str]:
    return {finding.rule for finding in post.findings}


def test_a_picture_that_fits_everywhere_is_the_same_everywhere(desk: Desk) -> None:
    path = desk.folder / "a.png"
    path.write_bytes(png())
    posts = desk.compose(text="Look.", images=((path, "Blue."),))
    assert len({post.payload.parts[0].media for post in posts}) == 1


def test_each_server_gets_as_much_of_a_large_picture_as_it_takes(desk: Desk) -> None:
    photo = Image.frombytes("RGB", (1600, 1200), Random(1).randbytes(1600 * 1200 * 3))
    photo.save(desk.folder / "a.png")
    desk.accounts = [
        replace(each, limits=replace(each.limits, image_bytes=3_000_000)) if each.network == "x" else each
        for each in desk.accounts
    ]
    posts = by_network(desk.compose(text="Look.", images=((desk.folder / "a.png", "Noise."),)))
    found = {name: post.payload.parts[0].media[0] for name, post in posts.items()}
    sizes = {name: len(post.images[found[name].sha256][1]) for name, post in posts.items()}
    assert (found["mastodon"].mime, found["mastodon"].width) == ("image/png", 1600)
    assert (found["x"].mime, found["x"].width) == ("image/jpeg", 1600)
    assert sizes["x"] <= 3_000_000
    assert sizes["bluesky"] <= 1_000_000
    assert not [
        finding for post in posts.values() for finding in post.findings if finding.rule == "image-large"
    ]


def test_what_moves_is_kept_where_it_is_shown_and_refused_with_a_reason_elsewhere(desk: Desk) -> None:
    path = desk.folder / "a.gif"
    path.write_bytes(moving())
    posts = by_network(desk.compose(text="Look.", images=((path, "A light that moves."),)))
    assert posts["mastodon"].payload.parts[0].media[0].mime == "image/gif"
    assert "moving" not in rules(posts["mastodon"])
    for network, why in (("bluesky", "nothing but its first frame"), ("x", "another way of uploading")):
        [finding] = [finding for finding in posts[network].findings if finding.rule == "moving"]
        assert finding.level == "never"
        assert why in finding.why
        assert posts[network].payload.parts[0].media[0].mime == "image/png"


def test_what_moves_stands_alone_on_mastodon(desk: Desk) -> None:
    (desk.folder / "a.gif").write_bytes(moving())
    (desk.folder / "b.png").write_bytes(png())
    images = ((desk.folder / "a.gif", "A light."), (desk.folder / "b.png", "Blue."))
    [post] = desk.compose(text="Look.", images=images, accounts=("mastodon",))
    [finding] = [finding for finding in post.findings if finding.rule == "moving"]
    assert "takes a picture that moves only alone, and this post has 2" in finding.why


def test_what_is_not_a_file_is_not_waited_for(desk: Desk) -> None:
    pipe = desk.folder / "pipe.png"
    os.mkfifo(pipe)
    with pytest.raises(CampaignError, match=r"pipe\.png is not a file"):
        desk.compose(text="Look.", images=((pipe, "Nothing."),))


def test_a_file_that_is_no_picture_is_an_error_with_a_hint(desk: Desk) -> None:
    path = desk.write("a.png", "#!/bin/sh\n")
    with pytest.raises(CheckFailed, match=r"a\.png is a script, not a picture") as caught:
        desk.compose(text="Look.", images=((path, "Nothing."),))
    assert caught.value.hint


# ── cards ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("language", "alt"),
    [
        ("en", "3 years since the European Court found torture.\nECtHR.\n#EyesOnChechnya #CloseTheCamps"),
        (
            "ru",
            "3 года с тех пор, как Европейский суд установил пытки.\nЕСПЧ.\n#EyesOnChechnya #CloseTheCamps",
        ),
    ],
)
def test_a_card_of_a_template_says_facts_and_counts_and_stands_before_its_images(
    desk: Desk, language: str, alt: str
) -> None:
    desk.write("posts/judgment/post.toml", POST + CARD)
    for post in desk.compose(slug="judgment", languages=(language,)):
        card, picture = post.payload.parts[0].media
        assert (card.mime, card.width, card.height, card.alt) == ("image/png", 1200, 675, alt)
        assert picture.width == 320
        assert {card.sha256, picture.sha256} == set(post.images)
        assert [used.id for used in post.used] == ["judgment"]
        assert b"tEXt" not in post.images[card.sha256][1]


def test_the_colours_of_the_campaign_are_those_of_its_cards(desk: Desk) -> None:
    before = desk.compose(text="Look.", card=True, accounts=("x",))
    desk.write(
        "config.toml",
        CONFIG
        + '\n[cards]\nbackground = "#ffffff"\ntext = "#101010"\naccent = "#7a3b00"\nquiet = "#404040"\n',
    )
    after = desk.compose(text="Look.", card=True, accounts=("x",))
    assert set(before[0].images) != set(after[0].images)
    with Image.open(BytesIO(next(iter(after[0].images.values()))[1])) as image:
        assert image.convert("RGB").getpixel((2, 2)) == (255, 255, 255)


def test_colours_that_cannot_be_read_are_an_error_of_the_configuration(desk: Desk) -> None:
    desk.write("config.toml", CONFIG + '\n[cards]\ntext = "#203050"\n')
    with pytest.raises(CampaignError, match=r"config\.toml, line \d+: cards\.text has a contrast of 1\.\d"):
        _ = desk.config


def test_a_typed_text_stands_on_its_card_without_its_tags_twice(desk: Desk) -> None:
    [post] = desk.compose(
        text="They are not alone.\n\n#EyesOnChechnya #CloseTheCamps",
        card=True,
        source="NPR, 2017",
        accounts=("x",),
    )
    [card] = post.payload.parts[0].media
    assert card.alt == "They are not alone.\nNPR, 2017.\n#EyesOnChechnya #CloseTheCamps"


def test_a_number_on_a_card_needs_a_fact_but_the_date_of_its_source_does_not(desk: Desk) -> None:
    desk.write("posts/judgment/post.toml", POST + CARD.replace('"ECtHR"', '"ECtHR, 12 September 2023"'))
    assert "number" not in rules(desk.compose(slug="judgment", languages=("en",))[0])
    desk.write("posts/judgment/post.toml", POST + CARD.replace("{ en = 'since", "{ en = '400 men since"))
    assert "number" in rules(desk.compose(slug="judgment", languages=("en",))[0])


def test_a_card_counts_as_an_image(desk: Desk) -> None:
    (desk.folder / "b.png").write_bytes(png())
    images: tuple[tuple[Path, str], ...] = ((desk.folder / "b.png", "Blue."),) * 4
    [post] = desk.compose(text="Look.", card=True, images=images, accounts=("x",))
    assert "too-many-images" in rules(post)


def test_a_text_that_no_card_takes_is_an_error(desk: Desk) -> None:
    with pytest.raises(CheckFailed, match="the text is too long for an image card"):
        desk.compose(text="слово " * 200, card=True, accounts=("mastodon",))

"""Cards below links: the campaign's own words, or what a page on a real server says, checked like any other words.

The servers stand on 127.0.0.1; that names lead there, and may, is passed in.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image

from clarion import networks
from clarion.app import App
from clarion.campaign import templates
from clarion.campaign.denied import Denied
from clarion.campaign.ledgers import calls
from clarion.composing.compose import Composed, Request
from clarion.composing.linkcard import Pages
from clarion.digest import canonical, digest, restore
from clarion.errors import CampaignError, CheckFailed
from clarion.model import Card
from clarion.networks.public import Reach
from tests.composing.conftest import CONFIG, DUE, Desk, account, png
from tests.networks.test_http import Server, serving

HEAD = '<title>{title}</title><meta name="description" content="{description}">{more}'
IMAGE = '<meta property="og:image" content="/card.jpg">'
CALLS = """
[calls.sign]
kind = "petition"
wording = { en = "read it and sign it", ru = "прочтите" }
link = "LINK"
owner = "Somebody"
checked_on = 2026-01-01
"""
OWN = """
[calls.sign.link_card]
title = { en = "The petition of 2026" }
description = { en = "Run by somebody" }
image = "sign.png"
"""


def jpeg(side: int = 200) -> bytes:
    """A photo that says where it was taken."""
    picture, out, exif = Image.new("RGB", (side, side), (90, 20, 20)), BytesIO(), Image.Exif()
    exif[0x010E] = "MARK: taken at the back door"
    picture.save(out, "JPEG", exif=exif, comment=b"MARK")
    return out.getvalue()


class Site:
    """A site under any name, whose files a test puts there."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.files: dict[str, tuple[str, bytes]] = {}
        self.host = f"page.example:{urlsplit(server.url).port}"

    @property
    def asked(self) -> list[str]:
        """The paths asked for, in order."""
        return [
            head.split()[1].decode().partition(self.host)[2] or head.split()[1].decode()
            for head in self._server.heads
        ]

    @property
    def url(self) -> str:
        return f"http://{self.host}/a"

    def says(self, title: str, description: str = "", more: str = "", **files: tuple[str, bytes]) -> None:
        page = HEAD.format(title=title, description=description, more=more)
        self.files = {"/a": ("text/html", page.encode())}
        self.files |= {f"/{name.replace('_', '.')}": file for name, file in files.items()}


@contextmanager
def a_site() -> Iterator[Site]:
    def give(connection: socket.socket) -> None:
        kind, body = made.files.get(made.asked[-1], ("", b""))
        status = "200 OK" if kind else "404 Not Found"
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode() + body)

    with serving(give) as server:
        made = Site(server)
        yield made


@pytest.fixture
def site() -> Iterator[Site]:
    with a_site() as made:
        yield made


@pytest.fixture
def live(desk: Desk) -> Desk:
    """The desk, in which nothing but the card can be remarked."""
    desk.write("posts/links.toml", 'allowed = ["page.example"]\n')
    return desk


def here() -> Reach:
    """Every name leads to this machine, which is allowed."""
    return Reach(secure=False, lookup=lambda *_: ["127.0.0.1"], allows=lambda _: True)


def pages() -> Pages:
    return Pages(here())


def one(
    desk: Desk,
    *,
    slug: str | None = None,
    text: str | None = None,
    images: tuple[tuple[Path, str], ...] = (),
    to: str = "bluesky",
    reading: Pages | None = None,
    names: str = "",
) -> Composed:
    """The post that is made of it. `names`: one that is never posted."""
    [post] = desk.composed(
        Request(slug=slug, text=text, images=images, accounts=(to,), languages=("en",)),
        denied=Denied(b"k" * 32).adding([names] if names else []),
        pages=reading,
    )
    return post


def found(post: Composed) -> list[tuple[str, str]]:
    return [(finding.rule, finding.level) for finding in post.findings]


def card(post: Composed, part: int = 1) -> Card | None:
    return post.payload.parts[part - 1].card


def shown_card(post: Composed) -> Card:
    made = card(post)
    assert made is not None
    return made


def said(site: Site) -> str:
    return f"They have found it. Read what it says: {site.url}"


# ── what a page says ──────────────────────────────────────────────────────────────────────────────────────────


def test_the_page_of_a_link_gives_its_card_which_is_frozen_with_the_post(live: Desk, site: Site):
    site.says("The judgment", "What the Court found", IMAGE, card_jpg=("image/jpeg", jpeg()))
    post = one(live, text=said(site), reading=pages())
    made = shown_card(post)
    assert (made.url, made.title, made.description) == (site.url, "The judgment", "What the Court found")
    assert found(post) == [("people-in-photo", "look")]  # nobody can say who is on a page's picture
    assert restore(canonical(post.payload)) == post.payload
    other = replace(post.payload.parts[0], card=replace(made, title="Something else"))
    assert digest(replace(post.payload, parts=(other,))) != post.digest
    assert site.asked == ["/a", "/card.jpg"]


def test_the_picture_is_made_anew_from_its_pixels(live: Desk, site: Site):
    assert b"MARK" in jpeg()
    site.says("The judgment", "", IMAGE, card_jpg=("image/jpeg", jpeg(3000)))
    post = one(live, text=said(site), reading=pages())
    made = shown_card(post)
    assert made.thumb is not None
    kind, raw = post.images[made.thumb]
    assert (kind, sha256(raw).hexdigest()) == ("image/jpeg", made.thumb)
    assert b"MARK" not in raw
    assert len(raw) < 1_000_000


def test_a_page_is_checked_as_our_own_words_are(live: Desk, site: Site):
    site.says("Anzor Maskhadov was seen", "Call +7 495 123 45 67, 31 men")
    post = one(live, text=said(site), reading=pages(), names="Anzor Maskhadov")
    assert {("denied-name", "never"), ("phone", "never"), ("number", "reason")} <= set(found(post))
    [never] = [each for each in post.findings if each.rule == "denied-name"]
    assert never.where == "this text, the card that page.example gives its link"
    assert "link_card" in (never.mend or "")


def test_what_nobody_sees_in_a_title_is_taken_out(live: Desk, site: Site):
    site.says("The \u202ejud\u200bgment\x00")
    post = one(live, text=said(site), reading=pages())
    assert card(post) == Card(url=site.url, title="The judgment", description="")
    assert found(post) == []


@pytest.mark.parametrize(
    ("kind", "body", "why"),
    [
        ("", b"", "it answers 404"),
        ("application/pdf", b"%PDF-1.7", "it is of the kind application/pdf"),
        ("text/html", b"<p>no title</p>", "it has no title that can be read"),
        ("text/html", "<title>Суд</title>".encode("windows-1251"), "it has no title that can be read"),
    ],
)
def test_a_page_that_cannot_be_read_costs_the_card_and_not_the_post(
    live: Desk, site: Site, kind: str, body: bytes, why: str
):
    site.files = {"/a": (kind, body)} if kind else {}
    post = one(live, text=said(site), reading=pages())
    assert card(post) is None
    assert [(each.rule, each.level, each.why) for each in post.findings] == [
        ("no-card", "look", f"A link has no card (page.example): {why}.")
    ]


def test_a_page_in_a_private_network_is_not_read(live: Desk, site: Site):
    site.says("The router")
    post = one(live, text=said(site), reading=Pages(Reach(secure=False, lookup=lambda *_: ["127.0.0.1"])))
    assert found(post) == [("no-card", "look")]
    assert site.asked == []
    post = one(live, text=said(site).replace("page.example", "127.0.0.1"), reading=Pages())
    assert ("no-card", "look") in found(post)
    assert site.asked == []


@pytest.mark.parametrize(
    ("kind", "body", "why"),
    [
        ("image/jpeg", jpeg()[:300], "it is broken"),
        ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", "it is an SVG drawing"),
        ("image/png", b"\x89PNG\r\n\x1a\n" + bytes(5_000_001), "it is larger than 5 MB"),
        ("text/html", b"<p>", "it is of the kind text/html"),
        ("", b"", "it answers 404"),
    ],
)
def test_a_picture_that_is_none_leaves_the_words(live: Desk, site: Site, kind: str, body: bytes, why: str):
    site.says("The judgment", "", IMAGE)
    if kind:
        site.files["/card.jpg"] = (kind, body)
    post = one(live, text=said(site), reading=pages())
    assert card(post) == Card(url=site.url, title="The judgment", description="")
    [look] = post.findings
    assert (look.rule, look.level) == ("no-card", "look")
    assert look.why.startswith(f"A link's card has no picture (page.example): {why}")


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1/x.png", "file:///etc/passwd", "http://[::", "data:image/png;base64,AA"]
)
def test_a_picture_elsewhere_is_judged_as_the_page_was(live: Desk, site: Site, address: str):
    site.says("The judgment", "", f'<meta property="og:image" content="{address}">')
    post = one(live, text=said(site), reading=pages())
    made = shown_card(post)
    assert made.thumb is None
    assert "its address" in post.findings[0].why
    assert site.asked == ["/a"]


# ── which link, on which network, read how often ──────────────────────────────────────────────────────────────


def test_in_a_rehearsal_no_page_is_read_and_the_preview_can_say_so(live: Desk, site: Site):
    post = one(live, text=said(site))
    assert (card(post), post.later, found(post)) == (None, frozenset({1}), [])
    assert site.asked == []


@pytest.mark.parametrize("network", ["mastodon", "x"])
def test_networks_that_make_their_own_cards_are_left_to_it(live: Desk, site: Site, network: str):
    live.accounts = [account(network)]
    site.says("The judgment")
    text = said(site).replace("page.example", "page.org")  # an ending that each of them links
    assert [facet.kind for facet in networks.text(network).facets(text)] == ["link"]
    post = one(live, text=text, to=network, reading=pages())
    assert (card(post), post.later, site.asked) == (None, frozenset(), [])


def test_pictures_leave_no_room_for_a_card_in_their_part(live: Desk, site: Site):
    site.says("The judgment")
    photo = live.folder / "photo.png"
    photo.write_bytes(png())
    text = f"{said(site)}\n---\nOnce more, for those who missed it: {site.url}"
    post = one(live, text=text, images=((photo, "A wall"),), reading=pages())
    assert card(post, 1) is None
    assert card(post, 2) is not None
    assert one(live, text=text, images=((photo, "A wall"),)).later == {2}


def test_the_first_link_of_a_part_gets_the_card(live: Desk, site: Site):
    site.says("The judgment")
    site.files["/b"] = ("text/html", b"<title>Another</title>")
    text = f"The first of two: {site.url} and http://{site.host}/b"
    post = one(live, text=text, reading=pages())
    assert card(post) == Card(url=site.url, title="The judgment", description="")
    assert site.asked == ["/a"]


def test_a_page_is_read_once_for_all_accounts_and_again_through_another_proxy(live: Desk, site: Site):
    names = ("bluesky", "second", "third")
    live.accounts = [account("bluesky", name) for name in names]
    more = "".join(
        f'\n[accounts.{name}]\nnetwork = "bluesky"\nhandle = "{name}.example"\n' for name in names[1:]
    )
    site.says("The judgment")
    with a_site() as proxy:
        proxy.host = site.host
        proxy.says("What the proxy reads")
        live.write(
            "config.toml", f'{CONFIG}{more}proxy = "http://{proxy._server.url.removeprefix("http://")}"\n'
        )
        told: list[str] = []
        reading = Pages(here(), told.append)
        titles = [shown_card(one(live, text=said(site), to=name, reading=reading)).title for name in names]
        assert titles == ["The judgment", "The judgment", "What the proxy reads"]
        assert (site.asked, proxy.asked) == (["/a"], ["/a"])
    assert told == ["Reading the page at page.example, for the link's card …"] * 2


# ── the campaign's own words ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def asking(live: Desk, site: Site) -> Desk:
    """A template that makes a call, whose link leads to the site."""
    live.write("posts/calls.toml", CALLS.replace("LINK", site.url.replace("http:", "https:")))
    live.write("posts/ask/post.toml", 'title = "Ask"\npurpose = "Ask"\nsource = "x"\nlanguages = ["en"]\n')
    live.write("posts/ask/en.md", 'If you can, {{ call("sign") }}\n')
    (live.folder / "posts/sign.png").write_bytes(png())
    (live.folder / "posts/ask/own.png").write_bytes(png(80, 80))
    site.says("Never fetched")
    return live


def add(desk: Desk, file: str, more: str) -> None:
    path = desk.folder / file
    path.write_text(path.read_text() + more)


@pytest.mark.parametrize("reads", [False, True])
def test_a_calls_own_card_wins_and_nothing_is_fetched(asking: Desk, site: Site, reads: bool):
    add(asking, "posts/calls.toml", OWN)
    post = one(asking, slug="ask", reading=pages() if reads else None)
    made = shown_card(post)
    assert (made.title, made.description) == ("The petition of 2026", "Run by somebody")
    assert made.thumb in post.images
    assert found(post) == [], "its numbers are the ledger's: vouched for"
    assert (post.later, site.asked) == (frozenset(), [])


@pytest.mark.parametrize("reads", [False, True])
def test_a_templates_own_card_comes_before_its_calls_and_may_use_facts(asking: Desk, site: Site, reads: bool):
    add(asking, "posts/calls.toml", OWN)
    own = "\n[link_card]\ntitle = { en = \"In {{ fact_date('judgment')|date }} {{ fact('judgment') }}\" }\nimage = \"own.png\"\n"
    add(asking, "posts/ask/post.toml", own)
    post = one(asking, slug="ask", reading=pages() if reads else None)
    made = shown_card(post)
    assert (made.title, made.description) == ("In 12 September 2023 the European Court found torture", "")
    assert made.thumb in post.images
    assert (found(post), site.asked) == ([], [])
    assert {used.kind for used in post.used} == {"fact", "call"}


def test_a_card_of_ones_own_that_finds_no_place_is_told(asking: Desk):
    add(asking, "posts/ask/post.toml", '\n[link_card]\ntitle = { en = "Ours" }\n')
    assert found(one(asking, slug="ask")) == []
    asking.write("posts/ask/en.md", "Nothing to follow.\n")
    [finding] = one(asking, slug="ask").findings
    assert finding.why == "The card of [link_card] is not shown: the text has no link."
    asking.write("posts/ask/en.md", 'If you can, {{ call("sign") }}\n')
    add(asking, "posts/ask/post.toml", '\n[[media]]\nfile = "own.png"\nalt = { en = "A blue field" }\n')
    [finding] = one(asking, slug="ask").findings
    assert finding.why == "The card of [link_card] is not shown: pictures leave no room for it."
    assert one(asking, slug="ask", to="mastodon").findings == ()


def test_own_words_are_checked_and_none_is_cut(asking: Desk):
    add(asking, "posts/ask/post.toml", f'\n[link_card]\ntitle = {{ en = "{"long " * 61}31 men" }}\n')
    rules = dict(found(one(asking, slug="ask")))
    assert rules["over-long"] == "never"
    assert rules["number"] == "reason"


def test_a_link_that_follows_readers_keeps_its_calls_card(asking: Desk):
    path = asking.folder / "posts/calls.toml"
    path.write_text(path.read_text().replace('/a"', '/a?utm_source=x"') + OWN)
    made = shown_card(one(asking, slug="ask"))
    assert made.url.endswith("/a")
    assert made.title == "The petition of 2026"


def test_a_language_without_words_of_its_own_has_the_pages(asking: Desk, site: Site):
    asking.write("posts/ask/post.toml", 'title = "Ask"\npurpose = "Ask"\nsource = "x"\nlanguages = ["ru"]\n')
    (asking.folder / "posts/ask/en.md").rename(asking.folder / "posts/ask/ru.md")
    add(asking, "posts/calls.toml", OWN)
    [post] = asking.composed(Request(slug="ask", accounts=("bluesky",)))
    assert (card(post), post.later) == (None, frozenset({1}))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ('title = { ru = "x" }', r"link_card\.title\.en is missing"),
        ('title = { en = "x" }\nimage = "none.png"', "names none.png, which is not there"),
        ('title = { en = "x" }\nimage = "../sign.png"', "is not in this folder"),
        ('title = { en = "x" }\nalt = { en = "x" }', "alt"),
    ],
)
def test_a_templates_card_that_cannot_be_is_an_error(asking: Desk, wrong: str, message: str):
    add(asking, "posts/ask/post.toml", f"\n[link_card]\n{wrong}\n")
    with pytest.raises(CampaignError, match=message):
        templates.load(asking.folder, "ask")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("", "", None),
        ('title = { en = "The petition of 2026" }', "title = {}", "is empty"),
        ('title = { en = "The petition of 2026" }', 'title = { ru = "x" }', "title.en is missing"),
        ("link = ", "why = ", "link_card is there, but the call has no link"),
        ("Run by", "Run\u202e by", "cannot be seen"),
    ],
)
def test_a_calls_card_that_cannot_be_is_an_error(asking: Desk, old: str, new: str, message: str | None):
    add(asking, "posts/calls.toml", OWN)
    path = asking.folder / "posts/calls.toml"
    path.write_text(path.read_text().replace(old, new) if old else path.read_text())
    if message is None:
        calls.Calls.load(asking.folder)
        return
    with pytest.raises(CampaignError, match=message):
        calls.Calls.load(asking.folder)


@pytest.mark.parametrize(("image", "error"), [("gone.png", CampaignError), ("sign.txt", CheckFailed)])
def test_a_picture_of_ones_own_that_is_none_is_an_error(asking: Desk, image: str, error: type[Exception]):
    asking.write("posts/sign.txt", "no picture")
    add(asking, "posts/calls.toml", OWN.replace("sign.png", image))
    with pytest.raises(error, match=re.escape(image)):
        one(asking, slug="ask")


def test_a_post_remembers_its_calls_card(asking: Desk):
    before = one(asking, slug="ask").used
    add(asking, "posts/calls.toml", OWN)
    [used] = one(asking, slug="ask").used
    assert used.hash != before[0].hash
    path = asking.folder / "posts/calls.toml"
    path.write_text(path.read_text().replace("Run by", "Once run by"))
    ledger = calls.Calls.load(asking.folder)
    assert ledger.broken(used, "en", DUE.date()) == 'the call "sign" has changed since the post was queued'


# ── who may read pages at all ─────────────────────────────────────────────────────────────────────────────────


def test_only_a_live_campaign_reads_pages(desk: Desk, tmp_path: Path):
    state = tmp_path / "state"
    with App(campaign=str(desk.folder), state=state) as app:
        assert app.pages() is None
        assert isinstance(app.as_live().pages(), Pages)

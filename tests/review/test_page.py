from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from time import perf_counter

import pytest

from clarion.campaign import bundled
from clarion.campaign.checks import found
from clarion.campaign.ledgers.ledger import Ledger
from clarion.digest import canonical, restore
from clarion.review.abroad import asks_abroad, asks_in_words
from clarion.review.lines import terminal
from clarion.review.page import web, write_web
from clarion.review.preview import Preview, of_payload
from tests.composing.conftest import CONFIG, DUE, POST
from tests.review.conftest import Board

#: Attributes by which a page fetches. A link (href of an `a`) fetches nothing until somebody follows it.
FETCHING = {"src", "srcset", "data", "poster", "action", "formaction", "background", "ping", "manifest"}


class Page(HTMLParser):
    """What a page holds, tag by tag."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.unfolded = ""  # what is read before anything is opened
        self._folds: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("details", "summary"):
            self._folds.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("details", "summary"):
            assert self._folds.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data
        if not self._folds or self._folds == ["details", "summary"]:
            self.unfolded += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture
def previews(board: Board) -> list[Preview]:
    return board.previews(slug="judgment")


@pytest.fixture
def page(previews: list[Preview]) -> Page:
    return Page(web(previews))


def test_the_page_fetches_nothing(page: Page):
    for tag, attrs in page.tags:
        assert all((attrs[name] or "").startswith("data:image/") for name in FETCHING & set(attrs)), (
            tag,
            attrs,
        )
    assert not page.all("link")
    assert not page.all("iframe")
    assert not page.all("form")
    assert "url(" not in page.html
    assert "@import" not in page.html


def test_the_page_forbids_fetching(page: Page):
    [policy] = [
        meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")


def test_the_page_runs_no_script(page: Page):
    assert not page.all("script")
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    assert not [
        a for a in page.all("a") if (a.get("href") or "").partition(":")[0] not in ("https", *anchors(page))
    ]


def anchors(page: Page) -> set[str]:
    return {f"#{attrs['id']}" for _, attrs in page.tags if "id" in attrs}


def test_the_page_says_nothing_to_those_who_index_or_refer(page: Page):
    named = {meta.get("name"): meta.get("content") for meta in page.all("meta")}
    assert named["referrer"] == "no-referrer"
    assert "noindex" in (named["robots"] or "")
    assert page.html.partition("<title>")[2].partition("</title>")[0] == "Preview"


def test_the_page_can_be_walked_by_ear(page: Page, previews: list[Preview]):
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == 1
    assert len(page.all("h2")) == len(previews)
    assert len(page.all("main")) == 1
    assert page.tags[[tag for tag, _ in page.tags].index("body") + 1] == (
        "a",
        {"class": "skip", "href": "#posts"},
    )
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert all((image.get("alt") or "").strip() for image in page.all("img"))
    assert {"en", "ru"} <= {attrs["lang"] for _, attrs in page.tags if "lang" in attrs}


def test_the_page_says_where_when_and_what(page: Page):
    for words in (
        "Mastodon · @eyes · ru",
        "Due Sat 12 Sep 2026, 08:00 +02:00 (Europe/Berlin)",
        "Европейский суд установил пытки",
        "Белые слова на синем: Суд решил.",
        "#EyesOnChechnya",
    ):
        assert words in page.words


def test_what_people_should_look_at_is_on_the_page(board: Board):
    more = 'network = "mastodon"\nreplies = "followed"\n'
    board.desk.write("config.toml", CONFIG.replace('network = "mastodon"\n', more))
    page = Page(web(board.previews(text="We remember.", accounts=("mastodon",))))
    assert "Please look: mastodon: Mastodon cannot limit replies: everyone may reply there." in page.words


def test_a_text_cannot_become_part_of_the_page(board: Board):
    page = Page(
        web(board.previews(text='<script>alert(1)</script> <img src="https://a.example/x"> <script>\u202ex'))
    )
    assert not page.all("script")
    assert not page.all("img")
    assert "\u202e" not in page.html
    assert "<script>alert(1)</script>" in page.words


def test_the_file_has_a_neutral_name_and_the_title_one_wants(previews: list[Preview], tmp_path: Path):
    path = write_web(tmp_path / "out", previews, title="Notes")
    assert path == tmp_path / "out" / "index.html"
    assert "<title>Notes</title>" in path.read_text(encoding="utf-8")


def test_a_stored_payload_shows_as_what_was_composed(board: Board):
    zone = board.desk.config.zone()
    for post, preview in zip(
        board.desk.compose(slug="judgment"), board.previews(slug="judgment"), strict=True
    ):
        stored = restore(canonical(post.payload))
        images = {sha256: data for sha256, (_, data) in post.images.items()}
        again = of_payload(
            stored, account=post.account, image=images.__getitem__, due=DUE, zone=zone, later=post.later
        )
        assert again == preview


def test_the_alt_text_stands_in_plain_sight_where_nothing_is_folded(board: Board):
    page = Page(web(board.previews(slug="judgment", languages=("en",), accounts=("x",))))
    assert "White words on blue: The Court has ruled." in page.unfolded


def test_what_a_warning_covers_stays_folded(board: Board):
    page = Page(web(board.previews(slug="judgment", languages=("en",), accounts=("mastodon",))))
    assert "CW: torture" in page.unfolded
    for words in ("the European Court found torture", "White words on blue"):
        assert words in page.words
        assert words not in page.unfolded


def with_a_card(board: Board, title: str) -> Preview:
    """A post whose second part has a link card in the campaign's own words, with a picture."""
    board.desk.write(
        "posts/judgment/post.toml",
        f'{POST}\n[link_card]\ntitle = {{ en = "{title}", ru = "Решение" }}\ndescription = {{ en = "By the Court" }}\nimage = "card.png"\n',
    )
    [preview] = board.previews(slug="judgment", accounts=("bluesky",), languages=("en",))
    return preview


def test_a_link_card_is_shown_with_its_picture_and_fetches_nothing(board: Board):
    page = Page(web([with_a_card(board, "The judgment")]))
    assert "The judgment" in page.words
    assert "By the Court" in page.words
    images = page.all("img")
    assert len(images) == 2
    assert all((image["src"] or "").startswith("data:image/png;base64,") for image in images)
    assert (images[1]["width"], images[1]["height"]) == ("1200", "300")


def test_a_cards_title_cannot_hide_what_it_says(board: Board):
    shown = terminal([with_a_card(board, "The \\u202Ejudgment")])
    assert "[Link card] [Image 1200 x 300] The ⟨U+202E⟩judgment" in shown


def test_the_safety_note_stands_before_everything_else(page: Page):
    words = " ".join(page.words.partition("Skip to the posts")[2].split())
    assert words.startswith("Если вы в России: не делайте репостов")
    assert words.index("If you are in Russia: do not repost") < words.index("Preview")
    assert "Если вы в России" in page.unfolded


@pytest.mark.parametrize("abroad", [True, False])
def test_what_is_only_for_readers_outside_russia_stands_behind_a_fold(board: Board, abroad: bool):
    [post] = board.previews(slug="judgment", languages=("ru",), accounts=("bluesky",))
    page = Page(web([replace(post, abroad=abroad)]))
    for words in ("Европейский суд установил пытки", "Белые слова на синем"):
        assert words in page.words
        assert (words in page.unfolded) is not abroad
    assert ("Я не в России" in page.unfolded) is abroad


@pytest.mark.parametrize(
    ("language", "calls", "audience", "folded"),
    [
        ("ru", ["tell"], "everyone", True),
        ("ru", ["safety"], "everyone", False),
        ("ru", [], "outside-russia", True),
        ("ru", ["gone"], None, True),
        ("ru", [], None, False),
        ("en", ["tell"], "outside-russia", False),
    ],
)
def test_a_russian_ask_that_is_only_safe_abroad_is_known_by_its_call_or_its_template(
    language: str, calls: list[str], audience: str | None, folded: bool
):
    ledger = Ledger.load(bundled.posts().parent)
    assert asks_abroad(ledger, language, calls, audience) is folded


@pytest.mark.parametrize(
    "text",
    [
        "Поделитесь этим и подпишите петицию: https://ohchr.org/p",
        "Подели\u0301тесь с друзьями.",
        "РАСПРОСТРАНИТЕ это.",
        "Просим вас распространить это сообщение.",
        "Нужен максимальный репост!",
        "Поставьте, пожалуйста, свою подпись.",
        "Напишите послу вашей страны.",
        "Не молчите и подпишите обращение.",
        "Приходите в субботу на площадь.",
        "Если вы не в России, расскажите об этом.",
        "Давайте вместе отправим письма.",
        "Петиция к министру. Она здесь: https://ohchr.org/p",
    ],
)
def test_an_ask_in_somebodys_own_words_is_known_by_its_verbs(text: str):
    assert asks_in_words(text)


@pytest.mark.parametrize(
    "text",
    [
        "Если вы в России, не делайте репостов и не пересылайте это.",
        "В России нельзя подписывать петиции.",
        "Репост может быть опасен. Достаточно прочитать.",
        "Сотни людей подписали петицию весной 2017 года.",
        "Суд написал: пытки были.",
        "Никогда не пишите об этом из России.",
        "Мы помним. Не отводите взгляд.",
        "The petition: https://ohchr.org/p. Share it, sign it.",
    ],
)
def test_what_warns_or_tells_is_no_ask(text: str):
    assert not asks_in_words(text)


@pytest.mark.parametrize("path", sorted(bundled.posts().glob("*/ru*.md")), ids=lambda path: path.parent.name)
def test_our_own_russian_texts_warn_and_ask_through_the_ledger_alone(path: Path):
    assert not asks_in_words(path.read_text(encoding="utf-8"))


def test_an_ask_in_a_typed_text_stands_behind_the_fold(board: Board):
    typed = board.previews(text="Поделитесь этим.", languages=("ru",))
    assert typed
    assert all(each.abroad for each in typed)
    assert not any(each.abroad for each in board.previews(text="Мы помним.", languages=("ru",)))


def test_words_are_read_in_a_time_that_grows_with_them():
    for again in ("поделиться ", "петиция ", "можно ", "подпи", "ваш репост-"):
        begin = perf_counter()
        asks_in_words("не " + again * (40_000 // len(again)))
        assert perf_counter() - begin < 2


def test_what_is_found_on_every_network_stands_once_below_the_posts(board: Board):
    page = Page(web(board.previews(text="We were 300 people.")))
    assert page.words.count("Needs a reason: this text: “300”") == 1
    assert page.words.rindex("Bluesky · @eyes.example") < page.words.index("Needs a reason")
    assert {"href": "#checks"} in page.all("a")


def test_what_is_blocked_says_so_at_the_top_and_at_the_post_itself(board: Board):
    [mastodon, *others] = board.previews(slug="judgment", languages=("en",))
    assert others
    stopped = replace(mastodon, findings=(found("broken", where="posts/judgment", why="It says nothing."),))
    page = Page(web([*others, stopped]))
    top, _, posts = page.unfolded.partition(others[0].heading)
    assert f"Blocked: 1 of {len(others) + 1} must not be posted as it is." in top
    shown, _, remarks = posts.rpartition("What the checks say")
    assert shown.rindex("Blocked: do not post this as it is.") > shown.rindex(stopped.heading)
    assert shown.count("Blocked:") == 1
    assert "Blocked: posts/judgment: It says nothing." in remarks
    assert page.all("a").count({"href": "#checks"}) == 3
    assert "locked" not in Page(web(others)).words

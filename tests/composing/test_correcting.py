"""What corrects: in which language it answers, what it keeps of what it edits."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from clarion.composing import correcting
from clarion.composing.compose import Composed, Request
from clarion.digest import canonical, digest
from clarion.errors import CampaignError
from clarion.model import Media, Part, Payload, State
from clarion.outbox.entries.views import DeliveryView, PostView
from tests.composing.conftest import DUE, Desk, account

PICTURE = Media(sha256="5" * 64, mime="image/png", alt="A wall", width=4, height=3)


@pytest.fixture(autouse=True)
def template(desk: Desk) -> None:
    desk.write(
        "posts/correction/post.toml",
        'title = "A correction"\npurpose = "Mends"\nlanguages = ["en"]\nsource = "us"\naudience = "everyone"\n',
    )
    desk.write("posts/correction/en.md", "We were wrong about {{ about }}.\n")


def up(
    *texts: str, network: str = "mastodon", language: str = "en", state: State = State.SENT, **payload: Any
) -> PostView:
    """A post that is up: the last part in `state`."""
    on = account(network)
    parts = tuple(Part(text=text) for text in texts or ("Wrong.",))
    frozen = Payload(account=on.identity, language=language, parts=payload.pop("parts", parts), **payload)
    states = [*[State.SENT] * (len(frozen.parts) - 1), state]
    return PostView(
        id=f"{network}-{language}",
        account=on,
        language=language,
        digest=digest(frozen),
        due=DUE,
        late=timedelta(hours=2),
        evergreen=False,
        sensitive=False,
        approvals=(),
        deliveries=tuple(
            _delivery(f"{network}-{language}", each, part) for part, each in enumerate(states, 1)
        ),
        stored=canonical(frozen),
        used="[]",
        window=(DUE, DUE),
    )


def _delivery(post: str, state: State, part: int) -> DeliveryView:
    return DeliveryView(
        id=f"{post}-{part}".ljust(32, "0"),
        part=part,
        state=state,
        reason=None,
        due_at=None,
        look_at=None,
        backoffs=0,
        receipt=None,
        intended=True,
    )


def composing(desk: Desk) -> correcting.Composing:
    def compose(request: Request) -> list[Composed]:
        plain = {name: getattr(request, name) for name in request.__dataclass_fields__}
        return desk.compose(**plain)

    return compose


def answers(desk: Desk, *posts: PostView) -> correcting.Answers:
    request = Request(slug="correction", variables={"about": "who reported first"})
    return correcting.answers(posts, request, composing(desk), folder=desk.folder, config=desk.config)


def edit(desk: Desk, post: PostView, text: str) -> Composed:
    return correcting.edit(post, 12, text, composing(desk), image=lambda _sha256: b"the picture")[1]


# ── answers ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_part_one_of_each_post_is_answered_on_its_account(desk: Desk) -> None:
    posts = up("One.", "Two."), up(network="bluesky")
    made = answers(desk, *posts)
    assert [each.payload.answers for each in made.posts] == [post.deliveries[0].id for post in posts]
    assert [each.account.name for each in made.posts] == ["mastodon", "bluesky"]
    assert all(each.digest == digest(each.payload) for each in made.posts)
    assert made.notes == ()


def test_an_answer_is_in_the_language_of_the_post_where_it_is_written_in_it(desk: Desk) -> None:
    about = desk.folder / "posts/correction/post.toml"
    about.write_text(about.read_text().replace('["en"]', '["en", "ru"]'))
    desk.write("posts/correction/ru.md", "Мы ошиблись: {{ about }}.\n")
    made = answers(desk, up(), up(language="ru"))
    assert [(each.language, each.payload.answers or "") for each in made.posts] == [
        ("en", up().deliveries[0].id),
        ("ru", up(language="ru").deliveries[0].id),
    ]
    assert made.notes == ()


def test_else_it_is_in_one_that_it_has_and_people_are_told(desk: Desk) -> None:
    made = answers(desk, up(language="ru"))
    assert [each.language for each in made.posts] == ["en"]
    [note] = made.notes
    assert "the post is in ru, and its answer in en" in note
    assert "clarion posts edit correction --lang ru" in note


def test_one_account_never_says_the_same_twice(desk: Desk) -> None:
    made = answers(desk, up(), up(language="ru"))
    assert [each.payload.answers for each in made.posts] == [up().deliveries[0].id]
    [note] = made.notes
    assert "the post in ru gets no answer" in note


def test_on_x_it_stands_alone_until_threads_are_allowed_there(desk: Desk) -> None:
    made = answers(desk, up(network="x"))
    assert made.posts[0].payload.answers is None
    assert "threads = true below [accounts.x]" in made.notes[0]
    config = desk.folder / "config.toml"
    config.write_text(config.read_text() + "threads = true\n")
    made = answers(desk, up(network="x"))
    assert made.posts[0].payload.answers == up(network="x").deliveries[0].id
    assert made.notes == ()


# ── edits ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_edit_keeps_all_but_the_words(desk: Desk) -> None:
    old = up(
        parts=(Part(text="Wrong.", media=(PICTURE,)), Part(text="More.")),
        visibility="unlisted",
        warning="CW: torture",
        labels=("graphic-media",),
    )
    made = edit(desk, old, "Right.\n---\nMore.")
    first, second = made.payload.parts
    assert made.payload == replace(old.payload, parts=made.payload.parts, replaces=old.deliveries[0].id)
    assert first.text.startswith("Right.")
    assert (first.media, second.media) == ((PICTURE,), ())
    assert made.images == {PICTURE.sha256: ("image/png", b"the picture")}
    assert made.digest == digest(made.payload)


def test_what_checks_say_of_the_new_words_is_found(desk: Desk) -> None:
    made = edit(desk, up(), "Right. Call +7 928 123-45-67.")
    assert "never" in {each.level for each in made.findings}


@pytest.mark.parametrize(
    ("post", "text", "says"),
    [
        (up("One.", "Two."), "One.", "2 posts on mastodon, and this text makes 1"),
        (up("One."), "One.\n---\nTwo.", "1 post on mastodon, and this text makes 2"),
        (up("One.\n\n#EyesOnChechnya #CloseTheCamps"), "One.", "nothing would change"),
        (up(network="bluesky"), "Right.", "on Bluesky a post cannot be edited"),
        (up(network="x"), "Right.", "on X a post cannot be edited"),
        (up("One.", "Two.", state=State.SCHEDULED), "One, mended.\n---\nTwo.", "is not up whole"),
    ],
)
def test_what_no_edit_can_do_is_said_in_a_sentence(desk: Desk, post: PostView, text: str, says: str) -> None:
    with pytest.raises(CampaignError, match=says) as caught:
        edit(desk, post, text)
    assert caught.value.hint

"""Corrections: posts that answer what is up, or take its place.

In: the posts of an entry that are up, and the words that put them right. Out: composed posts that say what they correct, on
their way to people and the outbox as any other; and what people must know about them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from clarion import networks
from clarion.campaign import templates
from clarion.campaign.config import Config
from clarion.campaign.templates import Template
from clarion.composing.compose import Composed, Request
from clarion.digest import digest
from clarion.errors import CampaignError
from clarion.model import Part, Payload, State
from clarion.outbox.entries.views import EntryView, PostView

#: The template that answers what was wrong.
SLUG = "correction"
#: Whoever approves an edit may come late: what is wrong is up as long, and no day makes it right.
_LATE = timedelta(hours=12)
#: What `compose` does, with all but the request given.
Composing = Callable[[Request], list[Composed]]
#: The bytes of an image by its SHA-256.
Image = Callable[[str], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The posts that answer, and what there is to say about them."""

    posts: tuple[Composed, ...]
    notes: tuple[str, ...]


def up(entry: EntryView, *, account: str | None = None, language: str | None = None) -> list[PostView]:
    """The posts of an entry that are up, from part 1 on, as far as they are asked for."""
    return [
        post
        for post in entry.posts
        if post.deliveries[0].state is State.SENT
        and account in (None, post.account.name)
        and language in (None, post.language)
    ]


def editable(posts: Iterable[PostView]) -> list[PostView]:
    """Those whose network lets a post be edited."""
    return [post for post in posts if networks.options(post.account.network).EDITS]


def text_of(post: PostView) -> str:
    """What is up, as somebody would type it."""
    return "\n---\n".join(part.text for part in post.payload.parts)


def answers(
    posts: Sequence[PostView], request: Request, composing: Composing, *, folder: Path, config: Config
) -> Answers:
    """A post for each that is up, in its language where the template has it. `request` names the template.

    It answers part 1: who was shown the post, or is led to it, sees that part, and the answers below it.
    """
    assert request.slug is not None
    template = templates.load(folder, request.slug)
    made: dict[tuple[str, str], Composed] = {}
    notes: list[str] = []
    for post in posts:
        language = _language(post, template, config)
        if language is None or (post.account.name, language) in made:
            notes.append(_left_out(post, request.slug))
            continue
        asked = replace(request, languages=(language,), accounts=(post.account.name,))
        (composed,) = composing(asked)
        notes += _notes(post, language, request.slug, config)
        alone = _stands_alone(post, config)
        payload = composed.payload if alone else replace(composed.payload, answers=post.deliveries[0].id)
        made[post.account.name, language] = _with(composed, payload)
    if not made:
        raise CampaignError(
            f"no account takes posts/{request.slug} in a language it is written in: {', '.join(template.languages)}",
            f"clarion posts edit {request.slug} --lang {posts[0].language}",
        )
    return Answers(posts=tuple(made.values()), notes=tuple(dict.fromkeys(notes)))


def edit(
    post: PostView, number: int, text: str, composing: Composing, *, image: Image
) -> tuple[Request, Composed]:
    """The post that takes the place of one that is up: another text; warning, images, language, readers stay as they were.

    CampaignError where the network does not edit, where a part is not up, where nothing changes, or where the number of
    parts does.
    """
    _require_editable(post, number)
    request = Request(
        text=text,
        warning=post.payload.warning,
        languages=(post.language,),
        accounts=(post.account.name,),
    )
    (composed,) = composing(request)
    there, new = post.payload.parts, composed.payload.parts
    if len(there) != len(new):
        raise CampaignError(
            f"#{number} is {_posts(len(there))} on {post.account.name}, and this text makes {len(new)}:"
            " an edit changes each post, and neither adds nor takes one away",
            f"a line --- stands between two posts; or take it down and say it anew: clarion recall {number}",
        )
    if [part.text for part in there] == [part.text for part in new]:
        raise CampaignError(
            f"#{number} says that already: nothing would change", f"clarion queue show {number}"
        )
    parts = tuple(_mended(old, part) for old, part in zip(there, new, strict=True))
    payload = replace(post.payload, parts=parts, replaces=post.deliveries[0].id)
    late = max(composed.late, _LATE)
    pictures = {media.sha256: (media.mime, image(media.sha256)) for part in parts for media in part.media}
    return request, replace(_with(composed, payload), images=pictures, late=late)


# ── below ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _with(composed: Composed, payload: Payload) -> Composed:
    return replace(composed, payload=payload, digest=digest(payload))


def _mended(old: Part, new: Part) -> Part:
    """The new words with the pictures of the old."""
    return replace(old, text=new.text, facets=new.facets)


def _language(post: PostView, template: Template, config: Config) -> str | None:
    """The post's own, else the first of the template's that the account speaks."""
    spoken = config.languages(post.account.name) if post.account.name in config.accounts else ()
    wanted = (post.language, *template.languages)
    return next((each for each in wanted if each in template.languages and each in spoken), None)


def _stands_alone(post: PostView, config: Config) -> bool:
    """X lets a program answer only where it allows threads."""
    return post.account.network == "x" and not config.accounts[post.account.name].threads


def _notes(post: PostView, language: str, slug: str, config: Config) -> list[str]:
    name = post.account.name
    found = []
    if language != post.language:
        found.append(
            f"{name}: the post is in {post.language}, and its answer in {language}."
            f" To write it in {post.language}: clarion posts edit {slug} --lang {post.language}"
        )
    if _stands_alone(post, config):
        found.append(
            f"{name}: on X this is a post of its own, not an answer, without a link: a link would lead people to what was"
            f" wrong, and costs more. Where X lets you answer: threads = true below [accounts.{name}] in config.toml"
        )
    return found


def _left_out(post: PostView, slug: str) -> str:
    return (
        f"{post.account.name}: the post in {post.language} gets no answer: posts/{slug} is not written in it."
        f" To write it: clarion posts edit {slug} --lang {post.language}"
    )


def _require_editable(post: PostView, number: int) -> None:
    title = networks.options(post.account.network).TITLE
    if not editable([post]):
        raise CampaignError(
            f"on {title} a post cannot be edited",
            f"clarion correct {number} --answer --account {post.account.name}   or   clarion recall {number}",
        )
    if any(each.state is not State.SENT for each in post.deliveries):
        raise CampaignError(
            f"#{number} is not up whole on {post.account.name}: an edit takes the place of all of it",
            f"clarion recall {number}",
        )


def _posts(count: int) -> str:
    return "1 post" if count == 1 else f"{count} posts"

"""`clarion init`: a folder becomes a campaign that works in rehearsal at once.

In: a folder and a handful of answers. Out: `posts/`, `.gitignore` and, last, `config.toml`: what a crash leaves
half done, `init` finishes. Nothing that is there is ever overwritten.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from clarion.cli.terminal import shell
from clarion.errors import CampaignError

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

T = TypeVar("T")

#: The name approvals carry while nobody said one.
SOMEBODY = "organiser"
_GITIGNORE = "# The outbox and the secrets live outside this folder.\n*.tmp\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What `init` wants to know."""

    name: str
    me: str
    zone: str
    languages: tuple[str, ...]
    networks: tuple[str, ...]


@click.command(
    epilog=shell.example(
        "clarion init", 'clarion init eyes-on --yes --name "Eyes on Chechnya" --zone Europe/Berlin --as Vera'
    ),
)
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@click.option("--name", help="What the campaign is called.")
@click.option("--as", "me", metavar="NAME", help="Your name or a pseudonym, for approvals.")
@click.option("--zone", help="The time zone that times are meant in, such as Europe/Berlin.")
@click.option("--languages", metavar="LIST", help='The languages of your posts, such as "en, ru".')
@click.option("--networks", metavar="LIST", help='Where you will speak, such as "mastodon, bluesky".')
@click.option("--yes", is_flag=True, help="Ask nothing: take what is given, and the usual answers.")
def init(folder: Path, *, yes: bool, **given: str | None) -> None:
    """Start a campaign in this folder.

    Makes config.toml and posts/ with templates to begin from. Nothing that is there is overwritten, and everything
    stays in rehearsal, on this machine, until `clarion live`.
    """
    from clarion.accounts import me

    refuse_if_taken(folder)
    document = _example()
    answers = _answers(document, given, ask=not yes and shell.interactive())
    fill(document, answers)
    kept = make(folder, document)
    # What nobody chose gives way to what somebody says.
    if me.remembered() in (None, SOMEBODY) and answers.me != me.who():
        me.remember(answers.me)
    _tell(folder, document, answers, kept)


# ── asking ────────────────────────────────────────────────────────────────────────────────────────────────────


def _answers(document: TOMLDocument, given: dict[str, str | None], *, ask: bool) -> Answers:
    from clarion.accounts import me
    from clarion.campaign import proper
    from clarion.networks import NAMES

    campaign = _plain(document)["campaign"]

    def answer(key: str, question: str, usual: str, taken: Callable[[str], T]) -> T:
        said = given[key]
        if said is None and ask:
            return shell.ask(question, taken, usual=usual)
        return taken(usual if said is None else said.strip())

    name = answer("name", "What is the campaign called", campaign["name"], proper.name)
    who = answer("me", "Your name, or a pseudonym, for approvals", me.who() or SOMEBODY, me.proper)
    zone = answer("zone", "In which time zone do you plan", zone_here() or campaign["zone"], _known_zone)
    usual = ", ".join(campaign["languages"])
    languages = answer("languages", "Which languages do you write in", usual, _known_languages)
    if ask and given["networks"] is None:
        shell.say_so(price_of_x())
    # Where nobody is asked, all of them are there to be rehearsed.
    usual = "mastodon, bluesky" if ask else ", ".join(NAMES)
    networks = answer("networks", "Where will you speak one day", usual, _known_networks)
    return Answers(name=name, me=who, zone=zone, languages=languages, networks=networks)


def zone_here() -> str | None:
    """The IANA name of this machine's time zone, where it says one."""
    named = os.environ.get("TZ", "").lstrip(":")
    if not named:
        named = os.path.realpath("/etc/localtime").partition("/zoneinfo/")[2]
    try:
        return _known_zone(named.removeprefix("posix/")) if named else None
    except CampaignError:
        return None


def _known_zone(typed: str) -> str:
    """The zone's IANA name; a city is enough: "berlin" is Europe/Berlin."""
    from difflib import get_close_matches
    from zoneinfo import available_timezones

    zones = available_timezones()
    if typed in zones:
        return "UTC" if typed == "Etc/UTC" else typed
    wanted = typed.rpartition("/")[2].replace("_", " ").lower()
    cities = {
        zone.rpartition("/")[2].replace("_", " ").lower(): zone for zone in sorted(zones) if "/" in zone
    }
    if wanted in cities and "/" not in typed:
        return cities[wanted]
    near = get_close_matches(wanted, cities, n=1)
    hint = f"did you mean: {cities[near[0]]}" if near else "write it like this: Europe/Berlin"
    raise CampaignError(f"there is no time zone “{typed}”", hint)


def _known_languages(typed: str) -> tuple[str, ...]:
    from clarion.campaign import proper

    languages = tuple(map(proper.language, _words(typed)))
    if not languages:
        raise CampaignError("a campaign writes in one language or more", "name them by their codes: en, ru")
    return languages


def _known_networks(typed: str) -> tuple[str, ...]:
    from clarion.networks import NAMES

    wanted = tuple(name.lower() for name in _words(typed))
    for name in wanted:
        if name not in NAMES:
            raise shell.unknown("network", name, NAMES)
    if not wanted:
        raise CampaignError("a campaign speaks on one network or more", f"name them: {', '.join(NAMES)}")
    return wanted


def price_of_x() -> str:
    """What X costs, in a sentence."""
    from clarion.networks.x import prices
    from clarion.outbox.limits.money import dollars

    return (
        "X asks for a developer account, a card and credits:"
        f" {dollars(prices.POST + prices.READ)} a post, {dollars(prices.POST_WITH_URL + prices.READ)} one with a link,"
        f" each with {dollars(prices.READ)} for reading it back. The others cost nothing."
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in re.split(r"[,;\s]+", text) if word))


# ── making ────────────────────────────────────────────────────────────────────────────────────────────────────


def refuse_if_taken(folder: Path) -> None:
    """Raise CampaignError where a campaign, or somebody's config.toml, is already."""
    from clarion.campaign import where

    target = folder / where.FILE
    if folder.is_symlink() and not folder.exists():
        raise CampaignError(
            f"{folder} is a link to {folder.readlink()}, which is not there",
            f"make that folder first: mkdir -p {shlex.quote(str(folder.resolve()))}",
        )
    if folder.exists() and not folder.is_dir():
        raise CampaignError(f"{folder} is a file", "clarion init DIR, with another name")
    if os.path.lexists(target):
        raise CampaignError(
            f"{target} is there already; nothing was changed", "clarion init DIR, for another folder"
        )
    try:
        around = where.find(folder.absolute().parent, None)
    except where.NoCampaign:
        return
    raise CampaignError(
        f"this folder lies inside the campaign {around}",
        "go there, or choose a folder outside: clarion init DIR",
    )


def fill(document: TOMLDocument, answers: Answers) -> None:
    """Write the answers into the example; its comments stay, and of its accounts those on the networks chosen."""
    from clarion.campaign import proper

    campaign: Any = document["campaign"]
    campaign["id"] = proper.new_id()
    campaign["name"] = answers.name
    campaign["zone"] = answers.zone
    campaign["languages"] = list(answers.languages)
    accounts: Any = document["accounts"]
    for name, account in list(accounts.items()):
        if account["network"] not in answers.networks:
            del accounts[name]
            continue
        spoken = [language for language in account.get("languages", ()) if language in answers.languages]
        account["languages"] = spoken or list(answers.languages)


def make(folder: Path, document: TOMLDocument) -> list[Path]:
    """Write the campaign, config.toml last. Returns the files that were there and differ: they are kept."""
    import tomlkit

    from clarion.accounts.files import write_whole
    from clarion.campaign import bundled, where
    from clarion.campaign.editing import require_valid

    text = tomlkit.dumps(document)
    require_valid(text)  # before anything is written
    folder.mkdir(parents=True, exist_ok=True)
    kept = _copy(bundled.posts(), folder / "posts")
    if not os.path.lexists(folder / ".gitignore"):
        write_whole(folder / ".gitignore", _GITIGNORE.encode())
    write_whole(folder / where.FILE, text.encode())
    return kept


def _copy(source: Path, target: Path) -> list[Path]:
    from clarion.accounts.files import write_whole

    kept = []
    for file in sorted(path for path in source.rglob("*") if path.is_file() and not _hidden(path, source)):
        copy = target / file.relative_to(source)
        if not os.path.lexists(copy):
            copy.parent.mkdir(parents=True, exist_ok=True)
            write_whole(copy, file.read_bytes())
        elif not copy.is_file() or copy.read_bytes() != file.read_bytes():
            kept.append(copy)
    return kept


def _hidden(path: Path, source: Path) -> bool:
    return any(part.startswith((".", "__")) for part in path.relative_to(source).parts)


def _example() -> TOMLDocument:
    import tomlkit

    from clarion.campaign import bundled

    return tomlkit.parse(bundled.example().read_text(encoding="utf-8"))


def _plain(document: TOMLDocument) -> dict[str, Any]:
    return document.unwrap()


# ── telling ───────────────────────────────────────────────────────────────────────────────────────────────────


def _tell(folder: Path, document: TOMLDocument, answers: Answers, kept: list[Path]) -> None:
    from clarion.accounts import me

    for path in kept:
        shell.say_so(f"kept as it was: {path}")
    you = me.who()
    shell.say_so(f"“{answers.name}” is ready to rehearse on this machine; you are “{you}”.")
    if answers.me != you:
        shell.say_so(f"Your name on this machine stays “{you}”: it is kept in {me.place()}.")
        shell.say_so(f"For one command as “{answers.me}”: CLARION_AS={shlex.quote(answers.me)} clarion …")
    names = _plain(document)["accounts"]
    shell.say_so(f"For real, later: {' · '.join(f'clarion accounts add {name}' for name in names)}")
    shell.say_so("Next:")
    if folder.absolute() != Path.cwd():
        shell.say_so(f"  cd {shlex.quote(str(folder))}")
    shell.say_so('  clarion say "…"')

"""Who may do what in a campaign that names its people: `[people.NAME] role` in config.toml.

In: the people, and the name somebody types under. Out: nothing, or an error that says who may. A campaign that names nobody
takes every name. No name is proved here: this keeps slips and mix-ups out, and posts are stopped under any name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, Protocol

from clarion.approval import person
from clarion.campaign.nearest import did_you_mean
from clarion.errors import ApprovalError, CampaignError

#: Organisers do both; "act" is for any of them.
Deed = Literal["write", "approve", "act"]
Role = Literal["organiser", "author", "approver"]
_MAY: Mapping[Deed, tuple[Role, ...]] = {
    "write": ("organiser", "author"),
    "approve": ("organiser", "approver"),
    "act": ("organiser", "author", "approver"),
}


class HasRole(Protocol):
    @property
    def role(self) -> Role: ...


def may(people: Mapping[str, HasRole], name: str, deed: Deed) -> bool:
    """Whether the name's role has this in it."""
    return not people or any(person(each) == person(name) for each in able(people, deed))


def able(people: Mapping[str, HasRole], deed: Deed) -> list[str]:
    """The names of those who may."""
    return [name for name, each in people.items() if each.role in _MAY[deed]]


def require(people: Mapping[str, HasRole], name: str, deed: Deed) -> None:
    """Raise CampaignError where the name is none of theirs or may not write, ApprovalError where it may not approve."""
    if may(people, name, deed):
        return
    known = next((each for each in people if person(each) == person(name)), None)
    if known is None:
        raise CampaignError(f'"{name}" is not in [people] of config.toml', _meant(name, people))
    said = f'[people.{known}] in config.toml has role = "{people[known].role}"'
    who = (
        " or ".join(able(people, deed)) or f'nobody yet: role = "organiser" under [people.{known}] does both'
    )
    if deed == "approve":
        raise ApprovalError(f"{name} does not approve: {said}", f"who does: {who}")
    raise CampaignError(f"{name} does not queue posts: {said}", f"who does: {who}")


def _meant(name: str, people: Iterable[str]) -> str:
    there = f"there are: {', '.join(people)}; your name for one command: CLARION_AS=NAME clarion …"
    return did_you_mean(person(name), people, there) or there

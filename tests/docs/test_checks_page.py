"""docs/checks.md says what the rules say. `make golden` writes it anew."""

from __future__ import annotations

from pathlib import Path

from clarion.campaign.checks import RULES
from tests.composing.golden import is_golden

PAGE = Path(__file__).parents[2] / "docs" / "checks.md"
_BEGIN, _END = "<!-- rules:", "<!-- end of rules -->"
_TITLES = {
    "never": ("Never", "Nothing changes these, no reason and no person."),
    "reason": (
        "With a reason",
        'Say why it is right all the same: `--because "…"`. It is written down; in a team, two people agree.',
    ),
    "look": ("Look", "Nothing is blocked. Somebody should look once more."),
}


def test_the_page_of_checks_is_what_the_rules_say():
    said = _renewed(PAGE.read_text(encoding="utf-8"))
    assert is_golden(PAGE, said), "the rules changed: make golden, then read docs/checks.md"


def test_no_two_rules_have_one_name():
    ids = [rule.id for rule in RULES]
    assert sorted(set(ids)) == sorted(ids)


def _renewed(page: str) -> str:
    head, rest = page.split(_BEGIN)
    first, _, _ = rest.partition("\n")
    return f"{head}{_BEGIN}{first}\n{_rules()}\n{_END}{page.partition(_END)[2]}"


def _rules() -> str:
    return "".join(
        f"\n## {title}\n\n{says}\n\n| check | why |\n|---|---|\n{_rows(level)}"
        for level, (title, says) in _TITLES.items()
    )


def _rows(level: str) -> str:
    return "".join(f"| `{rule.id}` | {rule.why} |\n" for rule in RULES if rule.level == level)

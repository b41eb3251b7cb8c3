"""The shortest path of DESIGN: four commands from an empty folder to a first post, kept short for ever."""

from __future__ import annotations

import json

from .conftest import Person


def test_four_commands_lead_to_a_first_post(person: Person) -> None:
    person.types("init", "--yes")
    person.types("say", "They are not a mistake and they are not alone.", "--yes")
    person.types("queue", "add", "court-found", "--yes")
    out = person.types("publish")
    assert out.count("  sent  ") == out.count("\n") > 3
    assert person.types("publish") == ""
    said, added = sorted(
        json.loads(person.types("queue", "list", "--json")), key=lambda entry: entry["number"]
    )
    assert said["state"] == added["state"] == "sent"
    assert {post["language"] for post in added["posts"]} == {"en", "ru"}
    for entry in (said, added):
        for post in entry["posts"]:
            assert all(part["url"].startswith("http://127.0.0.1:") for part in post["parts"])


def test_without_a_word_from_a_person_nothing_goes_out(person: Person) -> None:
    person.types("init", "--yes")
    person.types("say", "Not yet.")
    assert "clarion approve 1" in person.said
    assert person.types("publish") == ""
    person.types("approve", "1", "--yes")
    assert "  sent  " in person.types("publish")


def test_what_was_queued_by_mistake_is_taken_back(person: Person) -> None:
    person.types("init", "--yes")
    person.types("say", "Too early.", "--yes")
    person.types("undo", "--yes")
    assert person.types("publish") == ""
    person.types("undo", "--yes", code=2)


def test_taking_back_without_a_word_is_an_error_a_script_sees(person: Person) -> None:
    person.types("init", "--yes")
    person.types("say", "Too early.", "--yes")
    person.types("undo", code=2)
    assert "clarion undo --yes" in person.said


def test_live_typed_by_hand_says_what_to_do(person: Person) -> None:
    person.types("init", "--yes")
    config = person.folder / "config.toml"
    config.write_text(config.read_text().replace('mode = "rehearsal"', 'mode = "live"'))
    person.types("say", "Now?", "--yes", code=2)
    assert "clarion live was never run" in person.said


def test_nothing_blocked_is_queued(person: Person) -> None:
    person.types("init", "--yes")
    person.types("say", "Write to him: anna@example.org", "--yes", code=3)
    assert person.types("queue", "list") == ""


def test_real_publishing_asks_for_a_verified_account(person: Person) -> None:
    person.types("init", "--yes")
    person.types("live", "--yes", code=2)
    assert "clarion accounts add" in person.said
    assert 'mode = "rehearsal"' in (person.folder / "config.toml").read_text()

"""The carrier on a real socket: what a client sees when a fault strikes."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
import requests

from clarion.rehearsal.world import World
from tests.networks.conftest import Networks
from tests.rehearsal.small import Small


@pytest.fixture
def small() -> Small:
    return Small()


@pytest.fixture
def served(small: Small) -> Iterator[Networks]:
    running = Networks(World(new={"small": lambda: small}))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def test_it_hands_over_the_request_as_it_was_sent(
    served: Networks, small: Small, http: requests.Session
) -> None:
    http.post(f"{served.urls['small']}/a%2Fb?q=%20x&q=2", data=b"\x00\xff", headers={"X-Account": "Voice"})
    (request,) = small.requests
    assert (request.method, request.path, request.query) == ("POST", "/a%2Fb", "q=%20x&q=2")
    assert request.headers["x-account"] == "Voice"
    assert request.body == b"\x00\xff"


@pytest.mark.parametrize(
    ("kind", "accepted"), [("drop_before", 0), ("drop_after", 1), ("hang", 0), ("hang_after", 1)]
)
def test_it_closes_the_socket_without_an_answer(
    served: Networks, http: requests.Session, kind: str, accepted: int
) -> None:
    served.fault("small", kind, seconds=0.05)
    with pytest.raises(requests.ConnectionError):
        http.post(f"{served.urls['small']}/create", data="a")
    assert len(served.accepted("small")) == accepted
    assert http.post(f"{served.urls['small']}/create", data="b").status_code == 200


@pytest.mark.parametrize(
    ("kind", "status", "accepted"), [("500_before", 500, 0), ("500_after", 500, 1), ("429", 429, 0)]
)
def test_it_answers_with_the_error_asked_for(
    served: Networks, http: requests.Session, kind: str, status: int, accepted: int
) -> None:
    served.fault("small", kind)
    answer = http.post(f"{served.urls['small']}/create", data="a")
    assert answer.status_code == status
    assert len(served.accepted("small")) == accepted


def test_a_bare_429_does_not_say_how_long_to_wait(served: Networks, http: requests.Session) -> None:
    served.fault("small", "429")
    served.fault("small", "429_bare")
    with_headers = http.post(f"{served.urls['small']}/create")
    bare = http.post(f"{served.urls['small']}/create")
    assert {"x-rate-limit-reset", "x-ratelimit-reset", "ratelimit-reset"} <= set(with_headers.headers)
    assert not [name for name in bare.headers if "rate" in name.lower()]


def test_it_accepts_twice_and_answers_once(served: Networks, small: Small, http: requests.Session) -> None:
    served.fault("small", "accept_twice")
    assert http.post(f"{served.urls['small']}/create", data="a").status_code == 200
    assert [one.text for one in served.accepted("small")] == ["a", "a"]


def test_it_accepts_late(served: Networks, small: Small, http: requests.Session) -> None:
    served.fault("small", "accept_late", seconds=0.5)
    with pytest.raises(requests.ConnectionError):
        http.post(f"{served.urls['small']}/create", data="a")
    assert served.accepted("small") == []
    assert small.took.wait(60)
    assert len(served.accepted("small")) == 1


def test_slow_answers_still_arrive(served: Networks, http: requests.Session) -> None:
    served.fault("small", "slow", seconds=60)
    with pytest.raises(requests.Timeout):
        http.post(f"{served.urls['small']}/create", timeout=0.2)
    served.fault("small", "slow", seconds=0.1)
    assert http.post(f"{served.urls['small']}/create").status_code == 200


def test_it_shifts_its_clock(served: Networks, http: requests.Session) -> None:
    served.fault("small", "clock_shifted", seconds=-3600, on="any")
    shifted = parsedate_to_datetime(http.get(f"{served.urls['small']}/x").headers["date"])
    right = parsedate_to_datetime(http.get(f"{served.urls['small']}/x").headers["date"])
    assert 3598 <= (right - shifted).total_seconds() <= 3602


def test_quirks_reach_the_network(served: Networks, small: Small, http: requests.Session) -> None:
    served.fault("small", "key_ignored")
    http.post(f"{served.urls['small']}/create")
    assert small.quirks == [frozenset({"key_ignored"})]


def test_it_refuses_a_body_that_is_too_large(served: Networks, small: Small, http: requests.Session) -> None:
    answer = http.post(f"{served.urls['small']}/create", data=b"x" * 25_000_001)
    assert answer.status_code == 413
    assert small.requests == []


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
@pytest.mark.parametrize("name", ["small", "control"])
def test_it_refuses_whoever_comes_by_another_name(
    served: Networks, http: requests.Session, headers: dict[str, str], name: str
) -> None:
    assert http.get(f"{served.urls[name]}/health", headers=headers).status_code == 403


def test_a_failing_network_shows_no_traceback(served: Networks, http: requests.Session) -> None:
    answer = http.get(f"{served.urls['small']}/broken")
    assert answer.status_code == 500
    assert "inside" not in answer.text
    assert "Traceback" not in answer.text


def test_a_posts_own_address_leads_to_its_place_on_the_timeline(
    served: Networks, http: requests.Session
) -> None:
    http.post(f"{served.urls['small']}/create", data="a")
    answer = http.get(f"{served.urls['small']}/post/1", allow_redirects=False)
    assert answer.headers["location"] == "/#post-at%3A%2F%2Fsmall%2F1"


def test_garbage_is_answered_and_harms_nobody(served: Networks, http: requests.Session) -> None:
    port = int(served.urls["small"].rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), 5) as raw:
        raw.sendall(b"\x16\x03\x01 nonsense\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 400")
    assert http.get(f"{served.urls['small']}/x").status_code == 200


def test_the_control_port_steers_faults_and_time(served: Networks, http: requests.Session) -> None:
    control = served.urls["control"]
    armed = http.post(f"{control}/faults", json={"network": "small", "kind": "500_before", "count": 2}).json()
    assert [(one["kind"], one["count"]) for one in armed] == [("500_before", 2)]
    http.post(f"{served.urls['small']}/create")
    assert [one["count"] for one in http.get(f"{control}/faults").json()] == [1]
    assert http.delete(f"{control}/faults").json() == []
    http.post(f"{control}/now", json={"at": "2030-01-01T00:00:00+00:00"})
    http.post(f"{served.urls['small']}/create", data="a")
    (accepted,) = http.get(f"{control}/accepted").json()["small"]
    assert accepted["at"] == "2030-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("faults", {"network": "small", "kind": "nonsense"}, "no fault"),
        ("faults", {"network": "none", "kind": "slow"}, "no network"),
        ("faults", {"network": "small", "kind": "slow", "when": 1}, "not a fault"),
        ("faults", [], "object"),
        ("now", {"at": "yesterday"}, "yesterday"),
        ("now", {"at": "2030-01-01"}, "zone"),
    ],
)
def test_the_control_port_says_what_makes_no_sense(
    served: Networks, http: requests.Session, path: str, body: object, says: str
) -> None:
    answer = http.post(f"{served.urls['control']}/{path}", json=body)
    assert answer.status_code == 400
    assert says in answer.json()["error"]


def test_simulated_time_only_grows(served: Networks, http: requests.Session) -> None:
    now = f"{served.urls['control']}/now"
    http.post(now, json={"at": "2030-01-02T00:00:00+00:00"})
    assert http.post(now, json={"at": "2030-01-01T00:00:00+00:00"}).status_code == 400


def test_a_web_form_cannot_stop_it(served: Networks, http: requests.Session) -> None:
    assert http.post(f"{served.urls['control']}/stop", data="{}").status_code == 400
    assert http.get(f"{served.urls['control']}/health").status_code == 200


def test_what_was_accepted_outlives_the_process(tmp_path: Path, http: requests.Session) -> None:
    for text in ("first", "second"):
        running = Networks(World(tmp_path, new={"small": Small}))
        running.start()
        http.post(f"{running.urls['small']}/create", data=text)
        running.stop()
    assert [one.text for one in World(tmp_path, new={"small": Small}).accepted("small")] == [
        "first",
        "second",
    ]


def test_an_answered_create_is_already_on_disk(tmp_path: Path) -> None:
    running = Networks(World(tmp_path, new={"small": Small}))
    running.start()
    requests.post(f"{running.urls['small']}/create", data="a", timeout=5)
    assert b'"text": "a"' in (tmp_path / "state-small.json").read_bytes()
    running.stop()


def test_a_state_that_cannot_be_read_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "state-small.json").write_text("from another version")
    assert World(tmp_path, new={"small": Small}).accepted("small") == []
    (aside,) = tmp_path.glob("state-small.unreadable-*")
    assert aside.read_text() == "from another version"

"""What every network must keep, said once: real SDKs over real sockets, on whatever stage it is played.

In `make test` the stages are the strict stand-ins (test_contract.py); in `make test-networks` a real Bluesky server and
mastodon_mock (tests/networks_live/servers.py), so that the stand-ins cannot drift from what they stand for. A network's
class says where it differs in kind, never in truth; a stage says what its server cannot show, and the log names it.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar
from uuid import uuid4

import pytest

from clarion.errors import AccountBlocked, OutcomeUnknown, RateLimited, Refused, Unavailable
from clarion.model import Receipt
from clarion.networks.base import Absent, Found
from tests.networks.conftest import MemorySessions
from tests.networks.deliveries import (
    ALT,
    chain,
    delivery_on,
    in_doubt,
    intended,
    kept,
    one,
    picture,
    publish,
    thread,
)
from tests.networks.stage import Stage, needs

TEXT = "People are held in secret prisons. Their families ask where they are."
RUSSIAN = "Суд признал: людей держат в тайных тюрьмах.\n\n#EyesOnChechnya #CloseTheCamps"


class PublisherContract:
    network: ClassVar[str]

    tells_language: ClassVar[bool] = True  # the network keeps a post's language
    has_key: ClassVar[bool] = True  # the same create, sent again, is the same post
    can_double: ClassVar[bool] = True  # a server at fault can make two posts of one create
    drops_silently: ClassVar[bool] = True  # its stand-in can answer with an id that was never stored

    # ── what appears ──

    def test_a_text_appears_as_it_was_frozen(self, stage: Stage) -> None:
        publish(stage.connect(), delivery_on(stage, TEXT))
        assert one(stage).text == TEXT

    def test_cyrillic_and_tags_arrive_unharmed(self, stage: Stage) -> None:
        publish(stage.connect(), delivery_on(stage, RUSSIAN, language="ru"))
        assert one(stage).text == RUSSIAN

    def test_both_tags_are_linked(self, stage: Stage) -> None:
        needs(stage, "tags")
        publish(stage.connect(), delivery_on(stage, RUSSIAN, language="ru"))
        (shown,) = stage.timeline()
        linked = [text for text, target in shown.parts[0].spans if target]
        assert linked == ["#EyesOnChechnya", "#CloseTheCamps"]

    def test_the_language_is_told_where_the_network_keeps_it(self, stage: Stage) -> None:
        publish(stage.connect(), delivery_on(stage, RUSSIAN, language="ru"))
        assert one(stage).language == ("ru" if self.tells_language else None)

    def test_a_warning_stands_before_the_text(self, stage: Stage) -> None:
        publish(stage.connect(), delivery_on(stage, TEXT, warning="torture"))
        taken = one(stage)
        assert taken.text.endswith(TEXT)
        assert (taken.warning or taken.text.removesuffix(TEXT).strip()) in ("torture", "CW: torture")

    def test_a_thread_is_linked_in_order(self, stage: Stage) -> None:
        publisher = stage.connect()
        first, second, third = thread(stage, publisher, ["One", "Two", "Three"])
        taken = stage.accepted()
        assert [one.text for one in taken] == ["One", "Two", "Three"]
        assert [one.remote_id for one in taken] == [first.remote_id, second.remote_id, third.remote_id]
        assert [one.answers for one in taken] == [None, first.remote_id, second.remote_id]

    def test_an_image_arrives_byte_for_byte_with_its_alt_text(self, stage: Stage) -> None:
        media = picture(stage, "red")
        publish(stage.connect(), delivery_on(stage, TEXT, media=[media]))
        assert one(stage).images == ((media.sha256, ALT),)

    def test_images_keep_their_order(self, stage: Stage) -> None:
        media = [picture(stage, colour) for colour in ("red", "green", "blue", "white")]
        publish(stage.connect(), delivery_on(stage, TEXT, media=media))
        assert [taken for taken, _ in one(stage).images] == [one.sha256 for one in media]

    def test_staging_shows_nothing_and_can_be_repeated(self, stage: Stage) -> None:
        publisher = stage.connect()
        delivery = delivery_on(stage, TEXT, media=[picture(stage, "red")])
        publisher.stage(delivery)
        staged = publisher.stage(delivery)
        assert stage.accepted() == []
        publisher.send(replace(staged, delivery=intended(stage, delivery)))
        assert len(stage.accepted()) == 1

    # ── what is known of it ──

    def test_a_receipt_names_what_is_up(self, stage: Stage) -> None:
        publisher = stage.connect()
        delivery, receipt = publish(publisher, delivery_on(stage, TEXT))
        assert receipt.remote_id == one(stage).remote_id
        assert receipt.url.startswith(("https://", "http://"))
        assert receipt.at.tzinfo is not None
        assert publisher.confirm(delivery, receipt) is True

    def test_what_was_recalled_is_gone_and_recalling_twice_is_harmless(self, stage: Stage) -> None:
        publisher = stage.connect()
        delivery, receipt = publish(publisher, delivery_on(stage, TEXT))
        publisher.recall(receipt)
        publisher.recall(receipt)
        assert publisher.confirm(delivery, receipt) is False
        assert one(stage).deleted
        assert stage.timeline() == []

    def test_what_never_was_there_is_gone(self, stage: Stage) -> None:
        publisher = stage.connect()
        _, receipt = publish(publisher, delivery_on(stage, TEXT))
        publisher.recall(_elsewhere(receipt, 7))
        assert not one(stage).deleted

    def test_what_is_still_up_after_its_recall_is_not_called_gone(self, stage: Stage) -> None:
        needs(stage, "recall_ignored")
        publisher = stage.connect()
        delivery, receipt = publish(publisher, delivery_on(stage, TEXT))
        stage.fault("recall_ignored", on="other", count=None)
        with pytest.raises(Unavailable):
            publisher.recall(receipt)
        assert publisher.confirm(delivery, receipt) is True

    def test_what_was_silently_dropped_is_not_confirmed(self, stage: Stage) -> None:
        if not self.drops_silently:
            return  # its API has no such answer
        needs(stage, "silent_drop")
        publisher = stage.connect()
        stage.fault("silent_drop")
        delivery, receipt = publish(publisher, delivery_on(stage, TEXT))
        assert publisher.confirm(delivery, receipt) is False

    def test_it_says_who_the_account_is(self, stage: Stage) -> None:
        profile = stage.connect().verify()
        assert profile.identity.network == self.network
        assert profile.identity.remote_id == stage.account().identity.remote_id
        assert profile.limits.text > 0

    def test_a_doctor_hears_what_verify_hears_and_that_the_login_allows_publishing(
        self, stage: Stage
    ) -> None:
        found = stage.connect().examine()
        assert found.profile == stage.connect().verify()
        assert found.scopes is None or found.scopes.lacks == ()
        assert found.server_time is not None

    # ── how it does ──

    def test_what_readers_did_is_told_in_counts(self, stage: Stage) -> None:
        needs(stage, "counts")
        publisher = stage.connect()
        first, second = thread(stage, publisher, ["One", "Two"])
        told = publisher.metrics([first, second])
        assert [told[each.remote_id].replies for each in (first, second)] == [1, 0]
        assert all((each.likes, each.reposts) == (0, 0) for each in told.values())
        assert {each.quotes for each in told.values()} <= {0, None}  # older servers do not count them

    def test_what_is_not_there_any_more_has_no_counts(self, stage: Stage) -> None:
        needs(stage, "counts")
        publisher = stage.connect()
        first, second = thread(stage, publisher, ["One", "Two"])
        publisher.recall(second)
        assert list(publisher.metrics([first, second])) == [first.remote_id]
        publisher.recall(first)
        assert publisher.metrics([first, second]) == publisher.metrics([]) == {}

    def test_more_than_one_answer_holds_are_counted_in_several(self, stage: Stage) -> None:
        needs(stage, "counts")
        publisher = stage.connect()
        _, receipt = publish(publisher, delivery_on(stage, TEXT))
        many = [*(_elsewhere(receipt, number) for number in range(101)), receipt]
        assert list(publisher.metrics(many)) == [receipt.remote_id]

    @pytest.mark.parametrize(("fault", "error"), [("429", RateLimited), ("500_before", Unavailable)])
    def test_counts_that_cannot_be_had_are_no_counts(
        self, stage: Stage, fault: str, error: type[Exception]
    ) -> None:
        needs(stage, "counts")
        publisher = stage.connect()
        _, receipt = publish(publisher, delivery_on(stage, TEXT))
        stage.fault(fault, on="other")
        with pytest.raises(error):
            publisher.metrics([receipt])

    # ── once only ──

    @pytest.mark.parametrize("fault", ["drop_after", "500_after"])
    def test_a_lost_answer_is_unknown_then_found_and_the_post_is_there_once(
        self, stage: Stage, fault: str
    ) -> None:
        publisher = stage.connect()
        delivery = in_doubt(stage, publisher, delivery_on(stage, RUSSIAN), fault)
        sighting = publisher.find(delivery, 0, stage.now)
        assert isinstance(sighting, Found)
        assert sighting.receipt.remote_id == one(stage).remote_id
        assert publisher.confirm(delivery, sighting.receipt)

    def test_after_a_restore_it_is_found_by_what_it_says(self, stage: Stage) -> None:
        """Another outbox sent it: no key, no moment is known, only that it was queued an hour ago."""
        publisher = stage.connect()
        publish(publisher, delivery_on(stage, "Something else, sent before."))
        sent, receipt = publish(publisher, delivery_on(stage, RUSSIAN))
        lost = replace(
            sent,
            id=uuid4().hex,
            generation=0,
            intent_lost=True,
            first_intent_at=(sent.first_intent_at or stage.now) - timedelta(hours=1),
        )
        sighting = publisher.find(lost, 0, stage.now)
        assert isinstance(sighting, Found)
        assert sighting.receipt.remote_id == receipt.remote_id
        assert not isinstance(
            publisher.find(replace(lost, others=frozenset({receipt.remote_id})), 9, stage.now), Found
        )

    @pytest.mark.parametrize("fault", ["drop_before", "500_before"])
    def test_what_never_arrived_is_unknown_and_not_found(self, stage: Stage, fault: str) -> None:
        publisher = stage.connect()
        delivery = in_doubt(stage, publisher, delivery_on(stage, RUSSIAN), fault)
        assert not isinstance(publisher.find(delivery, 0, stage.now), Found)
        assert stage.accepted() == []

    def test_an_earlier_post_with_another_text_is_not_taken_for_this_one(self, stage: Stage) -> None:
        publisher = stage.connect()
        publish(publisher, delivery_on(stage, TEXT))
        delivery = in_doubt(stage, publisher, delivery_on(stage, RUSSIAN), "drop_before")
        assert not isinstance(publisher.find(delivery, 0, stage.now), Found)

    def test_what_stands_elsewhere_in_a_thread_is_not_taken_for_this_one(self, stage: Stage) -> None:
        """Somebody writes the same by hand, in the network's own app; a recall would delete what is hers."""
        publisher = stage.connect()
        first, second = chain(stage, ["One", TEXT])
        first, receipt = publish(publisher, first)
        second = in_doubt(stage, publisher, replace(second, root=receipt, parent=receipt), "drop_before")
        publish(publisher, delivery_on(stage, TEXT))
        assert not isinstance(publisher.find(second, 0, stage.now), Found)

    def test_an_answer_is_not_taken_for_a_post_that_answers_nothing(self, stage: Stage) -> None:
        publisher = stage.connect()
        delivery = in_doubt(stage, publisher, delivery_on(stage, TEXT), "drop_before")
        thread(stage, publisher, ["One", TEXT])
        assert not isinstance(publisher.find(delivery, 0, stage.now), Found)

    @pytest.mark.parametrize("ours", [True, False], ids=["ours has one", "theirs has one"])
    def test_a_post_with_other_images_is_not_taken_for_this_one(self, stage: Stage, *, ours: bool) -> None:
        publisher = stage.connect()
        with_one, without = delivery_on(stage, TEXT, media=[picture(stage, "red")]), delivery_on(stage, TEXT)
        lost, other = (with_one, without) if ours else (without, with_one)
        delivery = in_doubt(stage, publisher, lost, "drop_before")
        publish(publisher, other)
        assert not isinstance(publisher.find(delivery, 0, stage.now), Found)

    def test_another_accounts_post_is_not_taken_for_this_one(self, stage: Stage) -> None:
        publish(stage.connect("other"), delivery_on(stage, TEXT, account="other"))
        publisher = stage.connect()
        delivery = in_doubt(stage, publisher, delivery_on(stage, TEXT), "drop_before")
        assert not isinstance(publisher.find(delivery, 0, stage.now), Found)

    def test_a_later_part_is_found_with_the_post_it_answers(self, stage: Stage) -> None:
        publisher = stage.connect()
        first, second = chain(stage, ["One", "Two"])
        first, receipt = publish(publisher, first)
        second = replace(second, root=receipt, parent=receipt)
        second = in_doubt(stage, publisher, second, "drop_after")
        sighting = publisher.find(second, 0, stage.now)
        assert isinstance(sighting, Found)
        assert sighting.receipt.remote_id == stage.accepted()[1].remote_id

    def test_the_same_create_again_is_the_same_post_where_the_network_has_a_key(self, stage: Stage) -> None:
        if not self.has_key:
            return  # nothing to promise: what is in doubt there is never sent again by itself
        publisher = stage.connect()
        delivery = in_doubt(stage, publisher, delivery_on(stage, TEXT), "drop_after")
        receipt = publisher.send(publisher.stage(delivery))
        assert receipt.remote_id == one(stage).remote_id

    def test_a_server_that_doubles_is_counted(self, stage: Stage) -> None:
        stage.fault("accept_twice")
        publish(stage.connect(), delivery_on(stage, TEXT))
        assert len(stage.accepted()) == (2 if self.can_double else 1)

    def test_a_stale_look_never_says_that_sending_again_is_safe_too_soon(self, stage: Stage) -> None:
        needs(stage, "stale_reads")
        publisher = stage.connect()
        delivery = in_doubt(stage, publisher, delivery_on(stage, RUSSIAN), "drop_after")
        stage.fault("stale_reads", count=None)
        sighting = publisher.find(delivery, 0, stage.now)
        if isinstance(sighting, Absent):
            assert self.has_key
            publisher.send(publisher.stage(delivery))
        assert len(stage.accepted()) == 1

    # ── what is refused ──

    def test_a_text_over_the_limit_is_refused(self, stage: Stage) -> None:
        needs(stage, "too long")
        with pytest.raises(Refused):
            publish(stage.connect(), delivery_on(stage, "слово " * 120))
        assert stage.accepted() == []

    def test_what_is_no_image_is_refused(self, stage: Stage) -> None:
        needs(stage, "not an image")
        media = kept(stage, b"#!/bin/sh\necho not a picture\n" * 9)
        with pytest.raises(Refused):
            publish(stage.connect(), delivery_on(stage, TEXT, media=[media]))
        assert stage.accepted() == []

    # ── what goes wrong ──

    @pytest.mark.parametrize("fault", ["429", "429_bare"])
    def test_too_many_requests_is_a_wait(self, stage: Stage, fault: str) -> None:
        publisher = stage.connect()
        stage.fault(fault)
        with pytest.raises(RateLimited) as caught:
            publish(publisher, delivery_on(stage, TEXT))
        assert 0 < caught.value.wait <= 24 * 3600
        assert stage.accepted() == []

    def test_the_wait_is_counted_by_the_servers_clock(self, stage: Stage) -> None:
        publisher = stage.connect()
        stage.now = stage.now.replace(year=2031)
        stage.fault("429")
        with pytest.raises(RateLimited) as caught:
            publish(publisher, delivery_on(stage, TEXT))
        assert 55 <= caught.value.wait <= 75

    def test_wrong_credentials_block_the_account(self, stage: Stage) -> None:
        right = stage.secret()
        publisher = stage.connect(secret={key: f"{value}-no" for key, value in right.items()})
        with pytest.raises(AccountBlocked):
            publish(publisher, delivery_on(stage, TEXT))
        assert stage.accepted() == []

    def test_a_server_that_is_down_took_nothing(self, stage: Stage) -> None:
        publisher = stage.connect()
        stage.stop()
        with pytest.raises(Unavailable):
            publish(publisher, delivery_on(stage, TEXT))

    @pytest.mark.parametrize("fault", ["hang", "hang_after"])
    def test_silence_is_unknown_within_the_deadline(self, stage: Stage, fault: str) -> None:
        sessions = MemorySessions()
        staged = stage.connect(sessions=sessions).stage(delivery_on(stage, TEXT))
        staged = replace(staged, delivery=intended(stage, staged.delivery))
        hasty = stage.connect(sessions=sessions, seconds=0.5)
        stage.fault(fault, seconds=180)
        begun = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            hasty.send(staged)
        assert time.monotonic() - begun < 90, "it waited for the server"

    def test_a_slow_answer_is_still_an_answer(self, stage: Stage) -> None:
        stage.fault("slow", seconds=0.2)
        publish(stage.connect(), delivery_on(stage, TEXT))
        assert one(stage).text == TEXT


def _elsewhere(receipt: Receipt, number: int) -> Receipt:
    """A post that is not there, by an id of the same kind: all take the digits 2 to 7.

    Ids are times, and a server shared with other tests has their posts of a moment ago: this one is days off.
    """
    head, day, tail = receipt.remote_id[:-10], receipt.remote_id[-10], receipt.remote_id[-9:-4]
    digits = "".join(str(2 + number // 6**place % 6) for place in range(4))
    return replace(receipt, remote_id=f"{head}{'3' if day == '2' else '2'}{tail}{digits}")

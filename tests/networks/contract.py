"""What every network must keep, said once: real SDKs against the strict stand-ins, over real sockets.

A network's class in test_contract.py names it and says where it differs in kind, never in truth.
"""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import ClassVar
from uuid import uuid4

import pytest
from PIL import Image

from clarion import networks as registry
from clarion.errors import AccountBlocked, OutcomeUnknown, RateLimited, Unavailable
from clarion.model import Delivery, Media, Payload, Receipt
from clarion.networks.base import Absent, Accepted, Draft, DraftPart, Found, Publisher
from tests.networks.conftest import Connected, Networks, account_on

TEXT = "People are held in secret prisons. Their families ask where they are."
RUSSIAN = "Суд признал: людей держат в тайных тюрьмах.\n\n#EyesOnChechnya #CloseTheCamps"
ALT = "A candle on a window sill, and a hand beside it"


class PublisherContract:
    network: ClassVar[str]
    tells_language: ClassVar[bool] = True  # the network keeps a post's language
    has_key: ClassVar[bool] = True  # the same create, sent again, is the same post
    can_double: ClassVar[bool] = True  # a server at fault can make two posts of one create
    drops_silently: ClassVar[bool] = True  # its stand-in can answer with an id that was never stored

    # ── what appears ──

    def test_a_text_appears_as_it_was_frozen(self, networks: Networks, connect: Connected) -> None:
        self._publish(connect(self.network), self._delivery(TEXT))
        assert self._one(networks).text == TEXT

    def test_cyrillic_and_tags_arrive_unharmed(self, networks: Networks, connect: Connected) -> None:
        self._publish(connect(self.network), self._delivery(RUSSIAN, language="ru"))
        assert self._one(networks).text == RUSSIAN

    def test_both_tags_are_linked(self, networks: Networks, connect: Connected) -> None:
        self._publish(connect(self.network), self._delivery(RUSSIAN, language="ru"))
        (shown,) = networks.timeline(self.network)
        linked = [text for text, target in shown.parts[0].spans if target]
        assert linked == ["#EyesOnChechnya", "#CloseTheCamps"]

    def test_the_language_is_told_where_the_network_keeps_it(
        self, networks: Networks, connect: Connected
    ) -> None:
        self._publish(connect(self.network), self._delivery(RUSSIAN, language="ru"))
        assert self._one(networks).language == ("ru" if self.tells_language else None)

    def test_a_warning_stands_before_the_text(self, networks: Networks, connect: Connected) -> None:
        self._publish(connect(self.network), self._delivery(TEXT, warning="torture"))
        one = self._one(networks)
        assert one.text.endswith(TEXT)
        assert (one.warning or one.text.removesuffix(TEXT).strip()) in ("torture", "CW: torture")

    def test_a_thread_is_linked_in_order(self, networks: Networks, connect: Connected) -> None:
        publisher = connect(self.network)
        first, second, third = self._thread(publisher, ["One", "Two", "Three"])
        taken = networks.accepted(self.network)
        assert [one.text for one in taken] == ["One", "Two", "Three"]
        assert [one.remote_id for one in taken] == [first.remote_id, second.remote_id, third.remote_id]
        assert [one.answers for one in taken] == [None, first.remote_id, second.remote_id]

    def test_an_image_arrives_byte_for_byte_with_its_alt_text(
        self, networks: Networks, connect: Connected
    ) -> None:
        media = picture(connect, "red")
        self._publish(connect(self.network), self._delivery(TEXT, media=[media]))
        assert self._one(networks).images == ((media.sha256, ALT),)

    def test_images_keep_their_order(self, networks: Networks, connect: Connected) -> None:
        media = [picture(connect, colour) for colour in ("red", "green", "blue", "white")]
        self._publish(connect(self.network), self._delivery(TEXT, media=media))
        assert [taken for taken, _ in self._one(networks).images] == [one.sha256 for one in media]

    def test_staging_shows_nothing_and_can_be_repeated(self, networks: Networks, connect: Connected) -> None:
        publisher = connect(self.network)
        delivery = self._delivery(TEXT, media=[picture(connect, "red")])
        publisher.stage(delivery)
        staged = publisher.stage(delivery)
        assert networks.accepted(self.network) == []
        publisher.send(replace(staged, delivery=intended(networks, delivery)))
        assert len(networks.accepted(self.network)) == 1

    # ── what is known of it ──

    def test_a_receipt_names_what_is_up(self, networks: Networks, connect: Connected) -> None:
        publisher = connect(self.network)
        delivery, receipt = self._publish(publisher, self._delivery(TEXT))
        assert receipt.remote_id == self._one(networks).remote_id
        assert receipt.url.startswith(("https://", "http://"))
        assert receipt.at.tzinfo is not None
        assert publisher.confirm(delivery, receipt) is True

    def test_what_was_recalled_is_gone_and_recalling_twice_is_harmless(
        self, networks: Networks, connect: Connected
    ) -> None:
        publisher = connect(self.network)
        delivery, receipt = self._publish(publisher, self._delivery(TEXT))
        publisher.recall(receipt)
        publisher.recall(receipt)
        assert publisher.confirm(delivery, receipt) is False
        assert self._one(networks).deleted
        assert networks.timeline(self.network) == []

    def test_what_was_silently_dropped_is_not_confirmed(self, networks: Networks, connect: Connected) -> None:
        if not self.drops_silently:
            return
        publisher = connect(self.network)
        networks.fault(self.network, "silent_drop")
        delivery, receipt = self._publish(publisher, self._delivery(TEXT))
        assert publisher.confirm(delivery, receipt) is False

    def test_it_says_who_the_account_is(self, connect: Connected) -> None:
        profile = connect(self.network).verify()
        assert profile.identity.network == self.network
        assert profile.identity.remote_id == registry.rehearsal(self.network).remote_id("voice")
        assert profile.limits.text > 0

    # ── once only ──

    @pytest.mark.parametrize("fault", ["drop_after", "500_after"])
    def test_a_lost_answer_is_unknown_then_found_and_the_post_is_there_once(
        self, networks: Networks, connect: Connected, fault: str
    ) -> None:
        publisher = connect(self.network)
        delivery = self._in_doubt(networks, publisher, self._delivery(RUSSIAN), fault)
        sighting = publisher.find(delivery, 0, networks.now)
        assert isinstance(sighting, Found)
        assert sighting.receipt.remote_id == self._one(networks).remote_id
        assert publisher.confirm(delivery, sighting.receipt)

    def test_after_a_restore_it_is_found_by_what_it_says(
        self, networks: Networks, connect: Connected
    ) -> None:
        """Another outbox sent it: no key, no moment is known, only that it was queued an hour ago."""
        publisher = connect(self.network)
        self._publish(publisher, self._delivery("Something else, sent before."))
        sent, receipt = self._publish(publisher, self._delivery(RUSSIAN))
        lost = replace(
            sent,
            id=uuid4().hex,
            generation=0,
            intent_lost=True,
            first_intent_at=(sent.first_intent_at or networks.now) - timedelta(hours=1),
        )
        sighting = publisher.find(lost, 0, networks.now)
        assert isinstance(sighting, Found)
        assert sighting.receipt.remote_id == receipt.remote_id
        assert not isinstance(
            publisher.find(replace(lost, others=frozenset({receipt.remote_id})), 9, networks.now), Found
        )

    @pytest.mark.parametrize("fault", ["drop_before", "500_before"])
    def test_what_never_arrived_is_unknown_and_not_found(
        self, networks: Networks, connect: Connected, fault: str
    ) -> None:
        publisher = connect(self.network)
        delivery = self._in_doubt(networks, publisher, self._delivery(RUSSIAN), fault)
        assert not isinstance(publisher.find(delivery, 0, networks.now), Found)
        assert networks.accepted(self.network) == []

    def test_an_earlier_post_with_another_text_is_not_taken_for_this_one(
        self, networks: Networks, connect: Connected
    ) -> None:
        publisher = connect(self.network)
        self._publish(publisher, self._delivery(TEXT))
        delivery = self._in_doubt(networks, publisher, self._delivery(RUSSIAN), "drop_before")
        assert not isinstance(publisher.find(delivery, 0, networks.now), Found)

    def test_another_accounts_post_is_not_taken_for_this_one(
        self, networks: Networks, connect: Connected
    ) -> None:
        self._publish(connect(self.network, "other"), self._delivery(TEXT, account="other"))
        publisher = connect(self.network)
        delivery = self._in_doubt(networks, publisher, self._delivery(TEXT), "drop_before")
        assert not isinstance(publisher.find(delivery, 0, networks.now), Found)

    def test_a_later_part_is_found_with_the_post_it_answers(
        self, networks: Networks, connect: Connected
    ) -> None:
        publisher = connect(self.network)
        first, second = self._chain(["One", "Two"])
        first, receipt = self._publish(publisher, first)
        second = replace(second, root=receipt, parent=receipt)
        second = self._in_doubt(networks, publisher, second, "drop_after")
        sighting = publisher.find(second, 0, networks.now)
        assert isinstance(sighting, Found)
        assert sighting.receipt.remote_id == networks.accepted(self.network)[1].remote_id

    def test_the_same_create_again_is_the_same_post_where_the_network_has_a_key(
        self, networks: Networks, connect: Connected
    ) -> None:
        if not self.has_key:
            return  # nothing to promise: what is in doubt there is never sent again by itself
        publisher = connect(self.network)
        delivery = self._in_doubt(networks, publisher, self._delivery(TEXT), "drop_after")
        receipt = publisher.send(publisher.stage(delivery))
        assert receipt.remote_id == self._one(networks).remote_id

    def test_a_server_that_doubles_is_counted(self, networks: Networks, connect: Connected) -> None:
        networks.fault(self.network, "accept_twice")
        self._publish(connect(self.network), self._delivery(TEXT))
        assert len(networks.accepted(self.network)) == (2 if self.can_double else 1)

    def test_a_stale_look_never_says_that_sending_again_is_safe_too_soon(
        self, networks: Networks, connect: Connected
    ) -> None:
        publisher = connect(self.network)
        delivery = self._in_doubt(networks, publisher, self._delivery(RUSSIAN), "drop_after")
        networks.fault(self.network, "stale_reads", count=None)
        sighting = publisher.find(delivery, 0, networks.now)
        if isinstance(sighting, Absent):
            assert self.has_key
            publisher.send(publisher.stage(delivery))
        assert len(networks.accepted(self.network)) == 1

    # ── what goes wrong ──

    @pytest.mark.parametrize("fault", ["429", "429_bare"])
    def test_too_many_requests_is_a_wait(self, networks: Networks, connect: Connected, fault: str) -> None:
        publisher = connect(self.network)
        networks.fault(self.network, fault)
        with pytest.raises(RateLimited) as caught:
            self._publish(publisher, self._delivery(TEXT))
        assert 0 < caught.value.wait <= 24 * 3600
        assert networks.accepted(self.network) == []

    def test_the_wait_is_counted_by_the_servers_clock(self, networks: Networks, connect: Connected) -> None:
        publisher = connect(self.network)
        networks.now = networks.now.replace(year=2031)
        networks.fault(self.network, "429")
        with pytest.raises(RateLimited) as caught:
            self._publish(publisher, self._delivery(TEXT))
        assert 55 <= caught.value.wait <= 75

    def test_wrong_credentials_block_the_account(self, networks: Networks, connect: Connected) -> None:
        right = registry.rehearsal(self.network).secret("voice")
        publisher = connect(self.network, secret={key: f"{value}-no" for key, value in right.items()})
        with pytest.raises(AccountBlocked):
            self._publish(publisher, self._delivery(TEXT))
        assert networks.accepted(self.network) == []

    def test_a_server_that_is_down_took_nothing(self, networks: Networks, connect: Connected) -> None:
        publisher = connect(self.network)
        networks.stop()
        with pytest.raises(Unavailable):
            self._publish(publisher, self._delivery(TEXT))

    @pytest.mark.parametrize("fault", ["hang", "hang_after"])
    def test_silence_is_unknown_within_the_deadline(
        self, networks: Networks, connect: Connected, fault: str
    ) -> None:
        publisher = connect(self.network, seconds=0.5)
        networks.fault(self.network, fault, seconds=180)
        begun = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            self._publish(publisher, self._delivery(TEXT))
        assert time.monotonic() - begun < 90, "it waited for the server"

    def test_a_slow_answer_is_still_an_answer(self, networks: Networks, connect: Connected) -> None:
        networks.fault(self.network, "slow", seconds=0.2)
        self._publish(connect(self.network), self._delivery(TEXT))
        assert self._one(networks).text == TEXT

    # ── how it is said ──

    def _one(self, networks: Networks) -> Accepted:
        (one,) = networks.accepted(self.network)
        return one

    def _in_doubt(self, networks: Networks, publisher: Publisher, delivery: Delivery, fault: str) -> Delivery:
        """Send with a fault that hides the outcome; the delivery with its intent."""
        staged = publisher.stage(delivery)
        delivery = intended(networks, delivery)
        networks.fault(self.network, fault)
        with pytest.raises(OutcomeUnknown):
            publisher.send(replace(staged, delivery=delivery))
        return delivery

    def _publish(self, publisher: Publisher, delivery: Delivery) -> tuple[Delivery, Receipt]:
        staged = publisher.stage(delivery)
        delivery = intended(None, delivery)
        return delivery, publisher.send(replace(staged, delivery=delivery))

    def _thread(self, publisher: Publisher, texts: Sequence[str]) -> list[Receipt]:
        receipts: list[Receipt] = []
        for delivery in self._chain(texts):
            if receipts:
                delivery = replace(delivery, root=receipts[0], parent=receipts[-1])  # noqa: PLW2901
            receipts.append(self._publish(publisher, delivery)[1])
        return receipts

    def _delivery(
        self,
        text: str,
        *,
        language: str = "en",
        warning: str | None = None,
        media: Sequence[Media] = (),
        account: str = "voice",
    ) -> Delivery:
        parts = (DraftPart(text=text, media=tuple(media)),)
        (delivery,) = self._deliveries(Draft(parts=parts, warning=warning), language, account)
        return delivery

    def _chain(self, texts: Sequence[str]) -> list[Delivery]:
        return self._deliveries(Draft(parts=tuple(DraftPart(text=text) for text in texts)), "en", "voice")

    def _deliveries(self, draft: Draft, language: str, name: str) -> list[Delivery]:
        account = account_on(self.network, name)
        payload = Payload(
            account=account.identity,
            language=language,
            warning=draft.warning,
            parts=registry.text(self.network).fit(draft, account.limits),
        )
        post, outbox = uuid4().hex, uuid4().hex
        return [
            Delivery(
                id=uuid4().hex,
                outbox_id=outbox,
                post_id=post,
                part=number,
                account=account,
                payload=payload,
            )
            for number in range(1, len(payload.parts) + 1)
        ]


def intended(networks: Networks | None, delivery: Delivery) -> Delivery:
    """A delivery whose intent is written: its first stays."""
    now = networks.now if networks else datetime.now(UTC)
    return replace(delivery, first_intent_at=delivery.first_intent_at or now)


def picture(connect: Connected, colour: str) -> Media:
    """A small PNG that the publisher may load."""
    written = io.BytesIO()
    Image.new("RGB", (16, 9), colour).save(written, "PNG")
    content = written.getvalue()
    name = sha256(content).hexdigest()
    connect.media[name] = content
    return Media(sha256=name, mime="image/png", alt=ALT, width=16, height=9)

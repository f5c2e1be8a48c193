"""Cards and replicas: one replica posts a card, which shows the latest state in the end."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kwtsms_bot.outbox.message import CardLocation
from kwtsms_bot.outbox.queries import cards
from support.database import ACTOR, AT, new_message, outbox_in

LOCATION = CardLocation("C1", "1.1")


async def test_a_card_is_claimed_by_one_replica(database_url: str) -> None:
    """A second replica cannot claim the card, and does not even find it."""
    async with outbox_in(database_url) as outbox:
        message = (await outbox.intake.accept(new_message(), AT)).message

        assert await outbox.cards.claim_card(message.id)
        assert await outbox.cards.claim_card(message.id) is None
        assert await outbox.cards.outdated_cards(10) == ()


async def test_what_could_not_be_shown_is_free_again(database_url: str) -> None:
    """A card that could not be posted is found again."""
    async with outbox_in(database_url) as outbox:
        message = (await outbox.intake.accept(new_message(), AT)).message
        await outbox.cards.claim_card(message.id)
        await outbox.cards.release_card(message.id)

        assert await outbox.cards.outdated_cards(10) == (message.id,)


async def test_a_replica_that_is_gone_does_not_keep_a_card(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another replica can claim the card once the claim has expired."""
    async with outbox_in(database_url) as outbox:
        message = (await outbox.intake.accept(new_message(), AT)).message
        monkeypatch.setattr(cards, "CARD_CLAIM", replace(cards.CARD_CLAIM, lease=timedelta(0)))
        await outbox.cards.claim_card(message.id)

        assert await outbox.cards.claim_card(message.id)


async def test_a_card_claimed_by_a_fast_clock_is_free(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A claim further ahead than any lease counts as expired."""
    async with outbox_in(database_url) as outbox:
        message = (await outbox.intake.accept(new_message(), AT)).message
        with monkeypatch.context() as fast:
            fast.setattr(cards, "CARD_CLAIM", replace(cards.CARD_CLAIM, lease=timedelta(hours=1)))
            await outbox.cards.claim_card(message.id)

        assert await outbox.cards.outdated_cards(10) == (message.id,)


async def test_an_earlier_state_that_covers_a_later_one_is_updated(database_url: str) -> None:
    """A card is updated again if a stalled replica has overwritten a later state."""
    async with outbox_in(database_url) as outbox:
        message = (await outbox.intake.accept(new_message(), AT)).message
        await outbox.cancellation.cancel(message.ref, AT, ACTOR)
        later = await outbox.cards.claim_card(message.id)
        assert later
        await outbox.cards.record_shown(message.id, later.revision, LOCATION)
        await outbox.cards.record_shown(message.id, message.revision, LOCATION)

        assert await outbox.cards.outdated_cards(10) == (message.id,)

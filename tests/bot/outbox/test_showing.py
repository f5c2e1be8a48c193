"""Cards and replicas: one posts a card, and what people see is the latest state in the end."""

from datetime import timedelta

import pytest

from kwtsms_bot.outbox.message import Place
from kwtsms_bot.outbox.store import showing
from support.database import AT, BY, new, store_in

PLACE = Place("C1", "1.1")


async def test_a_card_is_in_one_replicas_hands(database_url: str) -> None:
    """Whoever comes second leaves it alone, and does not even find it."""
    async with store_in(database_url) as store:
        message = (await store.accept(new(), AT)).message

        assert await store.take_to_show(message.id)
        assert await store.take_to_show(message.id) is None
        assert await store.unshown(10) == ()


async def test_what_could_not_be_shown_is_free_again(database_url: str) -> None:
    """The next round may try."""
    async with store_in(database_url) as store:
        message = (await store.accept(new(), AT)).message
        await store.take_to_show(message.id)
        await store.not_shown(message.id)

        assert await store.unshown(10) == (message.id,)


async def test_a_replica_that_is_gone_does_not_keep_a_card(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a while another may show it."""
    async with store_in(database_url) as store:
        message = (await store.accept(new(), AT)).message
        monkeypatch.setattr(showing, "SHOWING", timedelta(0))
        await store.take_to_show(message.id)

        assert await store.take_to_show(message.id)


async def test_a_card_taken_by_a_clock_that_was_fast_is_free(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody holds a card for an hour."""
    async with store_in(database_url) as store:
        message = (await store.accept(new(), AT)).message
        with monkeypatch.context() as fast:
            fast.setattr(showing, "SHOWING", timedelta(hours=1))
            await store.take_to_show(message.id)

        assert await store.unshown(10) == (message.id,)


async def test_an_earlier_state_over_a_later_one_is_shown_anew(database_url: str) -> None:
    """A replica that stalled while it posted has covered what another had posted since."""
    async with store_in(database_url) as store:
        message = (await store.accept(new(), AT)).message
        await store.cancel(message.ref, AT, BY)
        later = await store.take_to_show(message.id)
        assert later
        await store.shown(message.id, later.revision, PLACE)
        await store.shown(message.id, message.revision, PLACE)

        assert await store.unshown(10) == (message.id,)

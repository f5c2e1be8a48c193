"""A restored outbox: messages that may have been sent since the backup become unknown."""

from datetime import timedelta

import pytest

from kwtsms_bot.outbox.intake.draft import SOURCE, Draft, DraftKind
from kwtsms_bot.outbox.message import NewMessage
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.retention.restore import BotRunning, MarkedUnknown, RestoreStore
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import Audit, Outbox
from support.database import AT, NUMBER, new_message, opened, outbox_in
from support.leak_search import cells

LEASE = timedelta(seconds=30)
LATER = AT + LEASE + timedelta(seconds=1)
SENT = Settlement(State.SENT, AT, gateway_id="f4c8")
DRAFT = Draft(
    token="token",
    kind=DraftKind.CONFIRM,
    message=NewMessage(
        source=SOURCE,
        author="U1",
        team="T1",
        text="hello",
        sender_id="MY-APP",
        recipients=(NUMBER,),
        pages=1,
    ),
    channel="C1",
    locale="en",
    created_at=AT,
    expires_at=AT + timedelta(minutes=10),
)


async def filled(outbox: Outbox) -> None:
    """A message that is sent, one in flight, one claimed and one queued, and a draft."""
    for number in range(4):
        await outbox.intake.accept(new_message(f"9659876543{number}"), AT)
    first, second, _ = [await outbox.claims.claim("one", LEASE, AT) for _ in range(3)]
    assert first
    assert second
    for call in (first, second):
        await outbox.settlements.put_in_flight(call, LEASE, AT)
    await outbox.settlements.settle(first, SENT, AT)
    await outbox.drafts.save_draft(DRAFT)


async def states(outbox: Outbox) -> list[State]:
    """The states of the recipients, in the order of their messages."""
    messages = reversed(await outbox.messages.recent(None, 10))
    return [state for message in messages for state in message.counts]


async def test_all_that_is_not_settled_becomes_unknown(database_url: str) -> None:
    """Sent messages stay sent, nothing is left to claim, and the drafts are gone."""
    async with outbox_in(database_url) as outbox:
        await filled(outbox)
        before = await states(outbox)
        found = await RestoreStore(outbox.database).mark_unknown("shell:sara", LATER)

        assert before == [State.SENT, State.IN_FLIGHT, State.CLAIMED, State.QUEUED]
        assert found == MarkedUnknown(messages=3, recipients=3, drafts=1)
        assert await states(outbox) == [State.SENT, *[State.UNKNOWN] * 3]
        assert await outbox.claims.claim("two", LEASE, AT + timedelta(hours=1)) is None
        assert await outbox.leases.reap_expired(AT + timedelta(hours=1)) == (0, 0)
        assert await outbox.drafts.get_draft(DRAFT.token, AT) is None


async def test_it_is_shown_and_in_the_ledger(database_url: str) -> None:
    """The cards are updated, and the audit log has the actor."""
    async with outbox_in(database_url) as outbox:
        await filled(outbox)
        for one in await outbox.cards.outdated_cards(10):
            shown = await outbox.cards.claim_card(one)
            assert shown
            await outbox.cards.record_shown(one, shown.revision, shown.card_location)
        await RestoreStore(outbox.database).mark_unknown("shell:sara", LATER)
        last = (await Audit(outbox.database).entries())[-1]

        assert len(await outbox.cards.outdated_cards(10)) == 3
        assert (last.actor, last.subject) == ("shell:sara", "restored")
        assert "3 numbers of 3 messages" in last.detail


async def test_a_process_that_is_still_there_sends_nothing_of_it(database_url: str) -> None:
    """A bot that still runs by mistake cannot send what it had claimed."""
    async with outbox_in(database_url) as outbox:
        await outbox.intake.accept(new_message(), AT)
        call = await outbox.claims.claim("one", LEASE, AT)
        assert call
        await RestoreStore(outbox.database).mark_unknown("shell:sara", LATER)

        assert not await outbox.settlements.put_in_flight(call, LEASE, LATER)


async def test_an_empty_outbox_is_left_as_it_is(database_url: str) -> None:
    """In an empty outbox nothing becomes unknown."""
    async with opened(database_url) as database:
        assert await RestoreStore(database).mark_unknown("shell:sara", LATER) == MarkedUnknown(
            0, 0, 0
        )


async def test_while_a_bot_is_running_nothing_is_changed(database_url: str) -> None:
    """A current lease prevents it; a lease that only a wrong clock can write does not."""
    async with outbox_in(database_url) as outbox:
        await filled(outbox)
        before = await states(outbox)
        restoring = RestoreStore(outbox.database)
        for operation in (
            restoring.mark_unknown("shell:sara", AT),
            restoring.preview_mark_unknown(AT),
        ):
            with pytest.raises(BotRunning) as caught:
                await operation
        after = await states(outbox)
        long_ago = AT - timedelta(days=1)

        assert before == after
        assert caught.value.until == AT + LEASE
        assert (await restoring.preview_mark_unknown(long_ago)).messages == 3


async def test_a_rehearsal_changes_nothing(database_url: str) -> None:
    """A preview returns what would be done, and changes nothing."""
    async with outbox_in(database_url) as outbox:
        await filled(outbox)
        before = await cells(outbox.database)
        rehearsed = await RestoreStore(outbox.database).preview_mark_unknown(LATER)
        after = await cells(outbox.database)

        assert before == after
        assert rehearsed == await RestoreStore(outbox.database).mark_unknown("shell:sara", LATER)

"""A list of messages is read in one statement, and agrees with the messages themselves."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from kwtsms_bot.outbox.message import ClaimedCall, Message
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.queries.summaries import MAX_TEXT_START, MessageSummary
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import Outbox
from support.database import ACTOR, AT, NUMBER, OTHER, new_message, outbox_in, record_statements
from support.message_states import (
    LEASE,
    Secret,
    accepted,
    cancelled,
    deferred,
    in_flight,
    rejected,
    secret,
    sent,
    unknown,
)

LATER = AT + timedelta(hours=1)
SENT = Settlement(State.SENT, LATER, gateway_id="f4c9")
CASES = (accepted, in_flight, sent, rejected, unknown, deferred, cancelled)


def summary_of(message: Message) -> MessageSummary:
    """The summary that a message should have."""
    return MessageSummary(
        id=message.id,
        ref=message.ref,
        author=message.author,
        created_at=message.created_at,
        first_phone=message.first_phones[0],
        text_start=message.text and message.text[:MAX_TEXT_START],
        counts=message.counts,
        presumed_sent=message.presumed_sent,
    )


async def messages_of(outbox: Outbox, summaries: tuple[MessageSummary, ...]) -> list[Message]:
    """The messages of these summaries."""
    found = [await outbox.messages.get(one.id) for one in summaries]
    return [one for one in found if one is not None]


async def test_ten_messages_are_one_query(database_url: str) -> None:
    """However many messages are listed, there is one statement; the newest come first."""
    async with outbox_in(database_url) as outbox:
        for count in range(12):
            await outbox.intake.accept(new_message(text=f"text {count}"), AT)
        await outbox.intake.accept(new_message(text="another's", author="U2"), AT)
        with record_statements(outbox.database) as statements:
            own = await outbox.messages.recent("U1", 10)
        everybody = await outbox.messages.recent(None, 2)

    assert len([one for one, _ in statements if one != "BEGIN"]) == 1
    assert [one.text_start for one in own] == [f"text {count}" for count in range(11, 1, -1)]
    assert [one.author for one in everybody] == ["U2", "U1"]


async def test_a_summary_agrees_with_its_message(database_url: str) -> None:
    """Counts, sizes and first numbers are the same for messages in every state."""
    async with outbox_in(database_url) as outbox:
        for count, case in enumerate(CASES):
            at = AT + timedelta(hours=count)
            await case(outbox, Secret(f"9655{count:07d}", "long text " * count, at, (NUMBER,)))
        summaries = await outbox.messages.recent("U1", 10)
        messages = await messages_of(outbox, summaries)

    assert summaries == tuple(map(summary_of, messages))
    assert [list(one.counts) for one in summaries] == [list(one.counts) for one in messages]
    assert [one.size for one in summaries] == [2] * len(CASES)


async def send_again(outbox: Outbox, call: ClaimedCall) -> None:
    """Sends the unknown recipients again."""
    await outbox.decisions.send_again(call.ref, LATER, ACTOR)


async def treat_as_sent(outbox: Outbox, call: ClaimedCall) -> None:
    """Marks the unknown recipients as sent."""
    await outbox.decisions.treat_as_sent(call.ref, LATER, ACTOR)


async def lose_both(outbox: Outbox, call: ClaimedCall) -> None:
    """Sends again, loses that answer too, and marks the recipients as sent."""
    await send_again(outbox, call)
    second = await outbox.claims.claim("one", LEASE, LATER)
    assert second
    assert await outbox.settlements.put_in_flight(second, LEASE, LATER)
    await outbox.leases.reap_expired(LATER + timedelta(minutes=1))
    await treat_as_sent(outbox, second)


async def confirm_late(outbox: Outbox, call: ClaimedCall) -> None:
    """Marks the recipients as sent; then kwtSMS's answer arrives after all."""
    await treat_as_sent(outbox, call)
    await outbox.settlements.settle(call, SENT, LATER)


@pytest.mark.parametrize(
    ("decide", "counts", "presumed_sent"),
    [
        (send_again, {State.QUEUED: 2}, 0),
        (treat_as_sent, {State.SENT: 2}, 2),
        (lose_both, {State.SENT: 2}, 2),
        (confirm_late, {State.SENT: 2}, 0),
    ],
)
async def test_decisions_are_in_the_summary(
    database_url: str,
    decide: Callable[[Outbox, ClaimedCall], Awaitable[None]],
    counts: dict[State, int],
    presumed_sent: int,
) -> None:
    """Recipients that a person marked as sent are counted until kwtSMS has accepted them."""
    async with outbox_in(database_url) as outbox:
        call = await in_flight(outbox, Secret(NUMBER, "one", others=(OTHER,)))
        await outbox.leases.reap_expired(AT + timedelta(minutes=1))
        await sent(outbox, secret(2, AT + timedelta(minutes=5)))
        await decide(outbox, call)
        summaries = await outbox.messages.recent("U1", 2)
        messages = await messages_of(outbox, summaries)

    assert summaries == tuple(map(summary_of, messages))
    assert (summaries[1].counts, summaries[1].presumed_sent) == (counts, presumed_sent)
    assert summaries[0].presumed_sent == 0


async def test_only_calls_that_kwtsms_has_not_accepted_are_presumed(database_url: str) -> None:
    """Of 201 numbers in two calls, the answer to one call was lost."""
    numbers = [f"965{90000000 + count}" for count in range(201)]
    async with outbox_in(database_url) as outbox:
        await outbox.intake.accept(new_message(*numbers), AT)
        first, second = [await outbox.claims.claim("one", LEASE, AT) for _ in range(2)]
        assert first
        assert second
        for call in (first, second):
            assert await outbox.settlements.put_in_flight(call, LEASE, AT)
        await outbox.settlements.settle(first, SENT, AT)
        await outbox.leases.reap_expired(AT + timedelta(minutes=1))
        await treat_as_sent(outbox, second)
        summaries = await outbox.messages.recent("U1", 1)
        messages = await messages_of(outbox, summaries)

    assert summaries == tuple(map(summary_of, messages))
    assert (summaries[0].counts, summaries[0].presumed_sent) == ({State.SENT: 201}, 1)


async def test_an_erased_message_has_no_text(database_url: str) -> None:
    """The summary remains, without the text and the number."""
    async with outbox_in(database_url) as outbox:
        await sent(outbox, secret(1))
        await outbox.purge.erase(LATER)
        (summary,) = await outbox.messages.recent("U1", 1)

    assert (summary.text_start, summary.first_phone) == (None, "#1")
    assert "96550000001" not in repr(summary)


async def test_recipients_are_counted_in_their_index(tmp_path: Path) -> None:
    """SQLite reads the index of states for the counts, and finds all else by an index too."""
    async with outbox_in(tmp_path) as outbox:
        with record_statements(outbox.database) as statements:
            await outbox.messages.recent("U1", 10)
        statement, values = statements[-1]
        async with outbox.database.reading() as connection:
            rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            plan = [row.detail for row in rows]

    assert "SEARCH recipient USING COVERING INDEX ix_recipient_state (message_id=?)" in plan
    assert "SEARCH message USING INDEX ix_message_author_id (author=?)" in plan
    assert [step for step in plan if step.startswith("SCAN")] == ["SCAN newest", "SCAN newest"]

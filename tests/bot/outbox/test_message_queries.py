"""A message's summary, counted by the database, agrees with its recipients."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy import text

from kwtsms_bot.outbox.delivery.rules import DeliveryUpdate
from kwtsms_bot.outbox.flow_control.cooldown import COOLDOWN, COOLDOWN_REASON
from kwtsms_bot.outbox.message import Message, Reason
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import Outbox
from support.database import AT, NUMBER, new_message, outbox_in

LEASE = timedelta(seconds=30)
THEN = AT + timedelta(seconds=5)
NUMBERS = tuple(f"965{90000000 + number}" for number in range(450))
SENT = Settlement(State.SENT, AT, gateway_id="f4c8", points=Decimal(200), balance_after=Decimal(99))
REFUSED = Settlement(State.REJECTED, AT, code="ERR031", reason="Content is not allowed.")


async def send_call(outbox: Outbox, settlement: Settlement, *, at: int) -> None:
    """Sends one call and settles it, so many seconds after the beginning."""
    now = AT + timedelta(seconds=at)
    call = await outbox.claims.claim("one", LEASE, now)
    assert call
    assert await outbox.settlements.put_in_flight(call, LEASE, now)
    await outbox.settlements.settle(call, settlement, now)


async def passed_the_queue(outbox: Outbox, message: Message | None) -> Message:
    """Records that kwtSMS passed the message on; returns it."""
    assert message
    while tracked := await outbox.delivery.claim_check(AT + timedelta(minutes=1)):
        await outbox.delivery.record_check(
            tracked, DeliveryUpdate(status="sent"), next_at=None, now=THEN
        )
    found = await outbox.messages.get(message.id)
    assert found
    return found


async def of_several_states(outbox: Outbox) -> Message:
    """A message to 450 numbers: 200 sent, 199 rejected, 51 queued, one of them in cooldown."""
    await outbox.intake.accept(new_message(NUMBERS[300], text="first"), AT)
    await send_call(outbox, SENT, at=0)
    message = (await outbox.intake.accept(new_message(*NUMBERS), AT)).message
    await send_call(outbox, SENT, at=1)
    await send_call(outbox, REFUSED, at=2)
    found = await outbox.messages.get(message.id)
    assert found
    return found


async def test_a_message_is_what_its_recipients_are(database_url: str) -> None:
    """The counts of the database agree with the recipients, counted one by one."""
    async with outbox_in(database_url) as outbox:
        message = await of_several_states(outbox)
        every = await outbox.messages.recipients(message.id)

        assert message.counts == Counter(one.state for one in every)
        assert message.counts == {State.SENT: 200, State.REJECTED: 199, State.QUEUED: 51}
        assert (message.size, message.first_phones) == (450, NUMBERS[:3])
        assert {one.state: one.since for one in message.state_counts} == {
            one.state: one.updated_at for one in every
        }
        assert message.gateway_ids == ("f4c8",)
        assert message.points == Decimal(200)
        assert not message.sent_in_kuwait
        assert (await passed_the_queue(outbox, message)).sent_in_kuwait


async def test_a_reason_is_listed_once_for_all_that_share_it(database_url: str) -> None:
    """Each reason has its state and code; the order is that of the numbers."""
    async with outbox_in(database_url) as outbox:
        message = await of_several_states(outbox)

        assert message.reasons == (
            Reason(State.REJECTED, "ERR031", "Content is not allowed.", AT),
            Reason(State.QUEUED, None, COOLDOWN_REASON, AT + COOLDOWN),
        )


async def test_recipients_come_in_pages(database_url: str) -> None:
    """Over all pages, each recipient in these states comes once, in the order given."""
    async with outbox_in(database_url) as outbox:
        message = await of_several_states(outbox)
        wanted = (State.REJECTED, State.QUEUED)
        found: list[str] = []
        after = 0
        while page := await outbox.messages.recipients(message.id, wanted, after=after, limit=100):
            found += [one.phone for one in page]
            after = page[-1].id

        assert found == list(NUMBERS[200:])


async def test_a_number_abroad_is_not_at_home(database_url: str) -> None:
    """A message that went only abroad has no number that was passed on in Kuwait."""
    async with outbox_in(database_url) as outbox:
        await outbox.intake.accept(new_message("971501234567"), AT)
        await send_call(outbox, SENT, at=0)
        found = await passed_the_queue(outbox, await outbox.messages.latest("U1"))

        assert found.passed_at == THEN
        assert not found.sent_in_kuwait


async def test_an_id_of_kwtsms_finds_its_message(database_url: str) -> None:
    """A gateway ID finds the message of its call."""
    async with outbox_in(database_url) as outbox:
        await outbox.intake.accept(new_message(NUMBER), AT)
        await send_call(outbox, SENT, at=0)
        await outbox.intake.accept(new_message("971501234567"), AT)
        found = await outbox.messages.find("f4c8")

        assert found
        assert found.first_phones == (NUMBER,)


async def test_what_is_read_at_every_step_stays_in_its_index(tmp_path: Path) -> None:
    """Counting states and finding reasons reads indexes, not 100,000 recipients."""
    asked = {
        "SELECT state, count(*), max(updated_at) FROM recipient "
        "WHERE message_id = ? GROUP BY state": "COVERING INDEX ix_recipient_state",
        "SELECT code FROM recipient WHERE message_id = ? "
        "AND (code IS NOT NULL OR reason IS NOT NULL)": "INDEX ix_recipient_reason",
        "SELECT id FROM recipient WHERE message_id = ? AND state = ? AND due_at <= ? "
        "ORDER BY due_at, id LIMIT 200": "INDEX ix_recipient_state",
    }
    async with outbox_in(tmp_path) as outbox, outbox.database.reading() as connection:
        plans = []
        for query in asked:
            rows = await connection.execute(text("EXPLAIN QUERY PLAN " + query.replace("?", "1")))
            plans.append(" ".join(row.detail for row in rows))

        for plan, index in zip(plans, asked.values(), strict=True):
            assert index in plan
            assert "TEMP B-TREE" not in plan

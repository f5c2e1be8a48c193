"""Messages in every state, each with a unique number and text."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from kwtsms_bot.outbox.delivery.rules import DeliveryUpdate, TrackedCall
from kwtsms_bot.outbox.intake.draft import SOURCE, Draft, DraftKind, new_token
from kwtsms_bot.outbox.message import ClaimedCall, DedupeKey, Message, NewMessage
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import Outbox
from support.database import ACTOR, AT, OTHER, new_message

LEASE = timedelta(seconds=30)


@dataclass(frozen=True)
class Secret:
    """The recipients, text and time of a message."""

    phone: str
    text: str
    at: datetime = AT
    others: tuple[str, ...] = ()

    @property
    def forbidden(self) -> tuple[str, ...]:
        """The values that must not be found after erasure."""
        return (self.phone, self.text, self.text[::-1])


def secret(count: int, at: datetime = AT) -> Secret:
    """A unique message with this number."""
    return Secret(f"9655{count:07d}", f"secret-{count:04d}-text", at)


async def accepted(outbox: Outbox, one: Secret) -> Message:
    """Accepts a message under its own deduplication key."""
    key = DedupeKey("slack", one.text[::-1])
    message = new_message(one.phone, *one.others, text=one.text, key=key)
    return (await outbox.intake.accept(message, one.at)).message


async def in_flight(outbox: Outbox, one: Secret) -> ClaimedCall:
    """Accepts a message and puts its call in flight."""
    await accepted(outbox, one)
    call = await outbox.claims.claim("one", LEASE, one.at)
    assert call
    assert await outbox.settlements.put_in_flight(call, LEASE, one.at)
    return call


async def sent(outbox: Outbox, one: Secret) -> None:
    """Creates a message that kwtSMS has accepted."""
    settlement = Settlement(State.SENT, one.at, gateway_id="f4c8", points=Decimal(1))
    call = await in_flight(outbox, one)
    await outbox.settlements.settle(call, settlement, one.at)
    tracked = TrackedCall(call.attempt, "f4c8", (one.phone,), one.at, 0)
    gateway_text = f"sent {one.text} to {one.phone}"  # kwtSMS may repeat number and text.
    await outbox.delivery.record_check(
        tracked, DeliveryUpdate(status=gateway_text), next_at=one.at, now=one.at
    )


async def rejected(outbox: Outbox, one: Secret) -> None:
    """Creates a message that kwtSMS refused for a reason that contains its number and text."""
    settlement = Settlement(State.REJECTED, one.at, "ERR999", f"no {one.text} to {one.phone}")
    await outbox.settlements.settle(await in_flight(outbox, one), settlement, one.at)


async def unknown(outbox: Outbox, one: Secret) -> None:
    """Creates a message with an unknown outcome, without a decision."""
    await in_flight(outbox, one)
    await outbox.leases.reap_expired(one.at + timedelta(minutes=1))


async def deferred(outbox: Outbox, one: Secret) -> None:
    """Creates a message whose retry is due in nine days."""
    settlement = Settlement(
        State.QUEUED, one.at + timedelta(days=9), reason=f"no way to {one.phone}"
    )
    await outbox.settlements.settle(await in_flight(outbox, one), settlement, one.at)


async def cancelled(outbox: Outbox, one: Secret) -> None:
    """Creates a cancelled message."""
    await outbox.cancellation.cancel((await accepted(outbox, one)).ref, one.at, ACTOR)


async def drafted(outbox: Outbox, one: Secret) -> None:
    """Saves a draft that is never confirmed."""
    await outbox.drafts.save_draft(draft(one))


def draft(one: Secret) -> Draft:
    """A draft that waits for confirmation."""
    return Draft(
        token=new_token(),
        kind=DraftKind.CONFIRM,
        message=NewMessage(
            source=SOURCE,
            author="U1",
            team="T1",
            text=one.text,
            sender_id="MY-APP",
            recipients=(OTHER, one.phone),
            pages=1,
        ),
        channel="C1",
        locale="en",
        created_at=one.at,
        expires_at=one.at + timedelta(minutes=10),
    )

"""Messages at every point of their lives, each with a number and a text that nothing else has."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from kwtsms_bot.outbox.delivery.rules import DeliveryUpdate, TrackedCall
from kwtsms_bot.outbox.dispatch.retry import Settlement
from kwtsms_bot.outbox.intake.draft import Draft, DraftKind, new_token
from kwtsms_bot.outbox.message import ClaimedCall, DedupeKey, Message, State
from kwtsms_bot.outbox.store import Store
from support.database import ACTOR, AT, OTHER, new_message

LEASE = timedelta(seconds=30)


@dataclass(frozen=True)
class Secret:
    """What somebody sent, and to whom."""

    phone: str
    text: str
    at: datetime = AT
    others: tuple[str, ...] = ()

    @property
    def forbidden(self) -> tuple[str, ...]:
        """What must not be found when it is erased."""
        return (self.phone, self.text, self.text[::-1])


def secret(count: int, at: datetime = AT) -> Secret:
    """One of many."""
    return Secret(f"9655{count:07d}", f"secret-{count:04d}-text", at)


async def accepted(store: Store, one: Secret) -> Message:
    """In the outbox, under a key of its own."""
    key = DedupeKey("slack", one.text[::-1])
    message = new_message(one.phone, *one.others, text=one.text, key=key)
    return (await store.accept(message, one.at)).message


async def in_flight(store: Store, one: Secret) -> ClaimedCall:
    """On its way."""
    await accepted(store, one)
    call = await store.claim("one", LEASE, one.at)
    assert call
    assert await store.put_in_flight(call, LEASE, one.at)
    return call


async def sent(store: Store, one: Secret) -> None:
    """Taken by kwtSMS."""
    settlement = Settlement(State.SENT, one.at, gateway_id="f4c8", points=Decimal(1))
    call = await in_flight(store, one)
    await store.settle(call, settlement, one.at)
    tracked = TrackedCall(call.attempt, "f4c8", (one.phone,), one.at, 0)
    gateway_text = f"sent {one.text} to {one.phone}"  # Whatever kwtSMS may say.
    await store.record_check(
        tracked, DeliveryUpdate(status=gateway_text), next_at=one.at, now=one.at
    )


async def rejected(store: Store, one: Secret) -> None:
    """Refused by kwtSMS, in words that name the number and the text."""
    settlement = Settlement(State.REJECTED, one.at, "ERR999", f"no {one.text} to {one.phone}")
    await store.settle(await in_flight(store, one), settlement, one.at)


async def unknown(store: Store, one: Secret) -> None:
    """Lost with its process, and never decided by anybody."""
    await in_flight(store, one)
    await store.reap_expired(one.at + timedelta(minutes=1))


async def deferred(store: Store, one: Secret) -> None:
    """To be tried again much later."""
    settlement = Settlement(
        State.QUEUED, one.at + timedelta(days=9), reason=f"no way to {one.phone}"
    )
    await store.settle(await in_flight(store, one), settlement, one.at)


async def cancelled(store: Store, one: Secret) -> None:
    """Taken back."""
    await store.cancel((await accepted(store, one)).ref, one.at, ACTOR)


async def drafted(store: Store, one: Secret) -> None:
    """Waits for a yes that never comes."""
    await store.save_draft(draft(one))


def draft(one: Secret) -> Draft:
    """A message that is not accepted."""
    return Draft(
        token=new_token(),
        kind=DraftKind.CONFIRM,
        author="U1",
        team="T1",
        channel="C1",
        locale="en",
        text=one.text,
        recipients=(OTHER, one.phone),
        sender_id="MY-APP",
        pages=1,
        test=False,
        created_at=one.at,
        expires_at=one.at + timedelta(minutes=10),
    )

"""Three replicas and many people do everything at once, to a few numbers, without a deadlock."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from random import Random

from kwtsms_bot.outbox.delivery.rules import DeliveryUpdate, TrackedCall
from kwtsms_bot.outbox.message import Message, Priority
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.quota.limits import Allowance
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import Outbox, open_outbox
from support.database import ACTOR, new_message, opened

LEASE = timedelta(seconds=30)
NUMBERS = [f"9656{number:07d}" for number in range(60)]
OUTCOMES = (State.SENT, State.SENT, State.QUEUED, State.UNKNOWN, State.REJECTED)
LIMITS = Allowance(10**6, 10**6, 10**9)  # Every limit is checked and none is reached.
STEPS = 16
COOLDOWN = timedelta(seconds=0.2)  # So that a number is sent to more than once.


class Actor:
    """Random actions of one replica, one after another."""

    def __init__(self, outbox: Outbox, chance: Random, messages: list[Message]) -> None:
        self.outbox, self.chance, self.messages = outbox, chance, messages
        self.actions = [self.accept, self.send, self.send, self.decide, self.maintain, self.erase]

    async def act(self) -> None:
        """Performs a number of random actions."""
        for _ in range(STEPS):
            await self.chance.choice(self.actions)(datetime.now(UTC))

    async def accept(self, now: datetime) -> None:
        """Accepts a message to one, a few or most of the numbers."""
        phones = self.chance.sample(NUMBERS, self.chance.choice([1, 3, 50]))
        wanted = new_message(*phones, text=str(self.chance.random()), priority=Priority.NORMAL)
        self.messages.append((await self.outbox.intake.accept(wanted, now, LIMITS)).message)

    async def send(self, now: datetime) -> None:
        """Sends a call, sometimes so slowly that it is reclaimed before its answer comes."""
        owner = str(self.chance.random())
        call = await self.outbox.claims.claim(owner, LEASE, now)
        if self.chance.random() < 0.1:
            await self.outbox.leases.release_owned(owner, now)
        if call is None or not await self.outbox.settlements.put_in_flight(call, LEASE, now):
            return
        if self.chance.random() < 0.3:
            await self.outbox.leases.reap_expired(now + LEASE)
        outcome = self.chance.choice(OUTCOMES)
        await self.outbox.settlements.settle(
            call, Settlement(outcome, now, code="E", reason="r"), now
        )
        phones = tuple(one.phone for one in call.recipients)
        tracked = TrackedCall(call.attempt, "f4c8", phones[::-1], now, 0)
        found = dict.fromkeys(tracked.phones, State.STUCK)
        await self.outbox.delivery.record_check(
            tracked, DeliveryUpdate(found, status="sent"), next_at=None, now=now
        )

    async def decide(self, now: datetime) -> None:
        """Takes all decisions about one of the messages."""
        ref = self.chance.choice(self.messages).ref
        await self.outbox.decisions.send_again(ref, now, ACTOR, expires_at=now + LEASE)
        await self.outbox.cancellation.cancel(ref, now, ACTOR)
        await self.outbox.decisions.treat_as_sent(ref, now, ACTOR)

    async def maintain(self, now: datetime) -> None:
        """Reaps leases, purges metadata and updates cards, as each replica does regularly."""
        await self.outbox.leases.reap_expired(now)
        await self.outbox.purge.purge_metadata(now - LEASE)
        for one in await self.outbox.cards.outdated_cards(3):
            if claimed := await self.outbox.cards.claim_card(one):
                await self.outbox.cards.record_shown(one, claimed.revision, None)

    async def erase(self, now: datetime) -> None:
        """Erases old messages and one number."""
        old = now - timedelta(seconds=1)
        await self.outbox.purge.expire_overdue(old, now)
        await self.outbox.purge.erase(old)
        await self.outbox.eraser.erase_number(
            self.chance.choice(NUMBERS[:5]), now, actor="U1", cancel=True
        )


async def test_nobody_locks_another_out(postgres_url: str) -> None:
    """PostgreSQL finds no deadlock, as all transactions lock rows in one order."""
    messages: list[Message] = []
    async with AsyncExitStack() as stack:
        databases = [await stack.enter_async_context(opened(postgres_url)) for _ in range(3)]
        replicas = [open_outbox(database, cooldown=COOLDOWN) for database in databases]
        actors: Sequence[Actor] = [
            Actor(replicas[number % 3], Random(number), messages) for number in range(12)
        ]
        await actors[0].accept(datetime.now(UTC))
        await asyncio.gather(*(actor.act() for actor in actors))
        end = datetime.now(UTC)
        await replicas[0].leases.reap_expired(end + LEASE)
        found = [await replicas[0].messages.get(message.id) for message in messages]

    in_progress = {State.CLAIMED, State.IN_FLIGHT}
    assert all(one and not in_progress & one.counts.keys() for one in found)

"""Faults that the suite must find: each breaks one promise of the outbox, in tests only."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.balance.store import BalanceStore
from kwtsms_bot.database.job_slots import JobSlot
from kwtsms_bot.database.tables import attempt, recipient
from kwtsms_bot.outbox.dispatch import claim_store, retry, settlement_store
from kwtsms_bot.outbox.dispatch.claim_store import MAX_RECIPIENTS
from kwtsms_bot.outbox.dispatch.retry import Settlement
from kwtsms_bot.outbox.dispatch.worker import Worker
from kwtsms_bot.outbox.flow_control import cooldown
from kwtsms_bot.outbox.message import CardLocation, ClaimedCall, State
from kwtsms_bot.outbox.sql import IN_FLIGHT, SETTLED
from kwtsms_bot.outbox.store import DatabaseRateLimiter, Store
from kwtsms_bot.slack.blocks import Payload
from kwtsms_bot.slack.cards.card_publisher import CardPublisher
from kwtsms_bot.slack.listeners import SlackListeners
from kwtsms_client import Acceptance, AsyncClient, KwtSMSError, NotSent, UnknownOutcome
from kwtsms_client.protocol import Call


def send_again_what_was_in_flight() -> None:
    """What a dead process had in flight goes back to the queue."""
    original = Store.reap_expired

    async def reap_expired(self: Store, now: datetime) -> Any:
        lost = select(attempt.c.id).where(
            attempt.c.state == IN_FLIGHT, attempt.c.lease_until <= now
        )
        async with self.database.transaction() as connection:
            ids = (await connection.execute(lost)).scalars().all()
            await connection.execute(
                update(recipient)
                .where(recipient.c.attempt_id.in_(ids))
                .values(state=State.QUEUED.value, due_at=now)
            )
            await connection.execute(
                update(attempt).where(attempt.c.id.in_(ids)).values(state=SETTLED)
            )
        return await original(self, now)

    _plant(Store, "reap_expired", reap_expired)


def retry_on_timeout() -> None:
    """No readable answer is taken for "not sent"."""
    original = retry.failed

    def failed(error: KwtSMSError, tries: int, now: datetime) -> Settlement:
        if isinstance(error, UnknownOutcome):
            error = NotSent(str(error))
        return original(error, tries, now)

    _plant(retry, "failed", failed)


def acknowledge_before_the_commit() -> None:
    """The person hears "accepted" before it is on disk."""

    async def command(self: SlackListeners, ack: Any, body: Any, _respond: Any) -> None:
        await ack()
        await self._run_command(body)

    _plant(SlackListeners, "handle_command", command)


def in_flight_after_the_call() -> None:
    """The state is written when the answer is there."""
    write, settle = Store.put_in_flight, Worker._settle

    async def put_in_flight(*_: Any) -> bool:
        return True

    async def settle_late(self: Worker, call: ClaimedCall, settlement: Settlement) -> None:
        await write(self._store, call, self._lease, self._clock())
        await settle(self, call, settlement)

    _plant(Store, "put_in_flight", put_in_flight)
    _plant(Worker, "_settle", settle_late)


def no_rate_limit() -> None:
    """Every request starts at once."""

    async def acquire(_: DatabaseRateLimiter) -> None:
        return

    _plant(DatabaseRateLimiter, "acquire", acquire)


def ignore_cooldown() -> None:
    """Numbers that were just written to are written to."""

    async def defer_cooling_down(*_: Any) -> dict[int, int]:
        return {}

    async def reserve_cooldown(connection: AsyncConnection, call: int, clock: Any) -> int:
        await cooldown.start_cooldown(connection, call, clock)
        return MAX_RECIPIENTS

    _plant(claim_store, "defer_cooling_down", defer_cooling_down)
    _plant(settlement_store, "reserve_cooldown", reserve_cooldown)


def settle_without_fencing() -> None:
    """Whoever has an answer writes it down, whatever became of the message meanwhile."""

    async def settle(self: Store, call: ClaimedCall, settlement: Settlement, now: datetime) -> None:
        ids = [one.id for one in call.recipients]
        async with self.database.transaction() as connection:
            await connection.execute(
                update(recipient)
                .where(recipient.c.id.in_(ids))
                .values(state=settlement.state.value, due_at=settlement.due_at, updated_at=now)
            )

    _plant(Store, "settle", settle)


def run_a_job_slot_twice() -> None:
    """Every replica takes every slot."""
    original = BalanceStore.claim_slot

    async def claim_slot(self: BalanceStore, job: str, slot: JobSlot) -> bool:
        await original(self, job, slot)
        return True

    _plant(BalanceStore, "claim_slot", claim_slot)


def send_nothing() -> None:
    """What is in flight stays here, and is called unknown."""
    original = AsyncClient.exchange

    async def exchange(self: AsyncClient, call: Call[Any], *rest: Any, **named: Any) -> Any:
        if call.path.strip("/").endswith("send"):
            raise UnknownOutcome("No answer came.")
        return await original(self, call, *rest, **named)

    _plant(AsyncClient, "exchange", exchange)


def treat_transient_as_final() -> None:
    """Whatever did not go out at once is given up."""
    original = retry.failed

    def failed(error: KwtSMSError, tries: int, now: datetime) -> Settlement:
        settlement = original(error, tries, now)
        return (
            replace(settlement, state=State.REJECTED)
            if settlement.state is State.QUEUED
            else settlement
        )

    _plant(retry, "failed", failed)


def store_another_id() -> None:
    """What is sent is not found at the gateway any more."""
    original = retry.accepted

    def accepted(answer: Acceptance, count: int, now: datetime) -> Settlement:
        return replace(original(answer, count, now), gateway_id="0" * 32)

    _plant(retry, "accepted", accepted)


def accumulate_slots() -> None:
    """Whoever has sent nothing for a while may send five at once."""
    original, saved = DatabaseRateLimiter.acquire, list(range(5))

    async def acquire(self: DatabaseRateLimiter) -> None:
        if saved:
            saved.pop()
        else:
            await original(self)

    _plant(DatabaseRateLimiter, "acquire", acquire)


def leave_cards_stale() -> None:
    """A card is posted, and taken for up to date ever after."""
    original = CardPublisher._post_or_update

    async def put(self: CardPublisher, place: CardLocation, payload: Payload) -> CardLocation:
        return place if place.ts is not None else await original(self, place, payload)

    _plant(CardPublisher, "_post_or_update", put)


def _plant(where: Any, name: str, fault: Any) -> None:
    """Puts a fault in the place of what is called `name`, which must exist."""
    getattr(where, name)
    setattr(where, name, fault)


PLANTED: Mapping[str, Callable[[], None]] = {
    fault.__name__: fault
    for fault in (
        send_again_what_was_in_flight,
        retry_on_timeout,
        acknowledge_before_the_commit,
        in_flight_after_the_call,
        no_rate_limit,
        ignore_cooldown,
        settle_without_fencing,
        run_a_job_slot_twice,
        send_nothing,
        treat_transient_as_final,
        store_another_id,
        accumulate_slots,
        leave_cards_stale,
    )
}

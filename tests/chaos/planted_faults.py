"""Faults that the checker must find: each breaks one promise of the outbox, in tests only."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from kwtsms_bot.balance.store.samples import SampleStore
from kwtsms_bot.database.job_slots import JobSlot
from kwtsms_bot.database.tables import attempt, recipient
from kwtsms_bot.outbox.dispatch import claim_store, retry, settlement_store
from kwtsms_bot.outbox.dispatch.claim_store import MAX_RECIPIENTS
from kwtsms_bot.outbox.dispatch.lease_store import LeaseStore
from kwtsms_bot.outbox.dispatch.settlement_store import SettlementStore
from kwtsms_bot.outbox.dispatch.worker import Worker
from kwtsms_bot.outbox.flow_control import cooldown
from kwtsms_bot.outbox.message import CardLocation, ClaimedCall
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.states import AttemptState, State
from kwtsms_bot.outbox.store import DatabaseRateLimiter
from kwtsms_bot.slack.blocks import Payload
from kwtsms_bot.slack.cards.card_poster import CardPoster
from kwtsms_bot.slack.listeners import SlackListeners
from kwtsms_client import Acceptance, AsyncClient, KwtSMSError, NotSent, UnknownOutcome
from kwtsms_client.protocol import Call


def send_again_what_was_in_flight() -> None:
    """Requeues the calls that a dead process had in flight."""
    original = LeaseStore.reap_expired

    async def reap_expired(self: LeaseStore, now: datetime) -> Any:
        lost = select(attempt.c.id).where(
            attempt.c.state == AttemptState.IN_FLIGHT.value, attempt.c.lease_until <= now
        )
        async with self._database.transaction() as connection:
            ids = (await connection.execute(lost)).scalars().all()
            await connection.execute(
                update(recipient)
                .where(recipient.c.attempt_id.in_(ids))
                .values(state=State.QUEUED.value, due_at=now)
            )
            await connection.execute(
                update(attempt)
                .where(attempt.c.id.in_(ids))
                .values(state=AttemptState.SETTLED.value)
            )
        return await original(self, now)

    plant(LeaseStore, "reap_expired", reap_expired)


def retry_on_timeout() -> None:
    """Treats a missing or unreadable answer as not sent."""
    original = retry.failed

    def failed(error: KwtSMSError, *args: Any, **named: Any) -> Settlement:
        if isinstance(error, UnknownOutcome):
            error = NotSent(str(error))
        return original(error, *args, **named)

    plant(retry, "failed", failed)


def acknowledge_before_the_commit() -> None:
    """Acknowledges a command before the message is committed."""

    async def command(self: SlackListeners, ack: Any, body: Any, _respond: Any) -> None:
        await ack()
        await self._run_command(body)

    plant(SlackListeners, "handle_command", command)


def in_flight_after_the_call() -> None:
    """Records a call as in flight only when its answer has arrived."""
    write, settle = SettlementStore.put_in_flight, Worker._settle

    async def put_in_flight(*_: Any) -> bool:
        return True

    async def settle_late(self: Worker, call: ClaimedCall, settlement: Settlement) -> bool:
        await write(self._settlements, call, self._lease, self._clock())
        return await settle(self, call, settlement)

    plant(SettlementStore, "put_in_flight", put_in_flight)
    plant(Worker, "_settle", settle_late)


def no_rate_limit() -> None:
    """Disables the rate limit."""

    async def acquire(_: DatabaseRateLimiter) -> None:
        return

    plant(DatabaseRateLimiter, "acquire", acquire)


def ignore_cooldown() -> None:
    """Disables the cooldown of numbers."""

    async def defer_cooling_down(*_: Any) -> dict[int, int]:
        return {}

    async def reserve_cooldown(*args: Any) -> int:
        await cooldown.start_cooldown(*args)
        return MAX_RECIPIENTS

    plant(claim_store, "defer_cooling_down", defer_cooling_down)
    plant(settlement_store, "reserve_cooldown", reserve_cooldown)


def settle_without_fencing() -> None:
    """Settles a call even if its lease has been reclaimed."""

    async def settle(
        self: SettlementStore, call: ClaimedCall, settlement: Settlement, now: datetime
    ) -> None:
        ids = [one.id for one in call.recipients]
        async with self._database.transaction() as connection:
            await connection.execute(
                update(recipient)
                .where(recipient.c.id.in_(ids))
                .values(state=settlement.state.value, due_at=settlement.due_at, updated_at=now)
            )

    plant(SettlementStore, "settle", settle)


def run_a_job_slot_twice() -> None:
    """Lets every replica claim every job slot."""
    original = SampleStore.claim_slot

    async def claim_slot(self: SampleStore, job: str, slot: JobSlot) -> bool:
        await original(self, job, slot)
        return True

    plant(SampleStore, "claim_slot", claim_slot)


def send_nothing() -> None:
    """Sends nothing and reports an unknown outcome."""
    original = AsyncClient.exchange

    async def exchange(self: AsyncClient, call: Call[Any], *rest: Any, **named: Any) -> Any:
        if call.path.strip("/").endswith("send"):
            raise UnknownOutcome("No answer came.")
        return await original(self, call, *rest, **named)

    plant(AsyncClient, "exchange", exchange)


def treat_transient_as_final() -> None:
    """Treats every temporary failure as final."""
    original = retry.failed

    def failed(*args: Any, **named: Any) -> Settlement:
        settlement = original(*args, **named)
        return (
            replace(settlement, state=State.REJECTED)
            if settlement.state is State.QUEUED
            else settlement
        )

    plant(retry, "failed", failed)


def store_another_id() -> None:
    """Stores a wrong gateway ID for sent messages."""
    original = retry.accepted

    def accepted(answer: Acceptance, count: int, now: datetime) -> Settlement:
        return replace(original(answer, count, now), gateway_id="0" * 32)

    plant(retry, "accepted", accepted)


def accumulate_slots() -> None:
    """Allows a burst of five requests without waiting."""
    original, saved = DatabaseRateLimiter.acquire, list(range(5))

    async def acquire(self: DatabaseRateLimiter) -> None:
        if saved:
            saved.pop()
        else:
            await original(self)

    plant(DatabaseRateLimiter, "acquire", acquire)


def leave_cards_stale() -> None:
    """Never updates a card after posting it."""
    original = CardPoster._post_or_update

    async def put(self: CardPoster, place: CardLocation, payload: Payload) -> CardLocation:
        return place if place.ts is not None else await original(self, place, payload)

    plant(CardPoster, "_post_or_update", put)


def plant(where: Any, name: str, fault: Any) -> None:
    """Replaces the attribute `name`, which must exist, by a fault."""
    getattr(where, name)
    setattr(where, name, fault)


PLANTED: dict[str, Callable[[], None]] = {
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

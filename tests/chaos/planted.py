"""Faults that the suite must find: each breaks one promise of the outbox, in tests only."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.alerts.store import AlertStore
from kwtsms_bot.database.tables import attempt, recipient
from kwtsms_bot.database.ticks import Slot
from kwtsms_bot.outbox import retry
from kwtsms_bot.outbox.message import ClaimedCall, Place, State
from kwtsms_bot.outbox.retry import Plan
from kwtsms_bot.outbox.store import DatabasePacer, Store, claiming, dispatching, heat
from kwtsms_bot.outbox.store.base import IN_FLIGHT, OVER
from kwtsms_bot.outbox.store.claiming import MAX_RECIPIENTS
from kwtsms_bot.outbox.worker import Worker
from kwtsms_bot.slack.app import Front
from kwtsms_bot.slack.blocks import Payload
from kwtsms_bot.slack.publisher import Publisher
from kwtsms_client import Acceptance, AsyncClient, KwtSMSError, NotSent, UnknownOutcome
from kwtsms_client.protocol import Call


def send_again_what_was_in_flight() -> None:
    """What a dead process had in flight goes back to the queue."""
    honest = Store.reap

    async def reap(self: Store, now: datetime) -> Any:
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
                update(attempt).where(attempt.c.id.in_(ids)).values(state=OVER)
            )
        return await honest(self, now)

    _plant(Store, "reap", reap)


def retry_on_timeout() -> None:
    """No readable answer is taken for "not sent"."""
    honest = retry.failed

    def failed(error: KwtSMSError, tries: int, now: datetime) -> Plan:
        if isinstance(error, UnknownOutcome):
            error = NotSent(str(error))
        return honest(error, tries, now)

    _plant(retry, "failed", failed)


def acknowledge_before_the_commit() -> None:
    """The person hears "accepted" before it is on disk."""

    async def command(self: Front, ack: Any, body: Any, _respond: Any) -> None:
        await ack()
        await self._answered(body)

    _plant(Front, "command", command)


def in_flight_after_the_call() -> None:
    """The state is written when the answer is there."""
    write, settle = Store.put_in_flight, Worker._settle

    async def put_in_flight(*_: Any) -> bool:
        return True

    async def settle_late(self: Worker, call: ClaimedCall, plan: Plan) -> None:
        await write(self._store, call, self._lease, self._clock())
        await settle(self, call, plan)

    _plant(Store, "put_in_flight", put_in_flight)
    _plant(Worker, "_settle", settle_late)


def no_pacing() -> None:
    """Every request starts at once."""

    async def turn(_: DatabasePacer) -> None:
        return

    _plant(DatabasePacer, "turn", turn)


def ignore_the_15_seconds() -> None:
    """Numbers that were just written to are written to."""

    async def put_off(*_: Any) -> dict[int, int]:
        return {}

    async def heat_cold(connection: AsyncConnection, call: int, clock: Any) -> int:
        await heat.heat(connection, call, clock)
        return MAX_RECIPIENTS

    _plant(claiming, "put_off", put_off)
    _plant(dispatching, "heat_cold", heat_cold)


def settle_without_fencing() -> None:
    """Whoever has an answer writes it down, whatever became of the message meanwhile."""

    async def settle(self: Store, call: ClaimedCall, plan: Plan, now: datetime) -> None:
        ids = [one.id for one in call.recipients]
        async with self.database.transaction() as connection:
            await connection.execute(
                update(recipient)
                .where(recipient.c.id.in_(ids))
                .values(state=plan.state.value, due_at=plan.due_at, updated_at=now)
            )

    _plant(Store, "settle", settle)


def both_run_one_tick() -> None:
    """Every replica takes every slot."""
    honest = AlertStore.take_tick

    async def take_tick(self: AlertStore, job: str, slot: Slot) -> bool:
        await honest(self, job, slot)
        return True

    _plant(AlertStore, "take_tick", take_tick)


def send_nothing() -> None:
    """What is in flight stays here, and is called unknown."""
    honest = AsyncClient.exchange

    async def exchange(self: AsyncClient, call: Call[Any], *rest: Any, **named: Any) -> Any:
        if call.path.strip("/").endswith("send"):
            raise UnknownOutcome("No answer came.")
        return await honest(self, call, *rest, **named)

    _plant(AsyncClient, "exchange", exchange)


def take_what_passes_for_final() -> None:
    """Whatever did not go out at once is given up."""
    honest = retry.failed

    def failed(error: KwtSMSError, tries: int, now: datetime) -> Plan:
        plan = honest(error, tries, now)
        return replace(plan, state=State.REJECTED) if plan.state is State.QUEUED else plan

    _plant(retry, "failed", failed)


def store_another_id() -> None:
    """What is sent is not found at the gateway any more."""
    honest = retry.accepted

    def accepted(answer: Acceptance, count: int, now: datetime) -> Plan:
        return replace(honest(answer, count, now), gateway_id="0" * 32)

    _plant(retry, "accepted", accepted)


def save_up_turns() -> None:
    """Whoever has sent nothing for a while may send five at once."""
    honest, saved = DatabasePacer.turn, list(range(5))

    async def turn(self: DatabasePacer) -> None:
        if saved:
            saved.pop()
        else:
            await honest(self)

    _plant(DatabasePacer, "turn", turn)


def leave_cards_as_they_are() -> None:
    """A card is posted, and taken for up to date ever after."""
    honest = Publisher._put

    async def put(self: Publisher, place: Place, payload: Payload) -> Place:
        return place if place.ts is not None else await honest(self, place, payload)

    _plant(Publisher, "_put", put)


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
        no_pacing,
        ignore_the_15_seconds,
        settle_without_fencing,
        both_run_one_tick,
        send_nothing,
        take_what_passes_for_final,
        store_another_id,
        save_up_turns,
        leave_cards_as_they_are,
    )
}

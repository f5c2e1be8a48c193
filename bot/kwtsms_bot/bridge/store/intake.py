"""Group commit for reported alerts: pending requests share one transaction."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.bridge.bundling import Gate
from kwtsms_bot.bridge.intake_plan import IntakePlan
from kwtsms_bot.bridge.references import new_ref
from kwtsms_bot.bridge.reports import Receiver, Report
from kwtsms_bot.bridge.silences.inhibition import InhibitionRule
from kwtsms_bot.bridge.store.gate import load_gate
from kwtsms_bot.bridge.store.request_keys import HookKey, Results, load_remembered
from kwtsms_bot.bridge.store.snapshot import load_snapshot, write_plan
from kwtsms_bot.database import Database

INTAKE_LOCK = "bridge intake"  # One batch at a time, so that a storm is counted exactly.
MAX_REQUESTS, MAX_ALERTS = 100, 5_000  # Of a transaction; a single larger request has its own.


@dataclass(frozen=True, slots=True)
class _PendingRequest:
    """The reports of one request, and the future that resolves it."""

    reports: Sequence[Report]
    key: HookKey | None
    future: "asyncio.Future[Results]"


class AlertIntake:
    """Store through which reported alerts are accepted."""

    def __init__(
        self,
        database: Database,
        receivers: Mapping[str, Receiver],
        *,
        credits_per_day: int,
        inhibitions: Sequence[InhibitionRule] = (),
        on_accepted: Callable[[], None] = lambda: None,
    ) -> None:
        self._database, self._receivers, self._on_accepted = database, receivers, on_accepted
        self._credits_per_day, self._inhibitions = credits_per_day, inhibitions
        self._pending: list[_PendingRequest] = []
        self._batch_task: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """The number of requests that wait for the next transaction."""
        return len(self._pending)

    async def accept(self, reports: Sequence[Report], key: HookKey | None = None) -> Results:
        """Makes the reports of one request durable; returns the result for each alert.

        A caller that stops waiting changes nothing: the request is still stored, and the same
        again is a repeat: by its alerts, and by the `key` that the request may have.

        Raises:
            DatabaseError: they were not accepted, or it is not known whether they were.
        """
        future: asyncio.Future[Results] = asyncio.get_running_loop().create_future()
        self._pending.append(_PendingRequest(reports, key, future))
        if self._batch_task is None or self._batch_task.done():
            self._batch_task = asyncio.create_task(self._run_batches())
        return await asyncio.shield(future)

    async def _run_batches(self) -> None:
        while self._pending:
            batch, self._pending = _next_batch(self._pending)
            try:
                results = await self._accept_batch(batch)
            except Exception as error:  # noqa: BLE001 - Each caller gets it.
                for one in batch:
                    _fail(one.future, error)
                continue
            for one, result in zip(batch, results, strict=True):
                if not one.future.done():
                    one.future.set_result(result)
            self._on_accepted()

    async def _accept_batch(self, batch: "Sequence[_PendingRequest]") -> list[Results]:
        requests = [one.reports for one in batch]

        async def accept_all(connection: AsyncConnection) -> list[Results]:
            await self._database.acquire_lock(connection, INTAKE_LOCK)
            now = await database_time(connection, self._database)
            remembered = await load_remembered(connection, [one.key for one in batch], now)
            flat = [report for reports in requests for report in reports]
            snapshot = await load_snapshot(connection, flat, now, self._inhibitions)
            plan = IntakePlan(snapshot, self._receivers, make_ref=new_ref)
            accepted: list[Results] = []
            for one in batch:
                results = remembered.find(one.key)
                if results is None:
                    results = plan.accept(one.reports, now)
                    remembered.add(one.key, results)
                accepted.append(results)
            await write_plan(connection, plan, now)
            await remembered.write(connection, now)
            if not any(one.sms == "due" for results in accepted for one in results):
                return accepted
            gate = await load_gate(connection, now, self._credits_per_day)
            return list(map(partial(_with_deferrals, gate), requests, accepted))

        return await self._database.run_transaction(accept_all)


async def database_time(connection: AsyncConnection, database: Database) -> datetime:
    """Returns the time by the database's clock, which all replicas share."""
    found: datetime = (await connection.execute(select(database.now_expression))).scalar_one()
    return found


def _with_deferrals(gate: Gate, reports: Sequence[Report], results: Results) -> Results:
    """Returns the results with what is due, but may not leave now, shown as held."""
    if all(one.sms != "due" for one in results):
        return results
    return tuple(
        replace(result, sms="held", why=reason.value)
        if result.sms == "due" and (reason := gate.deferral_reason(report.severity))
        else result
        for report, result in zip(reports, results, strict=True)
    )


def _fail(future: "asyncio.Future[Results]", error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
        future.exception()  # Somebody who has stopped waiting does not retrieve it.


def _next_batch(
    queue: Sequence[_PendingRequest],
) -> tuple[list[_PendingRequest], list[_PendingRequest]]:
    """Splits the queue into the next batch and the rest."""
    alerts = 0
    for number, pending in enumerate(queue):
        alerts += len(pending.reports)
        if number == MAX_REQUESTS or (number and alerts > MAX_ALERTS):
            return list(queue[:number]), list(queue[number:])
    return list(queue), []

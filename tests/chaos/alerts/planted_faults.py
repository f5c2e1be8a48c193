"""Faults that the judge must find: each breaks one promise of the bridge, in tests only.

Each lasts for longer than it would on a fast machine, so that a kill finds it.
"""

import asyncio
import copy
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from chaos.planted_faults import plant
from kwtsms_bot.bridge.reports import Snapshot
from kwtsms_bot.bridge.store import bundle, intake, open_messages
from kwtsms_bot.bridge.store.bundle import BundleStore
from kwtsms_bot.bridge.store.intake import AlertIntake
from kwtsms_bot.outbox.states import State

COMMIT_SECONDS = 0.2
APART_SECONDS = 3.0  # Longer than the worker takes to find a message by itself.
PASS_SECONDS = 0.6


class _OtherTransactions:
    """A database whose transactions run otherwise."""

    def __init__(self, database: Any, run_transaction: Callable[..., Any]) -> None:
        self._database, self.run_transaction = database, run_transaction

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


def answer_before_the_commit() -> None:
    """Answers the tools when their alerts are written and not yet committed."""
    original = AlertIntake._accept_batch

    async def accept_batch(self: AlertIntake, batch: Sequence[Any]) -> Any:
        loop, database = asyncio.get_running_loop(), self._database

        async def run_transaction(work: Callable[..., Any]) -> Any:
            async def answer_first(connection: Any) -> Any:
                results = await work(connection)
                for one, result in zip(batch, results, strict=True):
                    loop.call_soon_threadsafe(one.future.set_result, result)
                time.sleep(COMMIT_SECONDS)  # noqa: ASYNC251 - In a thread of the database's.
                return results

            return await database.run_transaction(answer_first)

        early: Any = copy.copy(self)
        early._database = _OtherTransactions(database, run_transaction)
        return await original(early, batch)

    plant(AlertIntake, "_accept_batch", accept_batch)


def bundle_apart_from_its_rows() -> None:
    """Commits a message, and marks its notifications as part of it in another transaction."""
    run_pass, mark = BundleStore.run_pass, bundle._mark_bundled
    made: list[Sequence[Any]] = []

    async def remember(_: Any, *what: Any) -> None:
        made.append(what)

    async def run_both(self: BundleStore) -> bool:
        found = await run_pass(self)
        if made:
            await asyncio.sleep(APART_SECONDS)
        while made:
            async with self._database.transaction() as connection:
                await mark(connection, *made[-1])
            made.pop()
        return found

    plant(bundle, "_mark_bundled", remember)
    plant(BundleStore, "run_pass", run_both)


def no_upsert_of_alerts() -> None:
    """Treats each report as a new alert, also if the alert is known."""
    original = vars(intake)["load_snapshot"]

    async def load_snapshot(*args: Any) -> Snapshot:
        found: Snapshot = await original(*args)
        return replace(found, alerts={})

    plant(intake, "load_snapshot", load_snapshot)


def two_bundlers_at_once() -> None:
    """Lets the bundlers of two replicas work at the same time."""
    original = vars(bundle)["load_due"]

    async def try_lock(*_: Any) -> bool:
        return True

    async def load_due(*args: Any) -> Any:
        found = await original(*args)
        time.sleep(PASS_SECONDS)  # noqa: ASYNC251 - In a thread of the database's.
        return found

    plant(bundle, "try_lock", try_lock)
    plant(bundle, "INTAKE_LOCK", f"bundler {os.getpid()}")
    plant(bundle, "load_due", load_due)


def recall_ignores_claimed() -> None:
    """Recalls only what no worker has claimed."""
    plant(open_messages, "RECALLABLE", (State.QUEUED,))


ALERT_FAULTS: dict[str, Callable[[], None]] = {
    fault.__name__: fault
    for fault in (
        answer_before_the_commit,
        bundle_apart_from_its_rows,
        no_upsert_of_alerts,
        two_bundlers_at_once,
        recall_ignores_claimed,
    )
}

"""Asks for the balance after an outcome was lost, and writes down what it shows. Sends nothing."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from kwtsms_bot.database import DatabaseTrouble
from kwtsms_bot.database.ticks import slot_of
from kwtsms_bot.outbox.evidence import Seen, weigh
from kwtsms_bot.outbox.store import Store
from kwtsms_bot.outbox.store.evidence import LostCall
from kwtsms_bot.outbox.waiting import pause
from kwtsms_client import Balance, KwtSMSError

SWEEP = timedelta(seconds=15)
log = structlog.get_logger(__name__)


class Account(Protocol):
    """Something that knows the balance."""

    async def balance(self) -> Balance:
        """The credits on the account."""


class Witness:
    """Looks into what is unknown; a person decides what to do about it."""

    def __init__(
        self,
        store: Store,
        account: Account,
        *,
        clock: Callable[[], datetime],
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._store, self._account = store, account
        self._clock, self._on_change = clock, on_change

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set."""
        while not stop.is_set():
            try:
                await self.look()
            except DatabaseTrouble as error:
                log.warning("not looked into", error=str(error))
            await pause(stop, SWEEP.total_seconds())

    async def look(self) -> int:
        """Looks into the calls that were lost a while ago; how many those were.

        One replica does, for all: the others' turn comes in another slot. While sending is held
        the balance stays as it is, and is asked for by the scout.
        """
        if (await self._store.hold()).since is not None:
            return 0
        lost = await self._store.lost_calls(self._clock())
        if not lost or not await self._store.take_look(slot_of(self._clock(), SWEEP)):
            return 0
        begun_at = self._clock()
        try:
            balance = await self._account.balance()
        except KwtSMSError as error:
            log.info("balance not known", error=type(error).__name__)
            return 0
        after = Seen(begun_at, self._clock(), balance.available)
        for one in lost:
            await self._weigh(one, after)
        self._on_change()
        return len(lost)

    async def _weigh(self, lost: LostCall, after: Seen) -> None:
        before = await self._store.balance_before(lost)
        others = await self._store.spent_between(lost, before, after.ended_at) if before else []
        found = weigh(lost.price, before, after, others)
        await self._store.note_evidence(lost, found, self._clock())
        log.info("outcome looked into", attempt=lost.attempt, verdict=found.verdict.value)

"""Asks for the balance after an outcome was lost, and writes down what it shows. Sends nothing."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from kwtsms_bot.background import sleep
from kwtsms_bot.database import DatabaseError
from kwtsms_bot.database.job_slots import slot_of
from kwtsms_bot.outbox.evidence import BalanceReading, assess
from kwtsms_bot.outbox.flow_control.breaker_store import BreakerStore
from kwtsms_bot.outbox.unknown.evidence_store import EvidenceStore, UnansweredCall
from kwtsms_client import Balance, KwtSMSError

RECONCILE_INTERVAL = timedelta(seconds=15)
log = structlog.get_logger(__name__)


class BalanceReader(Protocol):
    """Something that knows the balance."""

    async def balance(self) -> Balance:
        """The credits on the account."""


class UnknownReconciler:
    """Looks into what is unknown; a person decides what to do about it."""

    def __init__(
        self,
        evidence: EvidenceStore,
        breaker: BreakerStore,
        balance_reader: BalanceReader,
        *,
        clock: Callable[[], datetime],
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._evidence, self._breaker, self._balance_reader = evidence, breaker, balance_reader
        self._clock, self._on_change = clock, on_change

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set."""
        while not stop.is_set():
            try:
                await self.reconcile()
            except DatabaseError as error:
                log.warning("not looked into", error=str(error))
            await sleep(stop, RECONCILE_INTERVAL.total_seconds())

    async def reconcile(self) -> int:
        """Looks into the calls that were lost a while ago; how many those were.

        One replica does, for all: the others' turn comes in another slot. While sending is held
        the balance stays as it is, and is asked for by the scout.
        """
        if (await self._breaker.breaker_state()).opened_at is not None:
            return 0
        unanswered = await self._evidence.unanswered_calls(self._clock())
        if not unanswered or not await self._evidence.claim_reconcile_slot(
            slot_of(self._clock(), RECONCILE_INTERVAL)
        ):
            return 0
        begun_at = self._clock()
        try:
            balance = await self._balance_reader.balance()
        except KwtSMSError as error:
            log.info("balance not known", error=type(error).__name__)
            return 0
        after = BalanceReading(begun_at, self._clock(), balance.available)
        for one in unanswered:
            await self._assess(one, after)
        self._on_change()
        return len(unanswered)

    async def _assess(self, unanswered: UnansweredCall, after: BalanceReading) -> None:
        before = await self._evidence.balance_before(unanswered)
        others = (
            await self._evidence.costs_between(unanswered, before, after.ended_at) if before else []
        )
        evidence = assess(unanswered.price, before, after, others)
        await self._evidence.record_evidence(unanswered, evidence, self._clock())
        log.info("outcome looked into", attempt=unanswered.attempt, verdict=evidence.verdict.value)

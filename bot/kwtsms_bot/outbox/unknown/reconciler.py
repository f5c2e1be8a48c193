"""Collects balance evidence for calls whose outcome is unknown. Sends nothing."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from kwtsms_bot.background import poll
from kwtsms_bot.database import DatabaseError
from kwtsms_bot.database.job_slots import slot_of
from kwtsms_bot.outbox.evidence import BalanceReading, assess
from kwtsms_bot.outbox.flow_control.breaker_store import BreakerStore
from kwtsms_bot.outbox.unknown.evidence_store import EvidenceStore, UnansweredCall
from kwtsms_client import Balance, KwtSMSError

RECONCILE_INTERVAL = timedelta(seconds=15)
log = structlog.get_logger(__name__)


class BalanceReader(Protocol):
    """Client that can ask for the balance."""

    async def balance(self) -> Balance:
        """Returns the credits on the account."""


class UnknownReconciler:
    """Loop that collects evidence on unknown calls; a person decides what to do about them."""

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
        """Reconciles until `stop` is set."""
        await poll(stop, self._step, _log_error, errors=DatabaseError)

    async def _step(self) -> float:
        await self.reconcile()
        return RECONCILE_INTERVAL.total_seconds()

    async def reconcile(self) -> int:
        """Collects evidence on calls given up a while ago; returns how many.

        One replica does so in each slot, for all. Until the circuit breaker is closed, nothing is
        collected: the balance stays the same, and the breaker's probe asks for it.
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


def _log_error(error: DatabaseError) -> float:
    log.warning("not looked into", error=str(error))
    return RECONCILE_INTERVAL.total_seconds()

"""Probes the gateway while the circuit breaker is open. Sends nothing, and decides nothing."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from kwtsms_bot.background import poll
from kwtsms_bot.database import DatabaseError
from kwtsms_bot.outbox.flow_control.breaker_store import BreakerStore
from kwtsms_client import Balance, KwtSMSError, Rejected

POLL_SECONDS = 2.0
log = structlog.get_logger(__name__)


class ProbeClient(Protocol):
    """Client that can ask for the balance."""

    async def balance(self) -> Balance:
        """Returns the credits on the account."""


class BreakerProbe:
    """Loop that checks whether the gateway answers again; one replica probes for all."""

    def __init__(
        self,
        breaker: BreakerStore,
        client: ProbeClient,
        *,
        on_answer: Callable[[], None] = lambda: None,
    ) -> None:
        self._breaker, self._client, self._on_answer = breaker, client, on_answer

    async def run(self, stop: asyncio.Event) -> None:
        """Probes until `stop` is set."""
        await poll(stop, self._step, _log_error, errors=DatabaseError)

    async def _step(self) -> float:
        await self.probe()
        return POLL_SECONDS

    async def probe(self) -> bool:
        """Probes if a probe is due; returns whether it was answered."""
        if not await self._breaker.claim_probe():
            return False
        answered = await self._is_answered()
        await self._breaker.record_probe(answered=answered)
        if answered:
            self._on_answer()
        return answered

    async def _is_answered(self) -> bool:
        try:
            await self._client.balance()
        except Rejected:
            return True
        except KwtSMSError as error:
            log.info("no answer yet", error=type(error).__name__)
            return False
        return True


def _log_error(error: DatabaseError) -> float:
    log.warning("not asked", error=str(error))
    return POLL_SECONDS

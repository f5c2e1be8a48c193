"""While sending is held, asks for the balance now and then. Sends nothing, and decides nothing."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from kwtsms_bot.background import sleep
from kwtsms_bot.database import DatabaseError
from kwtsms_bot.outbox.flow_control.breaker_store import BreakerStore
from kwtsms_client import Balance, KwtSMSError, Rejected

POLL_SECONDS = 2.0
log = structlog.get_logger(__name__)


class ProbeClient(Protocol):
    """Something that knows the balance."""

    async def balance(self) -> Balance:
        """The credits on the account."""


class BreakerProbe:
    """Finds out whether the gateway's answers can be read again; one replica asks, for all."""

    def __init__(
        self,
        breaker: BreakerStore,
        client: ProbeClient,
        *,
        on_answer: Callable[[], None] = lambda: None,
    ) -> None:
        self._breaker, self._client, self._on_answer = breaker, client, on_answer

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set."""
        while not stop.is_set():
            try:
                await self.probe()
            except DatabaseError as error:
                log.warning("not asked", error=str(error))
            await sleep(stop, POLL_SECONDS)

    async def probe(self) -> bool:
        """Asks, if a question is due; whether it was answered."""
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

"""While sending is held, asks for the balance now and then. Sends nothing, and decides nothing."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from kwtsms_bot.database import DatabaseTrouble
from kwtsms_bot.outbox.store import Store
from kwtsms_bot.outbox.waiting import pause
from kwtsms_client import Balance, KwtSMSError, Rejected

SWEEP_SECONDS = 2.0
log = structlog.get_logger(__name__)


class Account(Protocol):
    """Something that knows the balance."""

    async def balance(self) -> Balance:
        """The credits on the account."""


class Scout:
    """Finds out whether the gateway's answers can be read again; one replica asks, for all."""

    def __init__(
        self, store: Store, account: Account, *, on_answer: Callable[[], None] = lambda: None
    ) -> None:
        self._store, self._account, self._on_answer = store, account, on_answer

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set."""
        while not stop.is_set():
            try:
                await self.look()
            except DatabaseTrouble as error:
                log.warning("not asked", error=str(error))
            await pause(stop, SWEEP_SECONDS)

    async def look(self) -> bool:
        """Asks, if a question is due; whether it was answered."""
        if not await self._store.take_question():
            return False
        answered = await self._is_answered()
        await self._store.answered(answered=answered)
        if answered:
            self._on_answer()
        return answered

    async def _is_answered(self) -> bool:
        try:
            await self._account.balance()
        except Rejected:
            return True
        except KwtSMSError as error:
            log.info("no answer yet", error=type(error).__name__)
            return False
        return True

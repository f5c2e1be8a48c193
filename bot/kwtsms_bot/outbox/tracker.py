"""Follows what was accepted: asks for statuses and reports, and writes down what is new.

It shares the account's turns with what is to be sent: it takes none while anything is, and queues
for none.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from kwtsms_bot.database import DatabaseTrouble
from kwtsms_bot.outbox.store import INTERVAL, Store
from kwtsms_bot.outbox.tracking import (
    Learned,
    Tracked,
    from_refusal,
    from_report,
    from_status,
    next_check,
    wants_report,
)
from kwtsms_bot.outbox.waiting import pause
from kwtsms_client import DeliveryReport, KwtSMSError, Rejected, Status

SWEEP_SECONDS = 5.0
TURN = 2 * INTERVAL  # A question takes one; the other is for whoever has something to send.
log = structlog.get_logger(__name__)


class Reporter(Protocol):
    """The gateway's two questions about a message."""

    async def may(self) -> bool:
        """Whether one of them may be asked now: then it is to be asked at once."""

    async def status(self, message_id: str) -> Status:
        """What the gateway did with it."""

    async def dlr(self, message_id: str) -> DeliveryReport:
        """What became of it at the phones."""


class Tracker:
    """Asks about one message after the other, one in each `turn`, and never repeats a send."""

    def __init__(
        self,
        store: Store,
        reporter: Reporter,
        *,
        clock: Callable[[], datetime],
        turn: timedelta = TURN,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._store, self._reporter = store, reporter
        self._turn = turn
        self._clock, self._on_change = clock, on_change

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set."""
        while not stop.is_set():
            try:
                found = await self.check_one()
            except DatabaseTrouble as error:
                log.warning("not tracked", error=str(error))
                found = False
            await pause(stop, self._turn.total_seconds() if found else SWEEP_SECONDS)

    async def check_one(self) -> bool:
        """Asks about the message that is due first; False if none is, or sends need the turns."""
        if not await self._is_due() or await self._sends_come_first():
            return False
        if not await self._reporter.may():
            return False
        tracked = await self._store.to_check(self._clock())
        if tracked is None:
            return False
        learned = await self._ask(tracked)
        now = self._clock()
        again = next_check(tracked, now, settled=learned.over)
        if await self._store.note_check(tracked, learned, again_at=again, now=now):
            self._on_change()
        return True

    async def _is_due(self) -> bool:
        """Whether there is anything to ask: a turn is not taken in vain."""
        due = await self._store.next_check()
        return due is not None and due <= self._clock()

    async def _sends_come_first(self) -> bool:
        """Whether something is to be sent now, or before a question's turn would be over.

        While sending is held, the questions of the scout come first.
        """
        if (await self._store.hold()).since is not None:
            return True
        due = await self._store.next_due()
        return due is not None and due <= self._clock() + self._turn

    async def _ask(self, tracked: Tracked) -> Learned:
        """What the gateway says now; no answer tells nothing."""
        try:
            if wants_report(tracked, self._clock()):
                return from_report(tracked, await self._reporter.dlr(tracked.gateway_id))
            return from_status(tracked, (await self._reporter.status(tracked.gateway_id)).status)
        except Rejected as error:
            return from_refusal(tracked, error)
        except KwtSMSError as error:
            log.info("status not known", gateway_id=tracked.gateway_id, error=type(error).__name__)
            return Learned()

"""Follows what was accepted: asks for statuses and reports, and writes down what is new.

It shares the account's turns with what is to be sent: it takes none while anything is, and queues
for none.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from kwtsms_bot.database import DatabaseTrouble
from kwtsms_bot.outbox.message import State
from kwtsms_bot.outbox.store import Store
from kwtsms_bot.outbox.tracking import Tracked, from_report, next_check, wants_report
from kwtsms_bot.outbox.waiting import pause
from kwtsms_client import DeliveryReport, KwtSMSError, Rejected, Status

SWEEP_SECONDS = 5.0
TURN = timedelta(seconds=1)  # Two requests' time; a question takes one turn.
STUCK = "ERR030"
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
    """Asks about one message after the other, and never repeats a send."""

    def __init__(
        self,
        store: Store,
        reporter: Reporter,
        *,
        clock: Callable[[], datetime],
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._store, self._reporter = store, reporter
        self._clock, self._on_change = clock, on_change

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set."""
        while not stop.is_set():
            try:
                found = await self.check_one()
            except DatabaseTrouble as error:
                log.warning("not tracked", error=str(error))
                found = False
            await pause(stop, TURN.total_seconds() if found else SWEEP_SECONDS)

    async def check_one(self) -> bool:
        """Asks about the message that is due first; False if none is, or sends need the turns."""
        if not await self._is_due() or await self._sends_come_first():
            return False
        if not await self._reporter.may():
            return False
        tracked = await self._store.to_check(self._clock())
        if tracked is None:
            return False
        found, settled, status = await self._ask(tracked)
        now = self._clock()
        again = next_check(tracked, now, settled=settled)
        await self._store.note_check(tracked, found, again_at=again, now=now, status=status)
        if found or status:
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
        return due is not None and due <= self._clock() + TURN

    async def _ask(self, tracked: Tracked) -> tuple[Mapping[str, State], bool, str | None]:
        """What is new of each number, whether nothing more is to come, and kwtSMS's word for it."""
        try:
            if wants_report(tracked, self._clock()):
                report = await self._reporter.dlr(tracked.gateway_id)
                return *self._reported(tracked, report), None
            status = (await self._reporter.status(tracked.gateway_id)).status
        except Rejected as error:
            stuck = error.code == STUCK
            return dict.fromkeys(tracked.phones if stuck else (), State.STUCK), stuck, None
        except KwtSMSError as error:
            log.info("status not known", gateway_id=tracked.gateway_id, error=type(error).__name__)
            return {}, False, None
        return {}, not tracked.abroad, status

    @staticmethod
    def _reported(tracked: Tracked, report: DeliveryReport) -> tuple[Mapping[str, State], bool]:
        known = {one.recipient: from_report(one.status) for one in report.deliveries}
        found = {phone: state for phone, state in known.items() if state is not None}
        return found, set(tracked.abroad) <= found.keys()

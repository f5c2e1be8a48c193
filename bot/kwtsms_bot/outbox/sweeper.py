"""Takes over what owners hold that are gone, however much there is to send meanwhile."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from kwtsms_bot.database import DatabaseTrouble
from kwtsms_bot.outbox.store import Store
from kwtsms_bot.outbox.waiting import pause

SWEEP_SECONDS = 2.0
log = structlog.get_logger(__name__)


class Sweeper:
    """Looks at the leases of all replicas; the worker runs one beside its loop."""

    def __init__(
        self, store: Store, *, clock: Callable[[], datetime], on_change: Callable[[], None]
    ) -> None:
        self._store, self._clock, self._on_change = store, clock, on_change

    async def run(self, stop: asyncio.Event) -> None:
        """Sweeps until `stop` is set.

        After trouble with the database the first sweep only sees that it is back: whoever has an
        outcome in hand, and could not write it, does that first.
        """
        trouble = False
        while not stop.is_set():
            try:
                await (self._store.next_due() if trouble else self._sweep())
                trouble = False
            except DatabaseTrouble as error:
                log.warning("nothing taken over", error=str(error))
                trouble = True
            await pause(stop, SWEEP_SECONDS)

    async def _sweep(self) -> None:
        given_back, unknown = await self._store.reap(self._clock())
        if given_back or unknown:
            log.warning("taken over", queued=given_back, unknown=unknown)
            self._on_change()

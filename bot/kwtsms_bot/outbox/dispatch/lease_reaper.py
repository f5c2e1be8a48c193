"""Takes over what owners hold that are gone, however much there is to send meanwhile."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from kwtsms_bot.background import sleep
from kwtsms_bot.database import DatabaseError
from kwtsms_bot.outbox.dispatch.claim_store import ClaimStore
from kwtsms_bot.outbox.dispatch.lease_store import LeaseStore

REAP_SECONDS = 2.0
log = structlog.get_logger(__name__)


class LeaseReaper:
    """Looks at the leases of all replicas; the worker runs one beside its loop."""

    def __init__(
        self,
        leases: LeaseStore,
        claims: ClaimStore,
        *,
        clock: Callable[[], datetime],
        on_change: Callable[[], None],
    ) -> None:
        self._leases, self._claims = leases, claims
        self._clock, self._on_change = clock, on_change

    async def run(self, stop: asyncio.Event) -> None:
        """Sweeps until `stop` is set.

        After trouble with the database the first sweep only sees that it is back: whoever has an
        outcome in hand, and could not write it, does that first.
        """
        failing = False
        while not stop.is_set():
            try:
                await (self._claims.next_due() if failing else self._reap())
                failing = False
            except DatabaseError as error:
                log.warning("nothing taken over", error=str(error))
                failing = True
            await sleep(stop, REAP_SECONDS)

    async def _reap(self) -> None:
        requeued, unknown = await self._leases.reap_expired(self._clock())
        if requeued or unknown:
            log.warning("taken over", queued=requeued, unknown=unknown)
            self._on_change()

"""Reclaims calls whose lease has expired. A loop of its own: a long queue does not delay it."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from kwtsms_bot.background import poll
from kwtsms_bot.database import DatabaseError
from kwtsms_bot.outbox.dispatch.claim_store import ClaimStore
from kwtsms_bot.outbox.dispatch.lease_store import LeaseStore

REAP_SECONDS = 2.0
log = structlog.get_logger(__name__)


class LeaseReaper:
    """The loop that reclaims expired leases of all replicas; the worker runs one beside its own."""

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
        self._failing = False

    async def run(self, stop: asyncio.Event) -> None:
        """Reclaims expired leases until `stop` is set."""
        await poll(stop, self._step, self._on_error, errors=DatabaseError)

    async def _step(self) -> float:
        """Reclaims once; after an error it only checks that the database is back.

        A process that could not write an outcome then writes it before its call is reclaimed.
        """
        await (self._claims.next_due() if self._failing else self._reap())
        self._failing = False
        return REAP_SECONDS

    def _on_error(self, error: DatabaseError) -> float:
        log.warning("nothing taken over", error=str(error))
        self._failing = True
        return REAP_SECONDS

    async def _reap(self) -> None:
        requeued, unknown = await self._leases.reap_expired(self._clock())
        if requeued or unknown:
            log.warning("taken over", queued=requeued, unknown=unknown)
            self._on_change()

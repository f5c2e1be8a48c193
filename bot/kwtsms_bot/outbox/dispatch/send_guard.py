"""Last check before a call leaves: is its slot still valid, and is its lease still ours?

Between "in flight" and the first byte come a DNS lookup, a connection and a TLS handshake. Each may
take seconds, and during each of them this process may stall:

    this process                        others
    in flight, leased until L
    stalls, or waits for a handshake    after L: unknown; a person says "send again": it is sent
    a byte leaves: it is sent twice

So the lease is renewed when the connection is there, and only then may a byte leave. Renewing and
reclaiming change the same row, one after the other. If reclaiming came first, the call is no longer
ours, and nothing leaves. If renewing came first, nobody reclaims the call for a whole lease:

    renewed, leased until R + lease
    waits for a slot
    the first byte leaves, before R + lease / 3

The remaining risk is a stall between the last look at the clock and the byte: microseconds.

Slots are given before the connection is made, and connections that hung together come up together.
A call whose slot has passed takes another, so that they leave one after the other. The slot is
taken after the renewal, because it passes sooner; if that took a third of the lease, the lease is
renewed once more.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from kwtsms_bot.database import DatabaseError
from kwtsms_bot.outbox.dispatch.ports import RateLimiter
from kwtsms_bot.outbox.dispatch.settlement_store import SettlementStore
from kwtsms_bot.outbox.message import ClaimedCall
from kwtsms_client import NotSent
from kwtsms_client.rate_limiter import MAX_START_AGE_SECONDS


class SendAborted(NotSent):
    """Nothing left, and the gateway is not the cause: the call may go at once if it is ours."""


class SendGuard:
    """Guard of one call in flight, whose slot came at `acquired_at`."""

    def __init__(
        self,
        settlements: SettlementStore,
        rate_limiter: RateLimiter,
        call: ClaimedCall,
        *,
        acquired_at: float,
        lease: timedelta,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settlements, self._rate_limiter, self._call = settlements, rate_limiter, call
        self._lease, self._clock, self._monotonic = lease, clock, monotonic
        self._acquired_at = acquired_at

    async def check(self) -> None:
        """Returns when the first byte may leave.

        Raises:
            SendAborted: it may not leave: the call is no longer ours, or nobody knows.
        """
        try:
            while not await self._renew_and_check():
                pass
        except DatabaseError as error:
            raise SendAborted("The database can't confirm who owns this call.") from error

    async def _renew_and_check(self) -> bool:
        """Whether the lease was renewed a moment ago, and the slot has not passed."""
        renewed_at = self._monotonic()
        if not await self._settlements.renew(self._call, self._lease, self._clock()):
            raise SendAborted("Another process has reclaimed this call.")
        if self._monotonic() - self._acquired_at > MAX_START_AGE_SECONDS:
            await self._rate_limiter.acquire()
            self._acquired_at = self._monotonic()
        return self._monotonic() - renewed_at < self._lease.total_seconds() / 3

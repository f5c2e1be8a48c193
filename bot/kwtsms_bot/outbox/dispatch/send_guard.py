"""The last moment before a call leaves: is it our turn still, and is the call ours still?

Between "in flight" and the first byte lie a name to look up, a connection and a handshake. Each may
take seconds, and in each of them this process may stand still:

    we                                      others
    in flight, leased until L
    stand still, or wait for a handshake    after L: unknown; a person says "send again": it is sent
    a byte leaves: it is sent twice

So the lease is renewed when the connection is there, and only then may a byte leave. Renewing and
taking over change the same row, one after the other. Where theirs came first the call is not ours
any more, and nothing leaves. Where ours came first, nobody takes it over for a whole lease from
then on:

    renewed, leased until R + lease
    wait for a turn
    the first byte leaves, before R + lease / 3

Left is a process that stands still between its last look at the clock and the byte: microseconds.

Turns are given before the connection is made, and handshakes that hung together end together. Whose
turn is past takes another, so they leave one after the other. The turn comes after the renewal, for
it passes sooner; where it took a third of the lease to come, the lease is renewed once more.
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
    """Nothing of it left, and not because of the gateway: it may go at once, if it is ours."""


class SendGuard:
    """Of one call in flight, whose turn came at the moment `turn`."""

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
            StayedHere: it may not, for the call is not ours any more, or nobody knows.
        """
        try:
            while not await self._renew_and_check():
                pass
        except DatabaseError as error:
            raise SendAborted("The database does not say whose it is.") from error

    async def _renew_and_check(self) -> bool:
        """Whether the lease has been renewed a moment ago, and the turn is not past."""
        renewed_at = self._monotonic()
        if not await self._settlements.renew(self._call, self._lease, self._clock()):
            raise SendAborted("Somebody else has taken it over.")
        if self._monotonic() - self._acquired_at > MAX_START_AGE_SECONDS:
            await self._rate_limiter.acquire()
            self._acquired_at = self._monotonic()
        return self._monotonic() - renewed_at < self._lease.total_seconds() / 3

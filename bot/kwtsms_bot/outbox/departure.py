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

from kwtsms_bot.database import DatabaseTrouble
from kwtsms_bot.outbox.carrying import Turns
from kwtsms_bot.outbox.message import ClaimedCall
from kwtsms_bot.outbox.store import Store
from kwtsms_client import NotSent
from kwtsms_client.pacing import LATE_SECONDS


class StayedHere(NotSent):
    """Nothing of it left, and not because of the gateway: it may go at once, if it is ours."""


class Departure:
    """Of one call in flight, whose turn came at the moment `turn`."""

    def __init__(
        self,
        store: Store,
        turns: Turns,
        call: ClaimedCall,
        *,
        turn: float,
        lease: timedelta,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._turns, self._call = store, turns, call
        self._lease, self._clock, self._monotonic = lease, clock, monotonic
        self._turn = turn

    async def leaving(self) -> None:
        """Returns when the first byte may leave.

        Raises:
            StayedHere: it may not, for the call is not ours any more, or nobody knows.
        """
        try:
            while not await self._is_now():
                pass
        except DatabaseTrouble as error:
            raise StayedHere("The database does not say whose it is.") from error

    async def _is_now(self) -> bool:
        """Whether the lease has been renewed a moment ago, and the turn is not past."""
        renewed = self._monotonic()
        if not await self._store.renew(self._call, self._lease, self._clock()):
            raise StayedHere("Somebody else has taken it over.")
        if self._monotonic() - self._turn > LATE_SECONDS:
            await self._turns.turn()
            self._turn = self._monotonic()
        return self._monotonic() - renewed < self._lease.total_seconds() / 3

"""Asks the gateway what became of a message, in turns that nobody else wants.

A send queues for its turn; a question of ours does not. So there is never a question before a send,
however many replicas have one.
"""

import time
from typing import Protocol

from kwtsms_bot.outbox.carrying import Carrier
from kwtsms_client import DeliveryReport, NotSent, Status, protocol
from kwtsms_client.pacing import LATE_SECONDS


class FreeTurns(Protocol):
    """Something that has a turn over now and then."""

    async def free(self) -> bool:
        """Takes the turn that is free at this moment; False: there is none."""


class Asking:
    """The gateway's two questions about a message."""

    def __init__(self, carrier: Carrier, turns: FreeTurns) -> None:
        self._carrier, self._turns = carrier, turns
        self._turn = float("-inf")

    async def may(self) -> bool:
        """Whether one question may start now."""
        found = await self._turns.free()
        self._turn = time.monotonic()
        return found

    async def status(self, message_id: str) -> Status:
        """What the gateway did with it."""
        return await self._carrier.exchange(protocol.status(message_id), leaving=self._leaving)

    async def dlr(self, message_id: str) -> DeliveryReport:
        """What became of it at the phones."""
        return await self._carrier.exchange(protocol.dlr(message_id), leaving=self._leaving)

    async def _leaving(self) -> None:
        """A turn that passed while the connection was made is not used."""
        if time.monotonic() - self._turn > LATE_SECONDS and not await self.may():
            raise NotSent("It came too late for its turn.")

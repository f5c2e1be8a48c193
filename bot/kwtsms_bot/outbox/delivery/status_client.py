"""Asks the gateway what became of a message, in turns that nobody else wants.

A send queues for its turn; a question of ours does not. So there is never a question before a send,
however many replicas have one.
"""

import time
from typing import Protocol

from kwtsms_bot.outbox.dispatch.ports import GatewayTransport
from kwtsms_client import DeliveryReport, NotSent, Status, protocol
from kwtsms_client.rate_limiter import MAX_START_AGE_SECONDS


class IdleSlots(Protocol):
    """Something that has a turn over now and then."""

    async def try_acquire(self) -> bool:
        """Takes the turn that is free at this moment; False: there is none."""


class StatusClient:
    """The gateway's two questions about a message."""

    def __init__(self, transport: GatewayTransport, idle_slots: IdleSlots) -> None:
        self._transport, self._idle_slots = transport, idle_slots
        self._acquired_at = float("-inf")

    async def try_acquire(self) -> bool:
        """Whether one question may start now."""
        acquired = await self._idle_slots.try_acquire()
        self._acquired_at = time.monotonic()
        return acquired

    async def status(self, message_id: str) -> Status:
        """What the gateway did with it."""
        return await self._transport.exchange(protocol.status(message_id), leaving=self._renew_slot)

    async def dlr(self, message_id: str) -> DeliveryReport:
        """What became of it at the phones."""
        return await self._transport.exchange(protocol.dlr(message_id), leaving=self._renew_slot)

    async def _renew_slot(self) -> None:
        """A turn that passed while the connection was made is not used."""
        if (
            time.monotonic() - self._acquired_at > MAX_START_AGE_SECONDS
            and not await self.try_acquire()
        ):
            raise NotSent("It came too late for its turn.")

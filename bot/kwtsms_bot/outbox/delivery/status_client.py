"""Requests statuses and delivery reports in idle slots of the rate limiter.

A send queues for its slot; these requests do not. So none of them is ever queued before a send,
however many replicas poll.
"""

import time
from typing import Protocol

from kwtsms_bot.outbox.dispatch.ports import GatewayTransport
from kwtsms_client import DeliveryReport, NotSent, Status, protocol
from kwtsms_client.rate_limiter import MAX_START_AGE_SECONDS


class IdleSlots(Protocol):
    """Rate limiter that may have a slot to spare."""

    async def try_acquire(self) -> bool:
        """Takes the slot that is free at this moment; returns False if there is none."""


class StatusClient:
    """Client for a message's status and delivery report."""

    def __init__(self, transport: GatewayTransport, idle_slots: IdleSlots) -> None:
        self._transport, self._idle_slots = transport, idle_slots
        self._acquired_at = float("-inf")

    async def try_acquire(self) -> bool:
        """Whether one request may start now."""
        acquired = await self._idle_slots.try_acquire()
        self._acquired_at = time.monotonic()
        return acquired

    async def status(self, message_id: str) -> Status:
        """Returns the gateway's status of the message."""
        return await self._transport.exchange(protocol.status(message_id), leaving=self._renew_slot)

    async def dlr(self, message_id: str) -> DeliveryReport:
        """Returns the message's delivery report, with a status for each phone."""
        return await self._transport.exchange(protocol.dlr(message_id), leaving=self._renew_slot)

    async def _renew_slot(self) -> None:
        """Takes another slot if the first one passed while the connection was made.

        Raises:
            NotSent: no slot is free now.
        """
        if (
            time.monotonic() - self._acquired_at > MAX_START_AGE_SECONDS
            and not await self.try_acquire()
        ):
            raise NotSent("The request missed its slot.")

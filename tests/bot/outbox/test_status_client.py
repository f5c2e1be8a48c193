"""Status client: a request leaves in an idle slot, or not at all."""

from pathlib import Path

import pytest

from kwtsms_bot.outbox.delivery.status_client import StatusClient
from kwtsms_client import NotSent, Rejected
from kwtsms_client.rate_limiter import MAX_START_AGE_SECONDS
from support.stalling_proxy import stalling_proxy


class CountedSlots:
    """A limiter with so many idle slots."""

    def __init__(self, count: int) -> None:
        self.left = count

    async def try_acquire(self) -> bool:
        """Takes a slot if one is left."""
        self.left -= 1
        return self.left >= 0


@pytest.mark.parametrize(
    ("slots", "delay", "expected"),
    [
        (1, 0.0, Rejected),
        (1, 2 * MAX_START_AGE_SECONDS, NotSent),
        (2, 2 * MAX_START_AGE_SECONDS, Rejected),
    ],
)
async def test_a_delayed_query_needs_another_idle_slot(
    tmp_path: Path, slots: int, delay: float, expected: type[Exception]
) -> None:
    """A late request without another idle slot does not leave (ERR029: it arrived)."""
    async with stalling_proxy(tmp_path) as wire, wire.client() as client:
        status_client = StatusClient(client, CountedSlots(slots))
        wire.stall(delay)

        assert await status_client.try_acquire()
        with pytest.raises(expected):
            await status_client.status("f4c8")
        assert len(wire.gateway.requests) == (expected is Rejected)

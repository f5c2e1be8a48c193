"""A question goes in the turn that was free for it, or not at all."""

from pathlib import Path

import pytest

from kwtsms_bot.outbox.asking import Asking
from kwtsms_client import NotSent, Rejected
from kwtsms_client.pacing import LATE_SECONDS
from support.way import way


class Free:
    """Has so many turns over."""

    def __init__(self, count: int) -> None:
        self.left = count

    async def free(self) -> bool:
        """One of them."""
        self.left -= 1
        return self.left >= 0


@pytest.mark.parametrize(
    ("turns", "held", "expected"),
    [(1, 0.0, Rejected), (1, 2 * LATE_SECONDS, NotSent), (2, 2 * LATE_SECONDS, Rejected)],
)
async def test_a_question_that_was_held_up_needs_another_free_turn(
    tmp_path: Path, turns: int, held: float, expected: type[Exception]
) -> None:
    """Where there is none nothing leaves, and it is asked another time (ERR029: it got there)."""
    async with way(tmp_path) as wire, wire.client() as client:
        asking = Asking(client, Free(turns))
        wire.hold(held)

        assert await asking.may()
        with pytest.raises(expected):
            await asking.status("f4c8")
        assert len(wire.gateway.requests) == (expected is Rejected)

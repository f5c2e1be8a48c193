"""Which texts that have not left are out of date, and are recalled."""

from datetime import timedelta

import pytest

from kwtsms_bot.bridge.models import AlertSeverity
from kwtsms_bot.bridge.store.open_messages import OpenRecipient
from kwtsms_bot.outbox.states import State
from support.database import AT


@pytest.mark.parametrize(
    ("state", "tries", "ended", "stale"),
    [
        (State.QUEUED, 0, False, False),
        (State.CLAIMED, 1, False, False),  # The first try: a worker has it.
        (State.QUEUED, 1, False, True),
        (State.CLAIMED, 2, False, True),
        (State.CLAIMED, 1, True, True),
        (State.IN_FLIGHT, 2, True, False),
    ],
)
def test_a_text_is_recalled_before_another_try(
    state: State, tries: int, *, ended: bool, stale: bool
) -> None:
    """A text on its first try is left alone, unless something in it has ended."""
    one = OpenRecipient(
        id=1,
        message_id=1,
        phone="96560000001",
        state=state,
        due_at=AT,
        tries=tries,
        code=None,
        pages=1,
        created_at=AT,
        budget="bridge",
        severity=AlertSeverity.ERROR,
        notifications=(1,),
        incidents=frozenset({1}),
        is_outdated=ended,
    )

    assert one.is_stale(AT + timedelta(seconds=1)) is stale

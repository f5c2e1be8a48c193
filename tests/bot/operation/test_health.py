"""Whether the bot is well: what each thing that was seen comes to."""

from datetime import timedelta
from typing import Any

import pytest

from kwtsms_bot.operation.health import HELD, OVERDUE, STILL, Health, Seen, judge
from support.database import AT

ANSWER_TAKES = timedelta(seconds=15)
LITTLE = timedelta(seconds=1)


def judged(**changes: Any) -> Health:
    """The health of a bot that is well but for `changes`."""
    facts: dict[str, Any] = {
        "at": AT,
        "database": True,
        "slack": True,
        "stopping": False,
        "dispatcher_idle": timedelta(0),
    }
    return judge(Seen(**(facts | changes)), ANSWER_TAKES)


def test_all_well_is_ready() -> None:
    """Nothing wrong, nothing said."""
    health = judged()

    assert health.ready
    assert [part.problem for part in health.parts] == [""] * 6


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"stopping": True}, {"service"}),
        ({"database": False}, {"database", "queue"}),
        ({"writable": False}, {"database"}),
        ({"slack": False}, {"slack"}),
        ({"dispatcher_idle": STILL + ANSWER_TAKES + LITTLE}, {"dispatcher"}),
        ({"oldest": AT - OVERDUE - LITTLE}, {"queue"}),
        ({"held_since": AT - HELD - LITTLE}, {"gateway"}),
    ],
)
def test_each_part_alone_makes_it_not_ready(changes: dict[str, Any], part: set[str]) -> None:
    """One part is enough, and it is named with its problem."""
    health = judged(**changes)

    assert not health.ready
    assert {one.name for one in health.parts if one.problem} == part


@pytest.mark.parametrize(
    "changes",
    [
        {"dispatcher_idle": STILL + ANSWER_TAKES},
        {"oldest": AT - OVERDUE},
        {"oldest": AT + timedelta(hours=1)},
        {"oldest": AT - 2 * OVERDUE, "paused": True},
        {"held_since": AT - HELD},
    ],
)
def test_what_is_slow_or_wanted_is_no_fault(changes: dict[str, Any]) -> None:
    """A slow gateway, a queue for later, a pause and a few lost answers leave it ready."""
    assert judged(**changes).ready


def test_the_page_names_every_part() -> None:
    """A part that is not well says why; one that is well says no more than its figure."""
    seconds = timedelta(seconds=5)
    shown = judged(slack=False, oldest=AT - seconds, held_since=AT - 2 * seconds).as_json()

    assert shown == {
        "ready": False,
        "paused": False,
        "held": True,
        "parts": {
            "service": {"ok": True},
            "database": {"ok": True},
            "slack": {"ok": False, "problem": "there is no connection"},
            "dispatcher": {"ok": True, "seconds": 0.0},
            "queue": {"ok": True, "seconds": 5.0},
            "gateway": {"ok": True, "seconds": 10.0},
        },
    }

"""The health assessment: each observation and its effect on readiness."""

from datetime import timedelta
from typing import Any

import pytest

from kwtsms_bot.monitoring.health import (
    MAX_BREAKER_OPEN,
    MAX_IDLE,
    MAX_QUEUE_AGE,
    BridgeStatus,
    Health,
    HealthSnapshot,
    assess,
)
from support.database import AT

MAX_RESPONSE_TIME = timedelta(seconds=15)
LITTLE = timedelta(seconds=1)


def judged(**changes: Any) -> Health:
    """The health of a bot whose observations are good, except for `changes`."""
    values: dict[str, Any] = {
        "at": AT,
        "database": True,
        "slack": True,
        "stopping": False,
        "dispatcher_idle": timedelta(0),
    }
    return assess(HealthSnapshot(**(values | changes)), MAX_RESPONSE_TIME)


def test_all_well_is_ready() -> None:
    """A healthy bot is ready and reports no problem."""
    health = judged()

    assert health.ready
    assert [component.problem for component in health.components] == [""] * 6


def test_a_bridge_at_work_is_a_healthy_component() -> None:
    """A bot without a bridge has no such component."""
    with_bridge = judged(bridge=BridgeStatus(True, LITTLE))

    assert with_bridge.ready
    assert [one.name for one in with_bridge.components][-1] == "bridge"
    assert "bridge" not in {one.name for one in judged().components}


@pytest.mark.parametrize(
    ("changes", "components"),
    [
        ({"stopping": True}, {"service"}),
        ({"database": False}, {"database", "queue"}),
        ({"writable": False}, {"database"}),
        ({"slack": False}, {"slack"}),
        ({"dispatcher_idle": MAX_IDLE + MAX_RESPONSE_TIME + LITTLE}, {"dispatcher"}),
        ({"oldest": AT - MAX_QUEUE_AGE - LITTLE}, {"queue"}),
        ({"breaker_open_since": AT - MAX_BREAKER_OPEN - LITTLE}, {"gateway"}),
        ({"bridge": BridgeStatus(False, LITTLE)}, {"bridge"}),
        ({"bridge": BridgeStatus(True, MAX_IDLE + LITTLE)}, {"bridge"}),
    ],
)
def test_each_component_alone_makes_it_not_ready(
    changes: dict[str, Any], components: set[str]
) -> None:
    """One unhealthy component is enough, and only that component reports a problem."""
    health = judged(**changes)

    assert not health.ready
    assert {one.name for one in health.components if one.problem} == components


@pytest.mark.parametrize(
    "changes",
    [
        {"dispatcher_idle": MAX_IDLE + MAX_RESPONSE_TIME},
        {"oldest": AT - MAX_QUEUE_AGE},
        {"oldest": AT + timedelta(hours=1)},
        {"oldest": AT - 2 * MAX_QUEUE_AGE, "paused": True},
        {"breaker_open_since": AT - MAX_BREAKER_OPEN},
    ],
)
def test_what_is_slow_or_wanted_is_no_fault(changes: dict[str, Any]) -> None:
    """A slow gateway, queued messages, a pause and a short outage leave the bot ready."""
    assert judged(**changes).ready


def test_the_page_names_every_component() -> None:
    """Each component shows its figure; an unhealthy one also shows its problem."""
    seconds = timedelta(seconds=5)
    shown = judged(slack=False, oldest=AT - seconds, breaker_open_since=AT - 2 * seconds).as_json()

    assert shown == {
        "ready": False,
        "paused": False,
        "held": True,
        "parts": {
            "service": {"ok": True},
            "database": {"ok": True},
            "slack": {"ok": False, "problem": "not connected"},
            "dispatcher": {"ok": True, "seconds": 0.0},
            "queue": {"ok": True, "seconds": 5.0},
            "gateway": {"ok": True, "seconds": 10.0},
        },
    }

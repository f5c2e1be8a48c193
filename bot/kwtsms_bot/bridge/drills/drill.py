"""A drill, its outcome, and the times at which drills are due. Pure.

Carriers in Kuwait confirm nothing, so the acknowledgement of a person who got the SMS is the only
proof that it arrived.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from kwtsms_bot.bridge.on_call.wall_time import instant_of, wall_time
from kwtsms_bot.bridge.states import NotificationState
from kwtsms_bot.config.on_call import DrillSettings

WEEK = timedelta(days=7)
LATE = timedelta(hours=2)  # A drill that could not begin at its time begins within it.
IN_PROGRESS = (NotificationState.WAITING, NotificationState.BUNDLED)
LEFT = (NotificationState.SENT, NotificationState.UNKNOWN)


class DrillOutcome(StrEnum):
    """Outcome of a drill."""

    PASSED = "passed"  # It was texted, and acknowledged in time.
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Drill:
    """A test of the whole way to a phone and back."""

    id: int
    ref: str  # Of its incident.
    receiver: str
    started_by: str  # A Slack user; empty: its time had come.
    started_at: datetime
    ends_at: datetime  # An acknowledgement counts until then.
    accepted_at: datetime | None = None  # By kwtSMS.
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    outcome: DrillOutcome | None = None  # None: it runs.
    people: tuple[str, ...] = ()  # The people it was to reach.
    deferral: str = ""  # The reason why its SMS waits, or did not leave.


def find_outcome(
    drill: Drill, notifications: Collection[NotificationState], now: datetime
) -> DrillOutcome | None:
    """Returns the outcome of a drill; None while it is open.

    What was acknowledged before an SMS left proves nothing.
    """
    if drill.acknowledged_at is None or drill.acknowledged_at > drill.ends_at:
        return None if now < drill.ends_at else DrillOutcome.FAILED
    if any(one in LEFT for one in notifications):
        return DrillOutcome.PASSED
    is_open = any(one in IN_PROGRESS for one in notifications) and now < drill.ends_at
    return None if is_open else DrillOutcome.FAILED


def last_slot(settings: DrillSettings, now: datetime) -> datetime:
    """Returns the last time at which a drill was due, or is due now."""
    wall = wall_time(now, settings.zone)
    day = wall.date() - timedelta(days=(wall.weekday() - settings.at.day) % 7)
    slot = instant_of(datetime.combine(day, settings.at.time), settings.zone)
    if slot <= now:
        return slot
    week_before = datetime.combine(day, settings.at.time) - WEEK
    return instant_of(week_before, settings.zone)


def next_slot(settings: DrillSettings, now: datetime) -> datetime:
    """Returns the next time at which a drill is due."""
    wall = wall_time(last_slot(settings, now), settings.zone)
    following = datetime.combine(wall.date(), settings.at.time) + WEEK
    return instant_of(following, settings.zone)


def due_slot(settings: DrillSettings, now: datetime) -> datetime | None:
    """Returns the time whose drill may begin now; None if none may."""
    slot = last_slot(settings, now)
    return slot if now < slot + LATE else None

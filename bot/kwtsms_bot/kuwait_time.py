"""Kuwait's time zone, which the account's day and quiet hours follow. Pure."""

from datetime import datetime, timedelta, timezone

# Three hours ahead of UTC, without summer time: no time zone database is needed.
KUWAIT_TZ = timezone(timedelta(hours=3), "Kuwait")


def midnight_after(now: datetime) -> datetime:
    """The midnight in Kuwait at which the day of `now` ends."""
    local_time = now.astimezone(KUWAIT_TZ)
    return (local_time + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)

"""Kuwait's clock: the account's day, quiet hours and digests go by it. Pure."""

from datetime import datetime, timedelta, timezone

# Three hours ahead of UTC, without summer time: so no time zone database is needed for it.
KUWAIT_TZ = timezone(timedelta(hours=3), "Kuwait")


def midnight_after(now: datetime) -> datetime:
    """When the day that `now` lies in ends."""
    local_time = now.astimezone(KUWAIT_TZ)
    return (local_time + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)

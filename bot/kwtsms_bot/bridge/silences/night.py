"""Decides until when an alert waits at night. Pure."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from kwtsms_bot.bridge.models import AlertSeverity
from kwtsms_bot.bridge.on_call.wall_time import instant_of, wall_time
from kwtsms_bot.config.bridge_receivers import NightSettings

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Night:
    """The hours in which only what is severe is texted."""

    begin: time
    end: time
    zone: tzinfo
    sms_from: AlertSeverity
    after: timedelta | None = None  # An error that has fired for so long waits no more.

    def waits_until(
        self, severity: AlertSeverity, since: datetime | None, now: datetime
    ) -> datetime | None:
        """Returns the time until which an alert that fires since `since` waits; None if not.

        Without `since`, it waits for the morning however long it has fired.
        """
        if severity >= self.sms_from:
            return None
        morning = self._end_of_night(now)
        if morning is None:
            return None
        if self.after is None or since is None or severity < AlertSeverity.ERROR:
            return morning
        stood = since + self.after
        return min(morning, stood) if stood > now else None

    def _end_of_night(self, now: datetime) -> datetime | None:
        """Returns the end of the night that `now` is in; None by day."""
        wall = wall_time(now, self.zone)
        midnight = wall.replace(hour=0, minute=0, second=0, microsecond=0)
        for day in (midnight - DAY, midnight):
            ends_on = day if self.begin < self.end else day + DAY
            begin = instant_of(datetime.combine(day, self.begin), self.zone)
            end = instant_of(datetime.combine(ends_on, self.end), self.zone)
            if begin <= now < end:
                return end
        return None


def make_night(settings: NightSettings) -> Night:
    """Returns the night that a receiver's settings describe."""
    begin, end = settings.hours
    sms_from = AlertSeverity[settings.sms_from.upper()]
    return Night(begin, end, settings.zone, sms_from, settings.after)

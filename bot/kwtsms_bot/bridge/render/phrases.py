"""The words around an alert in a text message, in English and Arabic. Pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from kwtsms_bot.bridge.models import AlertSeverity, IncidentSummary, NotificationKind
from kwtsms_bot.i18n.dates import MONTHS
from kwtsms_bot.i18n.translator import ISOLATES, LIST_SEPARATOR, N_, Language
from kwtsms_bot.kuwait_time import KUWAIT_TZ

_SEVERITY_WORDS = {
    AlertSeverity.CRITICAL: N_("CRIT"),
    AlertSeverity.ERROR: N_("ERR"),
    AlertSeverity.WARNING: N_("WARN"),
    AlertSeverity.INFO: N_("INFO"),
    AlertSeverity.NONE: N_("INFO"),
}
_KIND_WORDS = {
    NotificationKind.RESOLVED: N_("OK"),
    NotificationKind.TEST: N_("TEST"),
    NotificationKind.FLAPPING: N_("FLAPPING"),
}
WEEKDAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_WEEK = timedelta(days=6)  # A weekday names a day of the last six.


def first_word(incident: IncidentSummary, say: Language) -> str:
    """The word that begins a message, such as `CRIT` or `حرج:`."""
    word = say(_KIND_WORDS.get(incident.notification, _SEVERITY_WORDS[incident.severity]))
    if incident.notification is NotificationKind.ESCALATION:
        word = say("2ND") if say.code == "ar" else f"{say('2ND')} {word}"
    return f"{word}:" if say.code == "ar" else word


def since(begin: datetime, now: datetime, say: Language) -> str:
    """`since 14:02`, with the day if it is not today's, in Kuwait's time."""
    local, today = begin.astimezone(KUWAIT_TZ), now.astimezone(KUWAIT_TZ)
    time = f"{local:%H:%M}"
    if local.date() == today.date():
        return fill(say, N_("since {time}"), time=time)
    if timedelta(0) < today.date() - local.date() <= _WEEK:
        return fill(say, N_("since {day} {time}"), day=say(WEEKDAYS[local.weekday()]), time=time)
    month = say(MONTHS[local.month - 1])
    return fill(say, N_("since {day} {time}"), day=f"{local.day} {month}", time=time)


def duration(time: timedelta, say: Language) -> str:
    """A duration in its largest useful unit: `29 min`."""
    if time < 2 * _HOUR:
        return say.plural("{count} min", "{count} min", max(1, time // _MINUTE))
    if time < 2 * _DAY:
        return say.plural("{count} h", "{count} h", time // _HOUR)
    return say.plural("{count} d", "{count} d", time // _DAY)


def after(time: timedelta, say: Language) -> str:
    """The time that something took: `after 29 min`."""
    return fill(say, N_("after {time}"), time=duration(time, say))


def alert_count(count: int, say: Language) -> str:
    """`1000 alerts`."""
    return say.plural("{count} alert", "{count} alerts", count)


def more(count: int, say: Language) -> str:
    """`+2 more`."""
    return say.plural("+{count} more", "+{count} more", count)


def resolved_count(count: int, say: Language) -> str:
    """`2 resolved`, beside those that fire."""
    return say.plural("{count} resolved", "{count} resolved", count)


def resolved_alerts(count: int, say: Language) -> str:
    """`all 1000`: everything of a large incident is over."""
    return say.plural("all {count}", "all {count}", count)


def times(count: int, say: Language) -> str:
    """`3 times`."""
    return say.plural("{count} time", "{count} times", count)


def nobody_acknowledged(time: timedelta, say: Language) -> str:
    """`Nobody took it for 10 min`."""
    return fill(say, N_("Nobody took it for {time}"), time=duration(time, say))


def first_title(title: str, say: Language) -> str:
    """`First: HostDown`."""
    return fill(say, N_("First: {title}"), title=title)


def kinds_listed(named: Sequence[tuple[str, int]], others: int, say: Language) -> str:
    """`HostDown x612, LinkDown x96 +6 kinds`."""
    each = [fill(say, N_("{name} x{count}"), name=name, count=count) for name, count in named]
    rest = [say.plural("+{count} kind", "+{count} kinds", others)] if others else []
    listed = comma(say).join(each)
    return " ".join(filter(None, (listed, *rest)))


def comma(say: Language) -> str:
    """The separator of a list."""
    return fill(say, LIST_SEPARATOR)


def fill(say: Language, text: str, **values: object) -> str:
    """Translates `text` without the marks of direction, which the gateway can't deliver."""
    return ISOLATES.sub("", say(text, **values))

"""The JSON of an alert, from what Apprise knows of a notification. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

SEVERITIES = ("critical", "error", "warning", "info", "none")
STATUSES = ("firing", "resolved", "acknowledged")
MAX_TITLE = 1024
MAX_TEXT = 6 * 1024
SUCCESS = "success"
# `info` is what Apprise uses if nobody says anything, so the bot decides.
_SEVERITY_OF = {"failure": "error", "warning": "warning", SUCCESS: "info"}


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Settings of the URL, for every alert that is posted through it."""

    severity: str = ""  # Empty: the type of the notification decides.
    status: str = ""  # Empty: a success resolves the alert of `key`, all else is firing.
    key: str = ""  # Empty: the bot makes one of the title.
    receiver: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


def alert_fields(
    settings: AlertSettings, *, title: str, text: str, notify_type: str, tags: Iterable[str]
) -> dict[str, Any]:
    """The fields of the alert; what is not known is left out."""
    first_line, _, rest = text.partition("\n")
    fields = {
        "title": title or first_line.strip()[:MAX_TITLE],
        "text": text if title or len(first_line) > MAX_TITLE else rest.strip(),
        "status": _status(settings, notify_type),
        "severity": _severity(settings, notify_type),
        "key": settings.key,
        "to": settings.receiver,
        "tags": sorted(tags),
        "labels": dict(settings.labels),
    }
    return {name: value for name, value in fields.items() if value}


def _status(settings: AlertSettings, notify_type: str) -> str:
    if settings.status:
        return settings.status
    return "resolved" if settings.key and notify_type == SUCCESS else "firing"


def _severity(settings: AlertSettings, notify_type: str) -> str:
    """The severity; a success is never as severe as the URL says of alerts."""
    if settings.severity and notify_type != SUCCESS:
        return settings.severity
    return _SEVERITY_OF.get(notify_type, "")

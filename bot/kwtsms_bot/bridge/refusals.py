"""Decides when refused requests become an alert of the bridge itself. Performs no I/O.

A tool doesn't send a refused body again, so what was in it reaches nobody.
"""

import math
from collections import deque
from datetime import timedelta

from kwtsms_bot.bridge.models import AlertSeverity, AlertStatus, Incoming

KIND = "bridge"
MAX_REFUSED, WINDOW_SECONDS = 20, 300.0
REPORT_EVERY = timedelta(hours=1)  # Of an integration and a cause; the alert ends by then.
MEBIBYTE = 1024 * 1024
REMEDIES = {
    "alertmanager": "set max_alerts: 1000",  # https://prometheus.io/docs/alerting/latest/configuration/
    "grafana": "set Max Alerts to 1000",  # https://grafana.com/docs/grafana/latest/alerting/
}
TOO_LARGE, UNREADABLE = "too_large", "unreadable"


def format_size(size: int) -> str:
    """Returns a size in MiB, rounded up, so that it is above the limit that it exceeds."""
    return f"{math.ceil(size / MEBIBYTE)} MiB"


class RefusalMonitor:
    """The latest refusals of each integration, and what was reported about them."""

    def __init__(self) -> None:
        self._refused: dict[str, deque[float]] = {}
        self._reported_at: dict[tuple[str, str], float] = {}

    def too_large(self, integration: str, kind: str, size: int, now: float) -> Incoming | None:
        """Returns the alert about a body that is too large; None if there was one lately."""
        remedy = REMEDIES.get(kind, "send less at once")
        title = f"{integration}: a body of {format_size(size)} was refused; {remedy}"
        return self._report(integration, TOO_LARGE, title, now)

    def unreadable(self, integration: str, now: float) -> Incoming | None:
        """Counts a body that can't be read; returns the alert about many of them, if it is due."""
        refused = self._refused.setdefault(integration, deque(maxlen=MAX_REFUSED))
        refused.append(now)
        if len(refused) < MAX_REFUSED or now - refused[0] > WINDOW_SECONDS:
            return None
        title = f"{integration}: {MAX_REFUSED} bodies were refused in 5 minutes; none was readable"
        return self._report(integration, UNREADABLE, title, now)

    def forget(self, integration: str) -> None:
        """Forgets what was reported, because it could not be stored."""
        for cause in (TOO_LARGE, UNREADABLE):
            self._reported_at.pop((integration, cause), None)

    def _report(self, integration: str, cause: str, title: str, now: float) -> Incoming | None:
        last = self._reported_at.get((integration, cause))
        if last is not None and now - last < REPORT_EVERY.total_seconds():
            return None
        self._reported_at[integration, cause] = now
        return Incoming(
            key=f"kwtsms-bridge {cause}",
            status=AlertStatus.FIRING,
            title=title,
            text="Its alerts were not accepted, and the tool won't send them again.",
            severity=AlertSeverity.ERROR,
            kind=KIND,
        )

"""Prometheus metrics of the bridge, which are there only where `bridge:` is configured.

The integration of a request without a valid token is "other": what a stranger writes never becomes
a label.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from kwtsms_bot.monitoring.metrics import OTHER, PREFIX, UNKNOWN

WEBHOOK_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)
# Counters of this process. name: (description, labels)
BRIDGE_COUNTERS = {
    "alerts": ("Alerts that this process accepted", ("integration", "outcome")),
    "refused": ("Requests that this process refused", ("integration", "reason")),
}
BRIDGE_HISTOGRAMS = {
    "webhook_seconds": ("From a request with a valid token to its answer", WEBHOOK_BUCKETS),
}
DRILL_OUTCOMES = ("passed", "failed")
# Gauges from the database, the same for every replica. name: (description, labels)
BRIDGE_GAUGES = {
    "incidents": ("Incidents in the database", ("state",)),
    "incidents_muted": ("Open incidents that are silenced, or muted by another", ()),
    "notifications_waiting": ("Notifications of people that wait to be sent", ("reason",)),
    "oldest_waiting_seconds": ("How long the oldest of them has been due", ()),
    "oncall_gap_seconds": ("How long nobody is on call within the next 14 days", ("oncall",)),
    "integration_overdue": ("1 while nothing comes within `expect`, else 0", ("integration",)),
    "drill_age_seconds": ("The time since the last drill that passed; -1 without one", ()),
    "drill_outcome": ("1 for the outcome of the last drill, else 0", ("outcome",)),
}


@dataclass(frozen=True, slots=True)
class BridgeFigures:
    """Figures of the bridge in the database."""

    incidents: Mapping[str, int]  # By state.
    waiting: Mapping[str, int]  # Notifications, by the reason why they wait.
    oldest_seconds: float  # 0 if none is due.
    muted: int = 0  # Open incidents.


class BridgeMetrics:
    """The bridge's metrics of one process."""

    def __init__(
        self,
        integrations: Iterable[str],
        *,
        outcomes: Iterable[str],
        reasons: Iterable[str],
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._integrations = {*integrations}
        self._counters = {
            name: Counter(f"{PREFIX}_{name}", what, labels, registry=registry)
            for name, (what, labels) in BRIDGE_COUNTERS.items()
        }
        self._histograms = {
            name: Histogram(f"{PREFIX}_{name}", what, buckets=buckets, registry=registry)
            for name, (what, buckets) in BRIDGE_HISTOGRAMS.items()
        }
        self._gauges = {
            name: Gauge(f"{PREFIX}_{name}", what, labels, registry=registry)
            for name, (what, labels) in BRIDGE_GAUGES.items()
        }
        self._gauges["oldest_waiting_seconds"].set(UNKNOWN)
        self._gauges["drill_age_seconds"].set(UNKNOWN)
        self._initialize_series((*outcomes,), (*reasons,))

    def _initialize_series(self, outcomes: Iterable[str], reasons: Iterable[str]) -> None:
        for integration in sorted(self._integrations):
            for outcome in outcomes:
                self._counters["alerts"].labels(integration, outcome)
        for integration in (*sorted(self._integrations), OTHER):
            for reason in reasons:
                self._counters["refused"].labels(integration, reason)

    def count_alert(self, integration: str, outcome: str) -> None:
        """Counts an alert that was accepted."""
        self._counters["alerts"].labels(integration, outcome).inc()

    def count_refusal(self, integration: str | None, reason: str) -> None:
        """Counts a request that was refused."""
        known = integration if integration in self._integrations else OTHER
        self._counters["refused"].labels(known, reason).inc()

    def observe_webhook(self, seconds: float) -> None:
        """Records how long a request with a valid token took."""
        self._histograms["webhook_seconds"].observe(seconds)

    def show_gaps(self, seconds: Mapping[str, float]) -> None:
        """Shows for how long nobody is on call, by schedule."""
        for schedule, gap in seconds.items():
            self._gauges["oncall_gap_seconds"].labels(schedule).set(gap)

    def show_overdue(self, overdue: Mapping[str, bool]) -> None:
        """Shows which integrations are overdue."""
        for integration, is_overdue in overdue.items():
            self._gauges["integration_overdue"].labels(integration).set(is_overdue)

    def show_drills(self, age_seconds: float | None, last_outcome: str | None) -> None:
        """Shows when a drill passed, and how the last one ended; None: there was none."""
        self._gauges["drill_age_seconds"].set(UNKNOWN if age_seconds is None else age_seconds)
        for outcome in DRILL_OUTCOMES:
            self._gauges["drill_outcome"].labels(outcome).set(outcome == last_outcome)

    def show(self, figures: BridgeFigures) -> None:
        """Shows the figures of the database."""
        for state, count in figures.incidents.items():
            self._gauges["incidents"].labels(state).set(count)
        for reason, count in figures.waiting.items():
            self._gauges["notifications_waiting"].labels(reason).set(count)
        self._gauges["oldest_waiting_seconds"].set(figures.oldest_seconds)
        self._gauges["incidents_muted"].set(figures.muted)

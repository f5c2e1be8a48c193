"""Prometheus metrics of the bot. No phone number, person or text is a label.

Every counter is there at 0 before anything is counted: Prometheus sees no increase in a series that
begins at 1. A gauge whose value is not known is NaN.
"""

import platform
import re

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    ProcessCollector,
)

from kwtsms_bot.outbox.states import State
from kwtsms_client import API_ERRORS, KwtSMSError, NotSent, Outcome, Rejected
from kwtsms_client.version import __version__

PREFIX = "kwtsms_bridge"
_CODE = re.compile(r"ERR\d{3}")
ACKNOWLEDGEMENT_BUCKETS = (
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.0,
    3.0,
)  # Slack waits for 3 seconds.
WAIT_BUCKETS = (0.01, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
# Counters of this process. name: (description, labels)
COUNTERS = {
    "messages_accepted": ("Messages made durable by this process", ("source",)),
    "calls": ("Calls to kwtSMS by this process", ("endpoint", "outcome", "code")),
    "database_errors": ("What this process could not do in the database", ()),
}
SOURCES = ("slack",)  # Values of a message's `source`.
ENDPOINTS = ("balance", "coverage", "dlr", "send", "senderid", "status", "validate")
OTHER = "other"  # A code that is not one of kwtSMS's.
UNKNOWN = float("nan")
HISTOGRAMS = {
    "acknowledgement_seconds": (
        "From a request's arrival to its acknowledgement",
        ACKNOWLEDGEMENT_BUCKETS,
    ),
    "pace_wait_seconds": ("How long a call waited for its turn", WAIT_BUCKETS),
}
# Gauges; those from the database are the same for every replica. name: (description, labels)
GAUGES = {
    "ready": ("1 while /readyz says yes", ()),
    "database_up": ("1 while the database can be read and written to", ()),
    "slack_connected": ("1 while Slack reaches the bot", ()),
    "dispatcher_idle_seconds": ("Since the dispatcher last moved on", ()),
    "paused": ("1 while an administrator has paused all sending", ()),
    "held": ("1 while nothing is sent because kwtSMS's answers cannot be read", ()),
    "recipients": ("Recipients in the database", ("state",)),
    "queue_depth": ("Recipients that wait to be sent", ()),
    "queue_oldest_seconds": ("How long ago the oldest of them was accepted", ()),
    "notices_undelivered": ("Balance warnings and digests that a place has not got yet", ()),
    "balance_credits": ("Credits, as kwtSMS said last", ()),
    "build_info": ("1; what runs", ("version", "python")),
}


class Metrics:
    """The metrics of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._counters = {
            name: Counter(f"{PREFIX}_{name}", what, labels, registry=self.registry)
            for name, (what, labels) in COUNTERS.items()
        }
        self._histograms = {
            name: Histogram(f"{PREFIX}_{name}", what, buckets=buckets, registry=self.registry)
            for name, (what, buckets) in HISTOGRAMS.items()
        }
        self._gauges = {
            name: Gauge(f"{PREFIX}_{name}", what, labels, registry=self.registry)
            for name, (what, labels) in GAUGES.items()
        }
        self._initialize_series()
        self._gauges["build_info"].labels(__version__, platform.python_version()).set(1)

    def _initialize_series(self) -> None:
        for name, (_, labels) in GAUGES.items():
            if not labels:
                self._gauges[name].set(UNKNOWN)
        for source in SOURCES:
            self._counters["messages_accepted"].labels(source)
        calls = self._counters["calls"]
        for endpoint in ENDPOINTS:
            for outcome in Outcome:
                codes = (*API_ERRORS, OTHER) if outcome is Outcome.REJECTED else ("",)
                for code in codes:
                    calls.labels(endpoint, outcome.value, code)

    def count_accepted(self, source: str) -> None:
        """Counts a message that became durable."""
        self._counters["messages_accepted"].labels(source).inc()

    def count_call(self, endpoint: str, error: KwtSMSError | None) -> None:
        """Counts a call that ended."""
        outcome, code = _outcome(error)
        self._counters["calls"].labels(endpoint, outcome.value, code).inc()

    def count_database_error(self) -> None:
        """Counts a database operation that failed."""
        self._counters["database_errors"].inc()

    def observe_acknowledgement(self, seconds: float) -> None:
        """Records how long the acknowledgement of a Slack request took."""
        self._histograms["acknowledgement_seconds"].observe(seconds)

    def observe_wait(self, seconds: float) -> None:
        """Records how long a call waited for the rate limiter."""
        self._histograms["pace_wait_seconds"].observe(seconds)

    def set(self, name: str, value: float) -> None:
        """Sets a gauge without labels."""
        self._gauges[name].set(value)

    def set_recipients(self, state: State, count: int) -> None:
        """Sets the number of recipients in a state."""
        self._gauges["recipients"].labels(state.value).set(count)


def _outcome(error: KwtSMSError | None) -> tuple[Outcome, str]:
    """Returns the outcome and the gateway's error code; other text never becomes a label."""
    if error is None:
        return Outcome.ACCEPTED, ""
    if isinstance(error, Rejected):
        return Outcome.REJECTED, error.code if _CODE.fullmatch(error.code) else OTHER
    return (Outcome.NOT_SENT if isinstance(error, NotSent) else Outcome.UNKNOWN), ""

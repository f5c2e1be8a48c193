"""Prometheus metrics of the send API, which are there only where `bridge.api` is configured.

The application of a request without a valid token is "other": what a stranger writes never becomes
a label.
"""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram

from kwtsms_bot.monitoring.bridge_metrics import WEBHOOK_BUCKETS
from kwtsms_bot.monitoring.metrics import OTHER, PREFIX

# Counters of this process. name: (description, labels)
API_COUNTERS = {
    "api_messages": ("Messages that this process accepted from applications", ("application",)),
    "api_refused": ("Requests of applications that were refused", ("application", "code")),
    "api_replayed": ("Requests that got the answer of an earlier one", ("application",)),
}
API_HISTOGRAMS = {
    "api_seconds": ("From a request of an application to its answer", WEBHOOK_BUCKETS),
}


class ApiMetrics:
    """The API's metrics of one process."""

    def __init__(
        self,
        applications: Iterable[str],
        *,
        codes: Iterable[str],
        registry: CollectorRegistry | None = None,
    ) -> None:
        self._counters = {
            name: Counter(f"{PREFIX}_{name}", what, labels, registry=registry)
            for name, (what, labels) in API_COUNTERS.items()
        }
        self._histograms = {
            name: Histogram(f"{PREFIX}_{name}", what, buckets=buckets, registry=registry)
            for name, (what, buckets) in API_HISTOGRAMS.items()
        }
        codes = tuple(codes)
        for application in sorted(applications):
            self._counters["api_messages"].labels(application)
            self._counters["api_replayed"].labels(application)
            for code in codes:
                self._counters["api_refused"].labels(application, code)

    def count_message(self, application: str) -> None:
        """Counts a message that was accepted."""
        self._counters["api_messages"].labels(application).inc()

    def count_replay(self, application: str) -> None:
        """Counts a request that got the answer of an earlier one."""
        self._counters["api_replayed"].labels(application).inc()

    def count_refusal(self, application: str | None, code: str) -> None:
        """Counts a request that was refused; None: its token is unknown."""
        self._counters["api_refused"].labels(application or OTHER, code).inc()

    def observe(self, seconds: float) -> None:
        """Records how long a request with a valid token took."""
        self._histograms["api_seconds"].observe(seconds)

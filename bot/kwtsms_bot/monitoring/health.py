"""Judges the health of the bot from a snapshot. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

# The dispatcher polls the queue every two seconds; its longest wait is for an answer of the
# gateway, and that timeout is added.
MAX_IDLE = timedelta(minutes=1)
# After so long, it waits for something that never comes.
MAX_STUCK = timedelta(minutes=5)
# Accepted messages are sent within seconds; only a very large bulk or a gateway outage takes longer
# than this.
MAX_QUEUE_AGE = timedelta(minutes=10)
# A short run of unreadable answers is over by then, and sending has resumed.
MAX_BREAKER_OPEN = timedelta(minutes=1)
NO_CONNECTION = "not connected"


@dataclass(frozen=True, slots=True)
class BridgeStatus:
    """Observations of the bridge at one moment."""

    listening: bool  # For alerts.
    bundler_idle: timedelta


@dataclass(frozen=True, slots=True)
class HealthSnapshot:
    """Observations of all components at one moment."""

    at: datetime
    database: bool  # Whether it can be read.
    slack: bool
    stopping: bool
    dispatcher_idle: timedelta
    writable: bool = True
    file_problem: str = ""  # What happened to SQLite's file, such as "was removed".
    oldest: datetime | None = None  # When the oldest queued message was accepted; None: none waits.
    slack_problem: str = ""  # Why Slack refuses the connection, if it said so.
    paused: bool = False
    breaker_open_since: datetime | None = None  # None: the circuit breaker is closed.
    bridge: BridgeStatus | None = None  # None: there is no bridge.


@dataclass(frozen=True, slots=True)
class ComponentHealth:
    """The health of one component; `problem` is empty if it is well."""

    name: str
    problem: str = ""
    seconds: float | None = None  # Its age or its idle time.

    @property
    def ok(self) -> bool:
        """Whether the component is well."""
        return not self.problem

    def as_json(self) -> Mapping[str, object]:
        """Returns `ok` and the fields that are not empty."""
        fields = {name: value for name, value in asdict(self).items() if value not in ("", None)}
        return {"ok": self.ok} | {name: fields[name] for name in fields if name != "name"}


@dataclass(frozen=True, slots=True)
class Health:
    """The health of all components."""

    components: tuple[ComponentHealth, ...]
    paused: bool  # On purpose, so no problem.
    breaker_open: bool  # The gateway's answers cannot be read.

    @property
    def ready(self) -> bool:
        """Whether all components are well."""
        return all(component.ok for component in self.components)

    def as_json(self) -> Mapping[str, object]:
        """Returns the JSON of /readyz."""
        components = {component.name: component.as_json() for component in self.components}
        return {
            "ready": self.ready,
            "paused": self.paused,
            "held": self.breaker_open,
            "parts": components,
        }


def assess(snapshot: HealthSnapshot, answer_timeout: timedelta) -> Health:
    """Returns the health for a snapshot; a gateway answer may take `answer_timeout`."""
    return Health(
        (
            ComponentHealth("service", "stopping" if snapshot.stopping else ""),
            _database_health(snapshot),
            ComponentHealth(
                "slack", "" if snapshot.slack else snapshot.slack_problem or NO_CONNECTION
            ),
            _dispatcher_health(snapshot.dispatcher_idle, MAX_IDLE + answer_timeout),
            _queue_health(snapshot),
            _gateway_health(snapshot),
            *(() if snapshot.bridge is None else (_bridge_health(snapshot.bridge),)),
        ),
        snapshot.paused,
        snapshot.breaker_open_since is not None,
    )


def is_stuck(dispatcher_idle: timedelta, answer_timeout: timedelta) -> bool:
    """Whether the dispatcher hangs; with a database that works, only a restart helps."""
    return dispatcher_idle > MAX_STUCK + answer_timeout


def _database_health(snapshot: HealthSnapshot) -> ComponentHealth:
    if snapshot.file_problem:
        problem = f"its file {snapshot.file_problem} while the bot ran, so nothing is accepted"
        return ComponentHealth("database", problem)
    if not snapshot.database:
        return ComponentHealth("database", "not responding")
    return ComponentHealth("database", "" if snapshot.writable else "can't be written to")


def _dispatcher_health(idle: timedelta, limit: timedelta) -> ComponentHealth:
    problem = "hasn't checked the queue recently" if idle > limit else ""
    return ComponentHealth("dispatcher", problem, round(idle.total_seconds(), 1))


def _queue_health(snapshot: HealthSnapshot) -> ComponentHealth:
    """Returns the health of the queue; a pause is deliberate, so messages may wait during it."""
    if not snapshot.database:
        return ComponentHealth("queue", "can't be read")
    age = max(timedelta(0), snapshot.at - (snapshot.oldest or snapshot.at))
    late = age > MAX_QUEUE_AGE and not snapshot.paused
    problem = "a message has waited for too long" if late else ""
    return ComponentHealth("queue", problem, round(age.total_seconds(), 1))


def _gateway_health(snapshot: HealthSnapshot) -> ComponentHealth:
    """Returns the health of the gateway: the circuit breaker decides, and no call is made."""
    if snapshot.breaker_open_since is None:
        return ComponentHealth("gateway")
    age = max(timedelta(0), snapshot.at - snapshot.breaker_open_since)
    problem = "its answers can't be read, so nothing is sent" if age > MAX_BREAKER_OPEN else ""
    return ComponentHealth("gateway", problem, round(age.total_seconds(), 1))


def _bridge_health(status: BridgeStatus) -> ComponentHealth:
    """Returns the health of the bridge: whether it takes alerts, and makes messages of them."""
    problem = "" if status.listening else "isn't listening for alerts"
    if status.bundler_idle > MAX_IDLE:
        problem = "hasn't looked for alerts to send recently"
    return ComponentHealth("bridge", problem, round(status.bundler_idle.total_seconds(), 1))

"""Whether the bot is well, judged from what was seen. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

# The worker looks at the queue every two seconds; it waits for nothing longer than for an answer
# of the gateway, and that time comes on top.
MAX_IDLE = timedelta(minutes=1)
# What is accepted is sent within seconds; only a very large bulk takes longer than this, or a
# gateway that is away.
MAX_QUEUE_AGE = timedelta(minutes=10)
# A few answers that could not be read are over by then, and sending goes on.
MAX_BREAKER_OPEN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class HealthSnapshot:
    """What was seen at one moment."""

    at: datetime
    database: bool  # Whether it can be read.
    slack: bool
    stopping: bool
    dispatcher_idle: timedelta
    writable: bool = True
    oldest: datetime | None = None  # When it was accepted; None: nothing waits.
    paused: bool = False
    breaker_open_since: datetime | None = None  # None: sending is not held.


@dataclass(frozen=True, slots=True)
class ComponentHealth:
    """One part, and what is wrong with it where something is."""

    name: str
    problem: str = ""
    seconds: float | None = None  # Its age or its idle time.

    @property
    def ok(self) -> bool:
        """Whether it is well."""
        return not self.problem

    def as_json(self) -> Mapping[str, object]:
        """Without what says nothing."""
        fields = {name: value for name, value in asdict(self).items() if value not in ("", None)}
        return {"ok": self.ok} | {name: fields[name] for name in fields if name != "name"}


@dataclass(frozen=True, slots=True)
class Health:
    """All parts."""

    components: tuple[ComponentHealth, ...]
    paused: bool  # By somebody's wish: no fault.
    breaker_open: bool  # For the gateway's answers cannot be read.

    @property
    def ready(self) -> bool:
        """Whether all of them are well."""
        return all(component.ok for component in self.components)

    def as_json(self) -> Mapping[str, object]:
        """For a page."""
        components = {component.name: component.as_json() for component in self.components}
        return {
            "ready": self.ready,
            "paused": self.paused,
            "held": self.breaker_open,
            "parts": components,
        }


def assess(snapshot: HealthSnapshot, answer_timeout: timedelta) -> Health:
    """What `seen` comes to; the gateway may take `answer_takes` for an answer."""
    return Health(
        (
            ComponentHealth("service", "it is stopping" if snapshot.stopping else ""),
            _database_health(snapshot),
            ComponentHealth("slack", "" if snapshot.slack else "there is no connection"),
            _dispatcher_health(snapshot.dispatcher_idle, MAX_IDLE + answer_timeout),
            _queue_health(snapshot),
            _gateway_health(snapshot),
        ),
        snapshot.paused,
        snapshot.breaker_open_since is not None,
    )


def _database_health(snapshot: HealthSnapshot) -> ComponentHealth:
    if not snapshot.database:
        return ComponentHealth("database", "it does not answer")
    return ComponentHealth("database", "" if snapshot.writable else "nothing can be written to it")


def _dispatcher_health(idle: timedelta, limit: timedelta) -> ComponentHealth:
    problem = "it has not looked at the queue lately" if idle > limit else ""
    return ComponentHealth("dispatcher", problem, round(idle.total_seconds(), 1))


def _queue_health(snapshot: HealthSnapshot) -> ComponentHealth:
    """A pause is somebody's wish and not a fault, whatever waits meanwhile."""
    if not snapshot.database:
        return ComponentHealth("queue", "it cannot be seen")
    age = max(timedelta(0), snapshot.at - (snapshot.oldest or snapshot.at))
    late = age > MAX_QUEUE_AGE and not snapshot.paused
    problem = "a message has waited for too long" if late else ""
    return ComponentHealth("queue", problem, round(age.total_seconds(), 1))


def _gateway_health(snapshot: HealthSnapshot) -> ComponentHealth:
    """Well while its answers can be read; nobody asks it only to see."""
    if snapshot.breaker_open_since is None:
        return ComponentHealth("gateway")
    age = max(timedelta(0), snapshot.at - snapshot.breaker_open_since)
    problem = "its answers cannot be read: nothing is sent" if age > MAX_BREAKER_OPEN else ""
    return ComponentHealth("gateway", problem, round(age.total_seconds(), 1))

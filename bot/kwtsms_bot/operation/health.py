"""Whether the bot is well, judged from what was seen. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

# The worker looks at the queue every two seconds; it waits for nothing longer than for an answer
# of the gateway, and that time comes on top.
STILL = timedelta(minutes=1)
# What is accepted is sent within seconds; only a very large bulk takes longer than this, or a
# gateway that is away.
OVERDUE = timedelta(minutes=10)
# A few answers that could not be read are over by then, and sending goes on.
HELD = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen at one moment."""

    at: datetime
    database: bool  # Whether it can be read.
    slack: bool
    stopping: bool
    dispatcher_idle: timedelta
    writable: bool = True
    oldest: datetime | None = None  # When it was accepted; None: nothing waits.
    paused: bool = False
    held_since: datetime | None = None  # None: sending is not held.


@dataclass(frozen=True, slots=True)
class Part:
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
        told = {name: value for name, value in asdict(self).items() if value not in ("", None)}
        return {"ok": self.ok} | {name: told[name] for name in told if name != "name"}


@dataclass(frozen=True, slots=True)
class Health:
    """All parts."""

    parts: tuple[Part, ...]
    paused: bool  # By somebody's wish: no fault.
    held: bool  # For the gateway's answers cannot be read.

    @property
    def ready(self) -> bool:
        """Whether all of them are well."""
        return all(part.ok for part in self.parts)

    def as_json(self) -> Mapping[str, object]:
        """For a page."""
        parts = {part.name: part.as_json() for part in self.parts}
        return {"ready": self.ready, "paused": self.paused, "held": self.held, "parts": parts}


def judge(seen: Seen, answer_takes: timedelta) -> Health:
    """What `seen` comes to; the gateway may take `answer_takes` for an answer."""
    return Health(
        (
            Part("service", "it is stopping" if seen.stopping else ""),
            _database(seen),
            Part("slack", "" if seen.slack else "there is no connection"),
            _dispatcher(seen.dispatcher_idle, STILL + answer_takes),
            _queue(seen),
            _gateway(seen),
        ),
        seen.paused,
        seen.held_since is not None,
    )


def _database(seen: Seen) -> Part:
    if not seen.database:
        return Part("database", "it does not answer")
    return Part("database", "" if seen.writable else "nothing can be written to it")


def _dispatcher(idle: timedelta, longest: timedelta) -> Part:
    problem = "it has not looked at the queue lately" if idle > longest else ""
    return Part("dispatcher", problem, round(idle.total_seconds(), 1))


def _queue(seen: Seen) -> Part:
    """A pause is somebody's wish and not a fault, whatever waits meanwhile."""
    if not seen.database:
        return Part("queue", "it cannot be seen")
    age = max(timedelta(0), seen.at - (seen.oldest or seen.at))
    late = age > OVERDUE and not seen.paused
    problem = "a message has waited for too long" if late else ""
    return Part("queue", problem, round(age.total_seconds(), 1))


def _gateway(seen: Seen) -> Part:
    """Well while its answers can be read; nobody asks it only to see."""
    if seen.held_since is None:
        return Part("gateway")
    age = max(timedelta(0), seen.at - seen.held_since)
    problem = "its answers cannot be read: nothing is sent" if age > HELD else ""
    return Part("gateway", problem, round(age.total_seconds(), 1))

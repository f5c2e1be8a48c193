"""What was in flight, from when until when, and what became of it: read from the steps. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from chaos.evidence import Evidence, Row, Step
from kwtsms_bot.outbox.message import State


@dataclass(slots=True)
class Flight:
    """One call, from "in flight" to what it came to."""

    message: int
    text: str
    owner: int | None  # The process that had the last flight of these numbers in hand.
    begun: float
    phones: set[str] = field(default_factory=set)
    ended: float = float("inf")
    after: State | None = None  # None: it is in flight still.
    lost: bool = False  # Nobody knows to this day what became of it.


def flights(evidence: Evidence) -> list[Flight]:
    """All of them; the numbers of one call have moved in one statement, at one time."""
    found: dict[tuple[int, float], Flight] = {}
    rows = {row.id: row for row in evidence.rows}
    for begun, ended in _legs(evidence.steps):
        row = rows.get(begun.recipient)
        if row is not None:
            _add(found, row, begun, ended)
    return list(found.values())


def _add(found: dict[tuple[int, float], Flight], row: Row, begun: Step, ended: Step | None) -> None:
    made = Flight(row.message, row.text, row.owner, begun.at)
    flight = found.setdefault((row.message, begun.at), made)
    flight.phones.add(row.phone)
    if ended is not None:
        flight.ended, flight.after = ended.at, ended.after
    flight.lost = row.state is State.UNKNOWN and flight.after is State.UNKNOWN


def _legs(steps: tuple[Step, ...]) -> Iterator[tuple[Step, Step | None]]:
    """Each step into flight, and the next one of the same number."""
    flying: dict[int, Step] = {}
    for step in steps:
        begun = flying.pop(step.recipient, None)
        if begun is not None:
            yield begun, step
        if step.after is State.IN_FLIGHT:
            flying[step.recipient] = step
    for begun in flying.values():
        yield begun, None

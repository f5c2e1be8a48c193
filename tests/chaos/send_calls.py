"""What was in flight, from when until when, and what became of it: read from the steps. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from chaos.evidence import Evidence, Row, StateTransition
from kwtsms_bot.outbox.message import State


@dataclass(slots=True)
class SendCall:
    """One call, from "in flight" to what it came to."""

    message: int
    text: str
    owner: int | None  # The process that had the last flight of these numbers in hand.
    started: float
    phones: set[str] = field(default_factory=set)
    ended: float = float("inf")
    outcome: State | None = None  # None: it is in flight still.
    still_unknown: bool = False  # Nobody knows to this day what became of it.


def send_calls(evidence: Evidence) -> list[SendCall]:
    """All of them; the numbers of one call have moved in one statement, at one time."""
    found: dict[tuple[int, float], SendCall] = {}
    rows = {row.id: row for row in evidence.rows}
    for start, end in _in_flight_spans(evidence.transitions):
        row = rows.get(start.recipient)
        if row is not None:
            _add(found, row, start, end)
    return list(found.values())


def _add(
    found: dict[tuple[int, float], SendCall],
    row: Row,
    start: StateTransition,
    end: StateTransition | None,
) -> None:
    new_call = SendCall(row.message, row.text, row.owner, start.at)
    call = found.setdefault((row.message, start.at), new_call)
    call.phones.add(row.phone)
    if end is not None:
        call.ended, call.outcome = end.at, end.after
    call.still_unknown = row.state is State.UNKNOWN and call.outcome is State.UNKNOWN


def _in_flight_spans(
    transitions: tuple[StateTransition, ...],
) -> Iterator[tuple[StateTransition, StateTransition | None]]:
    """Each step into flight, and the next one of the same number."""
    in_flight: dict[int, StateTransition] = {}
    for transition in transitions:
        start = in_flight.pop(transition.recipient, None)
        if start is not None:
            yield start, transition
        if transition.after is State.IN_FLIGHT:
            in_flight[transition.recipient] = transition
    for start in in_flight.values():
        yield start, None

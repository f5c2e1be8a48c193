"""Derives the calls in flight, their times and outcomes, from the state transitions. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from chaos.evidence import Evidence, Row, StateTransition
from kwtsms_bot.outbox.states import State


@dataclass(slots=True)
class SendCall:
    """A call from "in flight" to its outcome."""

    message: int
    text: str
    owner: int | None  # The process of the recipients' last call.
    started: float
    phones: set[str] = field(default_factory=set)
    ended: float = float("inf")
    outcome: State | None = None  # None: still in flight.
    still_unknown: bool = False  # The outcome is unknown even at the end of the run.


def send_calls(evidence: Evidence) -> list[SendCall]:
    """All calls; the recipients of a call change state in one statement, at the same time."""
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
    """Yields each transition to "in flight" with the next one of the same recipient."""
    in_flight: dict[int, StateTransition] = {}
    for transition in transitions:
        start = in_flight.pop(transition.recipient, None)
        if start is not None:
            yield start, transition
        if transition.after is State.IN_FLIGHT:
            in_flight[transition.recipient] = transition
    for start in in_flight.values():
        yield start, None

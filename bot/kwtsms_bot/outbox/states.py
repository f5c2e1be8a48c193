"""The states of recipients and of attempts, with the steps that are legal. Pure.

queued ──► claimed ──► in_flight ──► sent ──► delivered | undelivered | stuck
  ▲  │        │            │
  │  │        │            ├──► rejected
  │  │        └► queued    ├──► queued    only where it is proven that nothing was sent
  │  │                     └──► unknown ──► sent | rejected   by a late answer or by a person
  │  └► cancelled | expired         │
  └─────────────────────────────────┘ by a person only

"in flight" is durable before the first byte leaves. A recipient that is in flight when its owner is
gone becomes unknown, and no code sends it again. A recipient that a person sends again becomes sent
if the lost answer comes before it has left a second time.

`kwtsms_bot.outbox.sql` moves rows by these tables; no other code writes a state.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar


class State(StrEnum):
    """The state of a recipient."""

    QUEUED = "queued"  # Waits until it is due.
    CLAIMED = "claimed"  # A process has claimed it and waits for its slot; nothing has left.
    IN_FLIGHT = "in_flight"  # The request may have left this machine.
    SENT = "sent"  # The gateway accepted and charged it.
    DELIVERED = "delivered"  # The phone has it (international numbers only).
    UNDELIVERED = "undelivered"  # The phone does not get it (international numbers only).
    STUCK = "stuck"  # Accepted, and stuck in the gateway's queue (ERR030).
    REJECTED = "rejected"  # The gateway said no; nothing was charged.
    CANCELLED = "cancelled"  # A person cancelled it before it left.
    EXPIRED = "expired"  # It could not be sent in time.
    UNKNOWN = "unknown"  # It left, and no readable answer came.


TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.CLAIMED, State.CANCELLED, State.EXPIRED, State.SENT}),
    State.CLAIMED: frozenset({State.IN_FLIGHT, State.QUEUED, State.CANCELLED}),
    State.IN_FLIGHT: frozenset({State.SENT, State.REJECTED, State.QUEUED, State.UNKNOWN}),
    State.UNKNOWN: frozenset({State.SENT, State.REJECTED, State.QUEUED}),
    State.SENT: frozenset({State.DELIVERED, State.UNDELIVERED, State.STUCK}),
    State.STUCK: frozenset({State.SENT, State.DELIVERED, State.UNDELIVERED}),
    State.DELIVERED: frozenset(),
    State.UNDELIVERED: frozenset(),
    State.REJECTED: frozenset(),
    State.CANCELLED: frozenset(),
    State.EXPIRED: frozenset(),
}


class AttemptState(StrEnum):
    """The state of an attempt: one call to the gateway."""

    CLAIMED = "claimed"  # A process has claimed its recipients; nothing has left.
    IN_FLIGHT = "in_flight"  # The request may have left this machine.
    SETTLED = "over"  # Its outcome is written, or its recipients went back to the queue.


ATTEMPT_TRANSITIONS: Mapping[AttemptState, frozenset[AttemptState]] = {
    AttemptState.CLAIMED: frozenset({AttemptState.IN_FLIGHT, AttemptState.SETTLED}),
    AttemptState.IN_FLIGHT: frozenset({AttemptState.SETTLED}),
    AttemptState.SETTLED: frozenset({AttemptState.SETTLED}),  # By a late answer.
}
AnyState = TypeVar("AnyState", State, AttemptState)


def sources_of(after: AnyState, table: Mapping[AnyState, frozenset[AnyState]]) -> list[str]:
    """The states from which `after` can be reached."""
    return [state.value for state, targets in table.items() if after in targets]

"""The states of incidents and of notifications, with the steps that are legal. Pure.

incident:      firing ◄──► acknowledged        a person takes it, or gives it back
                  │             │
                  └──► resolved ◄┘             by the tool, or by a person
                         │
                         └──► firing | acknowledged   it fires again soon: as it was before

notification:  waiting ──► bundled ──► sent | unknown | failed
                  ▲  │        │            │
                  │  │        │            └──► sent   by a late answer
                  │  │        └► waiting | cancelled   recalled: nothing has left
                  │  └► cancelled | not_needed
                  └───┘

`kwtsms_bot.bridge.store` moves rows by these tables; no other code writes a state.
"""

from collections.abc import Mapping
from enum import StrEnum


class IncidentState(StrEnum):
    """The state of an incident."""

    FIRING = "firing"  # Nobody has taken it.
    ACKNOWLEDGED = "acknowledged"  # A person has taken it: it sends nothing more.
    RESOLVED = "resolved"  # All of its alerts are over, or a person has resolved it.


class IncidentKind(StrEnum):
    """Kind of an incident: the alerts that it is made of."""

    ALERT = "alert"  # One alert.
    GROUP = "group"  # The alerts of a tool's group.
    STORM = "storm"  # Further alerts of a receiver, after many at once.
    TEST = "test"  # A test button was pressed; it closes by itself.


class Closing(StrEnum):
    """Reason why an incident was closed, in place of who resolved it."""

    FORGOTTEN = "forgotten"  # Nothing was reported of it for a week.
    INTEGRATION_REMOVED = "integration removed"  # Nobody can report its end.
    BY_ITSELF = "by itself"  # A test, or an alert without a key whose time was up.


class NotificationState(StrEnum):
    """The state of a notification: one person, and one thing to tell them."""

    WAITING = "waiting"  # No text exists yet.
    BUNDLED = "bundled"  # It is part of a message in the outbox.
    SENT = "sent"  # kwtSMS accepted the message.
    UNKNOWN = "unknown"  # The message left, and no readable answer came.
    FAILED = "failed"  # kwtSMS refused the message.
    CANCELLED = "cancelled"  # Somebody has taken it, or the person is gone from the phone book.
    NOT_NEEDED = "not_needed"  # It was over before it was sent.


INCIDENT_TRANSITIONS: Mapping[IncidentState, frozenset[IncidentState]] = {
    IncidentState.FIRING: frozenset({IncidentState.ACKNOWLEDGED, IncidentState.RESOLVED}),
    IncidentState.ACKNOWLEDGED: frozenset({IncidentState.FIRING, IncidentState.RESOLVED}),
    IncidentState.RESOLVED: frozenset({IncidentState.FIRING, IncidentState.ACKNOWLEDGED}),
}
NOTIFICATION_TRANSITIONS: Mapping[NotificationState, frozenset[NotificationState]] = {
    NotificationState.WAITING: frozenset(
        {
            NotificationState.BUNDLED,
            NotificationState.CANCELLED,
            NotificationState.NOT_NEEDED,
            NotificationState.UNKNOWN,  # In a restored backup: it may have been sent since.
        }
    ),
    NotificationState.BUNDLED: frozenset(
        {
            NotificationState.WAITING,
            NotificationState.SENT,
            NotificationState.UNKNOWN,
            NotificationState.FAILED,
            NotificationState.CANCELLED,
        }
    ),
    NotificationState.UNKNOWN: frozenset({NotificationState.SENT}),
    NotificationState.SENT: frozenset(),
    NotificationState.FAILED: frozenset(),
    NotificationState.CANCELLED: frozenset(),
    NotificationState.NOT_NEEDED: frozenset(),
}


class IllegalStep(Exception):
    """A step that the table of states does not have; nothing was changed."""


def check_step(before: IncidentState, after: IncidentState) -> None:
    """Checks that an incident may go from one state to another.

    Raises:
        IllegalStep: it may not.
    """
    if after not in INCIDENT_TRANSITIONS[before]:
        raise IllegalStep(f"{before} → {after}")

"""Trigger ids: proof that a person just acted. Valid for 3 s and for one view."""

import secrets
from dataclasses import dataclass

from kwtsms_sandbox.clock import Clock
from kwtsms_sandbox.slack.errors import Refused

# https://docs.slack.dev/interactivity/handling-user-interaction#modal_responses
TRIGGER_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Trigger:
    """Issued trigger: the user, the time, and the view (None: a message or a command)."""

    id: str
    user: str
    at: float
    view: str | None = None


class Triggers:
    """Issuer of trigger ids, which accepts each of them once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._issued: dict[str, Trigger] = {}
        self._used: set[str] = set()

    def issue(self, user: str, *, view: str | None = None) -> str:
        """Issues a trigger id for what this user just did."""
        number = len(self._issued) + 1
        trigger_id = f"{7_000_000_000_000 + number}.{number}.{secrets.token_hex(16)}"
        self._issued[trigger_id] = Trigger(trigger_id, user, self._clock.monotonic(), view)
        return trigger_id

    def exchange(self, trigger_id: str) -> Trigger:
        """Returns the trigger and marks it as used; refused if unknown, used or older than 3 s."""
        trigger = self._issued.get(trigger_id)
        if trigger is None:
            raise Refused("invalid_trigger_id")
        if trigger_id in self._used:
            raise Refused("exchanged_trigger_id")
        if self._clock.monotonic() - trigger.at > TRIGGER_SECONDS:
            raise Refused("expired_trigger_id")
        self._used.add(trigger_id)
        return trigger

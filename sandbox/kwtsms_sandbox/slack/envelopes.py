"""Messages from Slack to the app, and its replies. Knows neither sockets nor HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Protocol

from kwtsms_sandbox.slack.models import Json

ACK_SECONDS = (
    3.0  # https://docs.slack.dev/interactivity/handling-user-interaction#acknowledgment_response
)


class EnvelopeKind(StrEnum):
    """Kind of an envelope."""

    COMMAND = "slash_commands"
    INTERACTIVE = "interactive"
    EVENT = "events_api"


class AckFailure(StrEnum):
    """Reason why an app did not acknowledge, in the words that Slack shows to the user."""

    TIMEOUT = "operation_timeout"
    FAILED = "dispatch_failed"


@dataclass(frozen=True, slots=True)
class Envelope:
    """Message to the app; `retry` counts from 1 on the second try of an event."""

    kind: EnvelopeKind
    payload: Json
    accepts_response: bool = False
    retry: int = 0
    retry_reason: str = ""

    def again(self, reason: str) -> "Envelope":
        """Returns the next try of an event; commands and clicks are repeated unchanged."""
        if self.kind is not EnvelopeKind.EVENT:
            return self
        return replace(self, retry=self.retry + 1, retry_reason=reason)


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer of the app; `error` is None if it acknowledged in time."""

    payload: Mapping[str, Any] | None = None
    error: str | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Interaction:
    """Action of a person: the message to the app, its reply and the seconds in between."""

    envelope: Envelope
    reply: Reply
    duration: float

    @property
    def acked(self) -> bool:
        """Whether the app acknowledged in time."""
        return self.reply.error is None

    @property
    def error(self) -> str | None:
        """The error that the user was shown instead, such as `operation_timeout`."""
        return self.reply.error

    @property
    def payload(self) -> Json:
        """The payload that the app received."""
        return self.envelope.payload

    @property
    def ack(self) -> Json | None:
        """The payload of the acknowledgement."""
        return self.reply.payload

    @property
    def trigger_id(self) -> str:
        """The trigger id that the app received ("" for events)."""
        return str(self.payload.get("trigger_id", ""))

    @property
    def response_url(self) -> str:
        """The address where the app may answer later ("" if there is none)."""
        return str(self.payload.get("response_url", ""))


class Transport(Protocol):
    """Delivery of envelopes to the app."""

    async def deliver(self, envelope: Envelope, *, within: float) -> Reply:
        """Returns the app's answer, or the reason why there is none."""

"""What Slack tells the app, and what came back within 3 s. Knows neither sockets nor HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Protocol

from kwtsms_sandbox.slack.models import Json

ACK_SECONDS = (
    3.0  # https://docs.slack.dev/interactivity/handling-user-interaction#acknowledgment_response
)


class EnvelopeKind(StrEnum):
    """The three sorts of things that an app is told."""

    COMMAND = "slash_commands"
    INTERACTIVE = "interactive"
    EVENT = "events_api"


class AckFailure(StrEnum):
    """Why an app did not acknowledge, in the words that Slack shows to the person."""

    TIMEOUT = "operation_timeout"
    FAILED = "dispatch_failed"


@dataclass(frozen=True, slots=True)
class Envelope:
    """One thing to tell the app; `retry` counts from 1 on the second try of an event."""

    kind: EnvelopeKind
    payload: Json
    accepts_response: bool = False
    retry: int = 0
    retry_reason: str = ""

    def again(self, reason: str) -> "Envelope":
        """The next try of an event; commands and clicks are simply the same again."""
        if self.kind is not EnvelopeKind.EVENT:
            return self
        return replace(self, retry=self.retry + 1, retry_reason=reason)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the app answered; `error` is None if it acknowledged in time."""

    payload: Mapping[str, Any] | None = None
    error: str | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Interaction:
    """One thing a person did: what the app was told, what it answered and how long that took."""

    envelope: Envelope
    reply: Reply
    duration: float

    @property
    def acked(self) -> bool:
        """The app acknowledged within 3 s."""
        return self.reply.error is None

    @property
    def error(self) -> str | None:
        """What the person was shown instead, such as `operation_timeout`."""
        return self.reply.error

    @property
    def payload(self) -> Json:
        """What the app was told."""
        return self.envelope.payload

    @property
    def ack(self) -> Json | None:
        """What came with the acknowledgement."""
        return self.reply.payload

    @property
    def trigger_id(self) -> str:
        """The trigger id that the app got ("" for events)."""
        return str(self.payload.get("trigger_id", ""))

    @property
    def response_url(self) -> str:
        """Where the app may answer ("" if nowhere)."""
        return str(self.payload.get("response_url", ""))


class Transport(Protocol):
    """A way to the app."""

    async def deliver(self, envelope: Envelope, *, within: float) -> Reply:
        """The app's answer, or why there is none."""

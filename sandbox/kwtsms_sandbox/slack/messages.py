"""All messages of a workspace, with text and blocks exactly as the app sent them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from kwtsms_sandbox.clock import Clock
from kwtsms_sandbox.slack.event_feed import Feed, Kind
from kwtsms_sandbox.slack.message_content import Content
from kwtsms_sandbox.slack.models import Json


class Via(StrEnum):
    """Way by which a message was posted."""

    ACK = "ack"
    RESPONSE_URL = "response_url"
    POST = "post"
    EPHEMERAL = "ephemeral"
    SLACK = "slack"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Message:
    """Message in its current state."""

    ts: str
    channel: str
    user: str
    text: str
    blocks: tuple[Json, ...] = ()
    attachments: tuple[Json, ...] = ()
    ephemeral_to: str | None = None
    thread_ts: str | None = None
    via: Via = Via.POST
    edited: bool = False
    revision: int = 0
    files: tuple[str, ...] = ()

    @property
    def all_blocks(self) -> tuple[Json, ...]:
        """The blocks of the message and of its attachments."""
        return (
            *self.blocks,
            *(block for one in self.attachments for block in one.get("blocks", ())),
        )


class Timeline:
    """Messages of all channels, in order of posting."""

    def __init__(self, feed: Feed, clock: Clock) -> None:
        self._feed = feed
        self._clock = clock
        self._messages: dict[str, Message] = {}
        self._last = 0

    def __iter__(self) -> Iterator[Message]:
        return iter(tuple(self._messages.values()))

    def next_ts(self) -> str:
        """Returns the current time as a message's ts; never the same twice."""
        now = int(self._clock.now().timestamp() * 1_000_000)
        self._last = max(now, self._last + 1)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def post(
        self,
        channel: str,
        user: str,
        content: Content,
        *,
        via: Via,
        ephemeral_to: str | None = None,
        thread_ts: str | None = None,
        files: Sequence[str] = (),
    ) -> Message:
        """Posts a message at the end of its channel."""
        message = Message(
            self.next_ts(),
            channel,
            user,
            content.text,
            content.blocks,
            content.attachments,
            ephemeral_to=ephemeral_to,
            thread_ts=thread_ts,
            via=via,
            files=tuple(files),
        )
        self._messages[message.ts] = message
        self._feed.publish(Kind.MESSAGE_POSTED, message)
        return message

    def change(self, ts: str, content: Content, *, marked: bool = True) -> Message:
        """Replaces a message's content; `marked` shows "(edited)" to the reader."""
        before = self._messages[ts]
        after = replace(
            before,
            text=content.text,
            blocks=content.blocks,
            attachments=content.attachments,
            edited=before.edited or marked,
            revision=before.revision + 1,
        )
        self._messages[ts] = after
        self._feed.publish(Kind.MESSAGE_CHANGED, after)
        return after

    def delete(self, ts: str) -> None:
        """Deletes the message for everybody."""
        self._feed.publish(Kind.MESSAGE_DELETED, self._messages.pop(ts))

    def find(self, channel: str, ts: str) -> Message | None:
        """Returns the message with this channel and ts."""
        message = self._messages.get(ts)
        return message if message and message.channel == channel else None

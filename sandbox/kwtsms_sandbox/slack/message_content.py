"""What an app may put into a message: text, blocks and attachments, as Slack takes them. Pure."""

import re
from dataclasses import dataclass

from kwtsms_sandbox.slack.blocks import check
from kwtsms_sandbox.slack.errors import Refused, refused_for
from kwtsms_sandbox.slack.models import Json
from kwtsms_sandbox.slack.view_state import identified

MAX_TEXT = 40_000  # Longer text is cut without a word.
MAX_ATTACHMENTS = 100
_BROADCAST = re.compile(r"(?<!\S)@(channel|here|everyone)\b")


@dataclass(frozen=True, slots=True)
class Content:
    """The text stands for the notification wherever there are blocks."""

    text: str = ""
    blocks: tuple[Json, ...] = ()
    attachments: tuple[Json, ...] = ()

    @property
    def is_empty(self) -> bool:
        """There is nothing to show."""
        return not (self.text or self.blocks or self.attachments)


def read_content(args: Json) -> Content:
    """The content in these arguments, which may be empty; refused with Slack's reasons."""
    return Content(_text(args), _blocks(args, at="/blocks"), _attachments(args))


def _text(args: Json) -> str:
    text = str(args.get("text") or "")[:MAX_TEXT]
    if args.get("parse") == "full" or args.get("link_names") in (True, 1, "1", "true"):
        return _BROADCAST.sub(r"<!\1>", text)  # So a careless app does notify the channel.
    return text


def _blocks(args: Json, *, at: str) -> tuple[Json, ...]:
    blocks = args.get("blocks") or []
    if problems := check(blocks, at=at):
        raise refused_for("invalid_blocks", problems)
    return identified(blocks, prefix=at)


def _attachments(args: Json) -> tuple[Json, ...]:
    attachments = args.get("attachments") or []
    if not isinstance(attachments, list) or not all(isinstance(one, dict) for one in attachments):
        raise Refused("invalid_attachments")
    if len(attachments) > MAX_ATTACHMENTS:
        raise Refused("too_many_attachments")
    return tuple(
        {**one, "blocks": _blocks(one, at=f"/attachments/{index}/blocks")}
        for index, one in enumerate(attachments)
    )

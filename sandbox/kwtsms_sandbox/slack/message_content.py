"""Reads a message's content from an app: text, blocks and attachments, as Slack does. Pure."""

import re
from dataclasses import dataclass

from kwtsms_sandbox.slack.blocks import check
from kwtsms_sandbox.slack.errors import Refused, refused_for
from kwtsms_sandbox.slack.models import Json
from kwtsms_sandbox.slack.view_state import identified

MAX_TEXT = 40_000  # Longer text is cut without notice.
MAX_ATTACHMENTS = 100
_BROADCAST = re.compile(r"(?<!\S)@(channel|here|everyone)\b")


@dataclass(frozen=True, slots=True)
class Content:
    """Content of a message; where there are blocks, the text is for the notification only."""

    text: str = ""
    blocks: tuple[Json, ...] = ()
    attachments: tuple[Json, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.text or self.blocks or self.attachments)


def read_content(args: Json) -> Content:
    """Returns the content in these arguments, which may be empty; raises Refused as Slack does."""
    return Content(_text(args), _blocks(args, at="/blocks"), _attachments(args))


def _text(args: Json) -> str:
    text = str(args.get("text") or "")[:MAX_TEXT]
    if args.get("parse") == "full" or args.get("link_names") in (True, 1, "1", "true"):
        return _BROADCAST.sub(r"<!\1>", text)  # As in Slack, this notifies the channel.
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

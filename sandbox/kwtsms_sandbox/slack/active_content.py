"""Finds mentions and links in a message or view, wherever they are. Pure.

Proves that nothing a person typed becomes active. Text with mark-up is read as Slack reads it by
default: a bare address in it becomes a link, unless `verbatim` is set.
https://docs.slack.dev/reference/block-kit/composition-objects/text-object
"""

import re
from collections.abc import Iterator
from typing import Any

from kwtsms_sandbox.slack.messages import Message
from kwtsms_sandbox.slack.models import Json
from kwtsms_sandbox.slack.mrkdwn import links, mentions
from kwtsms_sandbox.slack.views import View

_BARE = re.compile(r"(?<![<|\w])(?:https?://|www\.)[^\s<>|]+", re.IGNORECASE)
_RICH = {
    "user": "user_id",
    "usergroup": "usergroup_id",
    "broadcast": "range",
    "channel": "channel_id",
    "link": "url",
}


def find_active_content(shown: Message | View) -> list[str]:
    """Returns every mention and link, in order."""
    if isinstance(shown, View):
        return [token for block in shown.blocks for token in _find_active(block)]
    found = mentions(shown.text)
    if not shown.all_blocks:
        found += [*links(shown.text), *_BARE.findall(shown.text)]
    return found + [token for block in shown.all_blocks for token in _find_active(block)]


def _find_active(part: Any) -> Iterator[str]:
    if isinstance(part, list | tuple):
        for item in part:
            yield from _find_active(item)
    elif isinstance(part, dict):
        yield from _own(part)
        for value in part.values():
            yield from _find_active(value)


def _own(part: Json) -> Iterator[str]:
    kind, text = part.get("type"), part.get("text")
    if kind in ("mrkdwn", "markdown") and isinstance(text, str):
        yield from mentions(text)
        yield from links(text)
        if not part.get("verbatim"):
            yield from _BARE.findall(text)
    elif kind in _RICH and isinstance(part.get(_RICH[kind]), str):
        yield str(part[_RICH[kind]])

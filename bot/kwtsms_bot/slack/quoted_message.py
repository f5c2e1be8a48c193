"""Extracts the text of a Slack message, for use in an SMS. Pure.

People's messages have rich text, without marks for bold and the like. A bot's message may have its
text in any block or attachment, and an empty `text`.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from kwtsms_bot.slack.blocks import escape
from kwtsms_bot.slack.payloads import unescape_text

Json = Mapping[str, Any]
Names = Mapping[str, str]  # Names of users, by their ids.
MAX_NESTED = 10  # Lists within lists; Slack allows fewer.
_MENTION = re.compile(r"<@([A-Z0-9]{2,20})(?:\|[^<>]*)?>")
_LINK = re.compile(r"<((?:https?)://[^<>|]+)\|([^<>]+)>")


def mentioned_users(message: Json) -> tuple[str, ...]:
    """Returns the ids of the users whom the message mentions."""
    mentions = [one for one in _elements(message.get("blocks")) if one.get("type") == "user"]
    found = [str(one.get("user_id", "")) for one in mentions]
    return tuple(dict.fromkeys((*found, *_MENTION.findall(str(message.get("text", ""))))))


def message_text(message: Json, names: Names) -> str:
    """Returns the message's rich text, else its `text`, else its blocks and attachments."""
    rich = "".join(_rich_text(message.get("blocks"), names)).strip()
    if rich:
        return rich
    plain = _plain_text(str(message.get("text") or ""), names)
    if plain:
        return plain
    return "\n".join(filter(None, (*_blocks(message, names), *_attachments(message, names))))


def _plain_text(mrkdwn: str, names: Names) -> str:
    """Returns the text without Slack's tokens: a link with its address, people by their names."""
    named = _MENTION.sub(lambda found: escape(names.get(found[1], found[1])), mrkdwn)
    linked = _LINK.sub(lambda found: _with_address(found[2], found[1]), named)
    return unescape_text(linked).strip()


def _with_address(label: str, url: str) -> str:
    return url if label in url else f"{label} {url}"


def _dicts(value: Any) -> list[Json]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _elements(value: Any, depth: int = 0) -> Iterator[Json]:
    """Yields all elements of rich text in reading order."""
    if depth > MAX_NESTED:
        return
    for one in _dicts(value):
        if depth == 0 and one.get("type") != "rich_text":
            continue
        yield one
        yield from _elements(one.get("elements"), depth + 1)


def _rich_text(value: Any, names: Names) -> Iterator[str]:
    started = False
    for one in _elements(value):
        kind = str(one.get("type", ""))
        if kind in ("rich_text_section", "rich_text_preformatted", "rich_text_quote"):
            yield "\n" if started else ""
            started = True
        elif kind == "text":
            yield str(one.get("text", ""))
        elif kind == "link":
            url = str(one.get("url", ""))
            yield _with_address(str(one.get("text") or url), url)
        elif kind == "emoji":
            yield _emoji(str(one.get("unicode") or ""))
        elif kind == "user":
            yield names.get(str(one.get("user_id")), str(one.get("user_id")))


def _emoji(unicode: str) -> str:
    """Returns the emoji of code points such as 1f1f0-1f1fc, so that the preview removes it."""
    codes = [code for code in unicode.split("-") if re.fullmatch("[0-9a-fA-F]{2,6}", code)]
    return "".join(chr(number) for code in codes if (number := int(code, 16)) <= sys.maxunicode)


def _blocks(message: Json, names: Names) -> Iterator[str]:
    """Yields the text of a bot's blocks."""
    for block in _dicts(message.get("blocks")):
        texts = [block.get("text"), *_dicts(block.get("fields")), *_dicts(block.get("elements"))]
        for one in texts:
            if isinstance(one, dict) and isinstance(one.get("text"), str):
                yield _plain_text(one["text"], names)


def _attachments(message: Json, names: Names) -> Iterator[str]:
    """Yields the text of legacy attachments: titles, text and blocks, or else the fallback."""
    for one in _dicts(message.get("attachments")):
        inner = [part for part in _blocks(one, names) if part]
        texts = [
            _plain_text(str(one.get(key) or ""), names) for key in ("pretext", "title", "text")
        ]
        lines = list(filter(None, (*texts, *inner)))
        yield from lines or [_plain_text(str(one.get("fallback") or ""), names)]

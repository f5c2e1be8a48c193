"""Renders rich text as plain lines: lists with bullets, quotes with a bar. Pure."""

from collections.abc import Iterator

from kwtsms_sandbox.slack.models import Json
from kwtsms_sandbox.slack.mrkdwn import EMOJI, Names

_CALLS = {
    "user": ("@", "user_id"),
    "usergroup": ("@", "usergroup_id"),
    "broadcast": ("@", "range"),
    "channel": ("#", "channel_id"),
}


def rich_lines(block: Json, names: Names) -> Iterator[str]:
    """Yields the lines of a rich_text block."""
    for part in block["elements"]:
        kind = part["type"]
        if kind == "rich_text_list":
            yield from _list(part, names)
        elif kind == "rich_text_quote":
            yield from (f"│ {line}" for line in _text(part, names).split("\n"))
        elif kind == "rich_text_preformatted":
            yield from (f"  {line}" for line in _text(part, names).split("\n"))
        else:
            yield from _text(part, names).removesuffix("\n").split("\n")


def inline(element: Json, names: Names) -> str:
    """Returns the text of an inline element; typed text stays letter for letter."""
    kind = element["type"]
    if kind == "text":
        return str(element["text"])
    if kind == "link":
        text, url = element.get("text"), element["url"]
        return f"{text} ({url})" if text and text != url else str(url)
    if kind == "emoji":
        return EMOJI.get(element["name"], f":{element['name']}:")
    if kind in _CALLS:
        sign, key = _CALLS[kind]
        return sign + names.get(element[key], element[key])
    return str(element.get("fallback") or element.get("timestamp") or element.get("value"))


def _list(part: Json, names: Names) -> Iterator[str]:
    indent = "  " * part.get("indent", 0)
    for index, item in enumerate(part["elements"], start=1 + part.get("offset", 0)):
        mark = f"{index}." if part["style"] == "ordered" else "•"
        yield f"{indent}{mark} {_text(item, names)}"


def _text(part: Json, names: Names) -> str:
    return "".join(inline(element, names) for element in part["elements"])

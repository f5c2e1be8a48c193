"""Renders Slack's mark-up as a person reads it: tokens as names, entities as characters. Pure.

A live mention shows as "@channel", so a test sees an injection that Slack would carry out.
"""

import re
from collections.abc import Mapping

Names = Mapping[str, str]
"""Names of people, channels and groups, by id."""

_TOKEN = re.compile(r"<([^<>\n]+)>")
_STYLES = (
    re.compile(r"(?<![\w*])\*(?! )([^*\n]+?)(?<! )\*(?![\w*])"),
    re.compile(r"(?<!\w)_(?! )([^_\n]+?)(?<! )_(?!\w)"),
    re.compile(r"(?<![\w~])~(?! )([^~\n]+?)(?<! )~(?![\w~])"),
)
_CODE = re.compile(r"```\n?(.*?)\n?```|`([^`\n]+)`", re.DOTALL)
_EMOJI = re.compile(r":([a-z0-9_+-]+):")
EMOJI: Names = {
    "arrows_counterclockwise": "🔄",
    "bell": "🔔",
    "black_circle": "⚫",
    "calling": "📲",
    "chart_with_upwards_trend": "📈",
    "eyes": "👀",
    "gear": "⚙️",
    "hourglass_flowing_sand": "⏳",
    "information_source": "ℹ️",
    "iphone": "📱",
    "large_green_circle": "🟢",
    "large_yellow_circle": "🟡",
    "lock": "🔒",
    "mag": "🔍",
    "moneybag": "💰",
    "no_entry": "⛔",
    "question": "❓",
    "red_circle": "🔴",
    "rotating_light": "🚨",
    "tada": "🎉",
    "warning": "⚠️",
    "white_check_mark": "✅",
    "white_circle": "⚪",
    "x": "❌",
}


def readable(text: str, names: Names | None = None) -> str:
    """Returns the text without its mark-up."""
    parts: list[str] = []
    end = 0
    for match in _CODE.finditer(text):
        parts.append(_prose(text[end : match.start()], names or {}))
        code = match[1] if match[1] is not None else match[2]
        parts.append(unescape(_TOKEN.sub(lambda token: _read(token[1], names or {}), code)))
        end = match.end()
    return "".join([*parts, _prose(text[end:], names or {})])


def mentions(text: str) -> list[str]:
    """Returns the live mentions in a raw text: people, channels, groups and broadcasts."""
    return [token for token in _TOKEN.findall(text) if token[0] in "@#!" and token[:6] != "!date^"]


def links(text: str) -> list[str]:
    """Returns the target of every live link in a raw text."""
    return [token.partition("|")[0] for token in _TOKEN.findall(text) if token[0] not in "@#!"]


def unescape(text: str) -> str:
    """Returns the text with the three entities decoded once."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def emoji(text: str) -> str:
    """Returns the text with the usual :names: as emoji; other names stay as they are."""
    return _EMOJI.sub(lambda match: EMOJI.get(match[1], match[0]), text)


def _prose(text: str, names: Names) -> str:
    for style in _STYLES:
        text = style.sub(r"\1", text)
    return unescape(emoji(_TOKEN.sub(lambda match: _read(match[1], names), text)))


def _read(token: str, names: Names) -> str:
    target, _, label = token.partition("|")
    if token[0] == "@":
        return f"@{names.get(target[1:]) or label or target[1:]}"
    if token[0] == "#":
        return f"#{label or names.get(target[1:]) or target[1:]}"
    if target.startswith("!subteam^"):
        group = target.removeprefix("!subteam^")
        return f"@{names.get(group) or label.removeprefix('@') or group}"
    if token[0] == "!":
        return label or f"@{target[1:]}"
    bare = target.removeprefix("mailto:")
    if target.startswith("tel:"):
        return label or target.removeprefix("tel:")
    return f"{label} ({bare})" if label and label != bare else bare

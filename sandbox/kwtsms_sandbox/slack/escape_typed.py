"""Turns a typed line into what the app receives, as Slack does. Pure.

Emoji always become shortcodes, and three characters entities; with `should_escape` people,
channels, links, addresses and phone numbers become tokens too.
https://docs.slack.dev/interactivity/implementing-slash-commands#escaping
"""

import re

from kwtsms_sandbox.slack.directory import Directory
from kwtsms_sandbox.slack.shortcodes import to_shortcodes

_TOKEN = re.compile(
    r"(?P<url>https?://[^\s<>|]+[^\s<>|.,;:!?)\]'\"])"
    r"|(?P<mail>(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?<![\w@])@(?P<user>[\w.-]+)"
    r"|(?<![\w#])#(?P<channel>[\w-]+)"
    r"|(?<![\w+])(?P<phone>\+(?:\d{8,15}|\d{1,4}(?:[ -]\d{3,4}){2,3}))(?!\w)"
    r"|(?<![\w.@-])(?P<domain>(?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|kw))(?![\w.@-])",
    re.ASCII,
)
_BROADCASTS = ("channel", "here", "everyone")


def escape_typed(line: str, directory: Directory, *, should_escape: bool = True) -> str:
    """Returns the line as the command's `text` contains it."""
    if not should_escape:
        return _prose(line)
    parts: list[str] = []
    end = 0
    for match in _TOKEN.finditer(line):
        parts += [_prose(line[end : match.start()]), _token(match, directory)]
        end = match.end()
    return "".join([*parts, _prose(line[end:])])


def entities(text: str) -> str:
    """Returns the text with `&`, `<` and `>` as entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _prose(text: str) -> str:
    return entities(to_shortcodes(text))


def _token(match: re.Match[str], directory: Directory) -> str:
    kind, typed = str(match.lastgroup), match[str(match.lastgroup)]
    escaped = entities(typed)
    if kind == "user":
        return _mention(typed, directory)
    if kind == "channel":
        channel = directory.find_channel(typed)
        return f"<#{channel.id}|{channel.name}>" if channel and channel.name else f"#{escaped}"
    if kind == "phone":
        return f"<tel:{re.sub(r'[^+0-9]', '', typed)}|{escaped}>"
    if kind == "mail":
        return f"<mailto:{escaped}|{escaped}>"
    return f"<{escaped}>" if kind == "url" else f"<http://{escaped}|{escaped}>"


def _mention(name: str, directory: Directory) -> str:
    if name in _BROADCASTS:
        return f"<!{name}>"
    user = directory.find_user(name)
    if user:
        return f"<@{user.id}|{user.name}>"
    group = directory.find_group(name)
    return f"<!subteam^{group.id}|@{group.handle}>" if group else f"@{entities(name)}"

"""Finds English words and unisolated left-to-right parts in texts that should be Arabic."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kwtsms_bot.commands.router import COMMANDS

# Names and configuration words without an Arabic form.
NAMES = {
    *("kwtsms", "kwt", "sms", "slack", "virgin", "apprise", "sandbox"),
    *("api", "csv", "dns", "html", "http", "id", "ids", "ip", "json", "vpn", "ascii"),
    *("account", "lockdown", "sender", "app", "my", "other"),  # kwtsms.com menus and sender IDs.
    *("access", "admin", "bulk", "channels", "every", "limits", "reader", "users"),
    *("all", "mine", "open", "held"),  # Arguments of `/sms ack` and `/sms alerts`.
    *COMMANDS,
}
_NOT_WORDS = re.compile(
    r"""
      <!date\^\d+\^[^|>]*\|  # What stands behind it is said where Slack cannot tell the time.
    | :[a-z_]+:  # An emoji.
    | \b[a-z-]+\.(?:com|yaml)\b
    | /[a-z]+(?:\ [a-z]+(?:\ \[all\])?)?  # A command.
    | \b[a-z_]+(?:[.:][a-z_]+)+\b  # A key of the configuration, a scope.
    | \b[MUCST][A-Z0-9]{1,20}\b | \b[0-9a-f]{32}\b | \bERR\d{3}\b | \b\d+[smhd]\b
    | \bkwtsms-bridge(?:\ [a-z]+)* | pip\ install\ '[^']*'
    """,
    re.VERBOSE,
)
_LATIN = re.compile(r"[A-Za-z]+(?:['’][a-z]+)?")
_ARABIC = re.compile("[\u0620-\u064a]")
_ISOLATE = re.compile("[\u2066\u2068][^\u2066-\u2069]*\u2069")
# Parts that a right-to-left line breaks: signs before a number or name, grouped digits.
_TORN = re.compile(r"[+/@#]\s?[0-9A-Za-z<]|•|\d \d|[0-9a-f]{32}|<!date")


def english(text: str) -> list[str]:
    """The English words of a text."""
    bare = _NOT_WORDS.sub(" ", text)
    return [word for word in _LATIN.findall(bare) if word.casefold() not in NAMES]


def torn(text: str) -> list[str]:
    """The left-to-right parts of a text's Arabic lines without isolation."""
    found = []
    for line in text.split("\n"):
        if not _ARABIC.search(line):
            continue
        bare = _bare(line)
        found += _TORN.findall(bare) + re.findall("[\u2066-\u2069]", bare)
    return found


def _bare(line: str) -> str:
    """Removes isolated parts at any depth."""
    less = _ISOLATE.sub("", line)
    return line if less == line else _bare(less)


def said(shown: Any) -> Iterator[str]:
    """Yields every text of a message or a view, except preformatted ones."""
    if isinstance(shown, Mapping):
        if shown.get("type") == "rich_text_preformatted":
            return
        if shown.get("type") == "rich_text_section":  # One line, in several elements.
            yield "".join(str(one.get("text", "")) for one in shown["elements"])
            return
        for key, value in shown.items():
            if key in ("text", "title", "name") and isinstance(value, str):
                yield value
            else:
                yield from said(value)
    elif isinstance(shown, Sequence) and not isinstance(shown, str):
        for one in shown:
            yield from said(one)


def faults(shown: Any) -> list[str]:
    """The texts with faulty Arabic in a message or a view, each with its faults."""
    texts = [shown] if isinstance(shown, str) else said(shown)
    found = [(text, english(text) + torn(text)) for text in texts]
    return [f"{why}: {text!r}" for text, why in found if why]

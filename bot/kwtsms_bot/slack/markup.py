"""Splits text that Slack has marked up into plain parts and tokens. Pure.

With `should_escape`, typed text has <@U1|name>, <#C1|name>, <!subteam^S1|@name>, <!here>,
<https://x.com|x.com>, <tel:+965…|+965 …>, <mailto:a@x.com|a@x.com> and emoji as :fire:. Only the
ids and addresses are Slack's; a label can be anything.
"""

import re
from collections.abc import Iterator
from html import unescape

from kwtsms_bot.commands.tokens import PLACEHOLDERS, Token, TokenKind

_MARKUP = re.compile(
    r"<(?P<sign>[@#!]?)(?P<target>[^<>|]*)(?:\|(?P<label>[^<>]*))?>"
    # A shortcode touches no letter or digit: 10:100:30 has none.
    r"|(?P<emoji>(?<!\w):[a-z0-9_+\-'&]+:(?::skin-tone-[2-6]:)?(?!\w))"
    rf"|(?P<typed>[{PLACEHOLDERS}])"
)
_USER = re.compile(r"[UW][A-Z0-9]{1,40}")
_GROUP = re.compile(r"subteam\^(S[A-Z0-9]{1,40})")
_PHONE = re.compile(r"tel:(\+?[0-9]{3,20})")
_WRITTEN_NUMBER = re.compile(r"[+0-9 ().\-]+")
_SCHEME = re.compile(r"(?:https?://|mailto:|tel:)")
_ENTITY = re.compile(r"&(?:amp|lt|gt);")  # The only three that Slack makes; others were typed.


def split_markup(text: str) -> Iterator[str | Token]:
    """Yields plain text, as it was typed, and tokens."""
    end = 0
    for match in _MARKUP.finditer(text):
        yield _unescape(text[end : match.start()])
        yield _read(match)
        end = match.end()
    yield _unescape(text[end:])


def _read(match: re.Match[str]) -> str | Token:
    if match["target"] is None:
        return Token(TokenKind.OTHER, match[0])
    sign, target, label = match["sign"], _unescape(match["target"]), _unescape(match["label"] or "")
    if sign == "@":
        shown = "@" + (label or target).lstrip("@")
        return Token(TokenKind.USER if _USER.fullmatch(target) else TokenKind.OTHER, shown, target)
    if sign == "#":
        return Token(TokenKind.OTHER, "#" + (label or target).lstrip("#"))
    return _read_special(target, label) if sign == "!" else _read_link(target, label)


def _read_special(target: str, label: str) -> Token:
    """Returns a user group, or @here and the like, or a date."""
    group = _GROUP.fullmatch(target)
    if group:
        return Token(TokenKind.GROUP, "@" + (label or group[1]).lstrip("@"), group[1])
    return Token(TokenKind.OTHER, label or f"@{target}")


def _read_link(target: str, label: str) -> str | Token:
    """Returns a number as text if it was typed as one; else a number or a link as a token."""
    phone = _PHONE.fullmatch(target)
    if phone is None:
        return Token(TokenKind.OTHER, _with_address(label, target))
    if not label:
        return phone[1]
    if _WRITTEN_NUMBER.fullmatch(label) and _digits(label) == _digits(phone[1]):
        return label
    return Token(TokenKind.NUMBER, f"{label} {phone[1]}", phone[1])


def _with_address(label: str, target: str) -> str:
    """The label with its address, unless one is the other."""
    address = _SCHEME.sub("", target, count=1)
    if not label:
        return address if target.startswith("mailto:") else target
    plain = label.rstrip("/").casefold() in (address.rstrip("/").casefold(), target.casefold())
    return label if plain else f"{label} {address if target.startswith('mailto:') else target}"


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())


def _unescape(text: str) -> str:
    return _ENTITY.sub(lambda match: unescape(match[0]), text)

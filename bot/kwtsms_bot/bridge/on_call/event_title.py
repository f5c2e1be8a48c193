"""The names in an event's title, however people and tools write them. Pure.

Takes off only what cannot change the meaning: a title that says more, such as `Sara on leave`,
names nobody that the phone book knows.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

MAX_NAMES, MAX_TITLE = 20, 1_000  # Of an event; what is longer is no list of names.
_OVERRIDE = re.compile(r"\s*override\s*[:\u2013\u2014-]", re.IGNORECASE)
_SEPARATOR = re.compile(r"[,;&+/|\n\u060c\u061b]|\s(?:and|\u0648)\s", re.IGNORECASE)
_ON_CALL = r"on[ -]?call|on[ -]duty|(?:\u0627\u0644)?\u0645\u0646\u0627\u0648\u0628\u0629?"
_LABEL = re.compile(rf"(?:{_ON_CALL})(?: *[:\u2013\u2014-]\s*|\s+(?=@))", re.IGNORECASE)
_LABEL_BEHIND = re.compile(r"\s+\(?on[ -]?call\)?$", re.IGNORECASE)
_LEVEL = re.compile(r"\[L\d\]\s*", re.IGNORECASE)  # Grafana OnCall.
_EMAIL = re.compile(r"([^@\s]+)@[^@\s]+\.[^@\s]+")
_QUOTES = "\"'\u201c\u201d\u2018\u2019\u00ab\u00bb"
_DECORATIONS = ("So", "Sk", "Mn", "Zs", "Cc")  # Symbols, marks and space.


@cache  # An event repeats with its title.
def parse_title(title: str) -> tuple[tuple[str, ...], bool]:
    """Returns the names in a title such as `Noura, @fahad`, and whether `Override:` precedes."""
    text = "".join(
        char
        for char in unicodedata.normalize("NFKC", title[:MAX_TITLE])
        if unicodedata.category(char) != "Cf"
    )
    override = _OVERRIDE.match(text)
    rest = text[override.end() :] if override else text
    parts = (name for part in _SEPARATOR.split(rest) for name in _names(part))
    names = dict.fromkeys(one for one in parts if one)
    return tuple(names)[:MAX_NAMES], override is not None


def _names(part: str) -> Iterator[str]:
    """Yields the name in a part of a title, or each of `@noura @fahad`."""
    text = _strip(part)
    for pattern in (_LEVEL, _LABEL):
        if match := pattern.match(text):
            text = _strip(text[match.end() :])
    text = _strip(_LABEL_BEHIND.sub("", text))
    words = text.split()
    for word in words if all(one.startswith("@") for one in words) else [text]:
        name = word.removeprefix("@").strip()
        email = _EMAIL.fullmatch(name)
        yield (email[1] if email else name).casefold()


def _strip(text: str) -> str:
    """Returns a text without quotation marks, symbols and space around it."""
    start, end = 0, len(text)
    while start < end and _is_decoration(text[start]):
        start += 1
    while start < end and _is_decoration(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_decoration(char: str) -> bool:
    return char in _QUOTES or unicodedata.category(char) in _DECORATIONS

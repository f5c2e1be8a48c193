"""Quotes, blanks and line breaks that came along with a secret. Pure."""

from enum import StrEnum

_QUOTES = ('""', "''", "“”", "``")


class Flaw(StrEnum):
    """Kind of characters that are probably not part of a secret."""

    QUOTES = "quotes around it"
    BLANKS = "spaces around it"
    LINE_BREAK = "a line break in it"


def find_flaw(value: str) -> Flaw | None:
    """Returns the first kind of such characters in `value`, if there are any."""
    if value != value.strip():
        return Flaw.BLANKS
    if len(value) > 1 and value[0] + value[-1] in _QUOTES:
        return Flaw.QUOTES
    return Flaw.LINE_BREAK if "\n" in value or "\r" in value else None

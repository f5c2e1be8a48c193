"""Where the numbers end and the text begins. Pure; the text is kept as it was typed."""

import re
from dataclasses import dataclass, field

from kwtsms_client import InvalidInput, Phone, parse_phone

# Digits of both Arabic scripts, punctuation of phone numbers, and the invisible direction marks
# that come along when a number is copied from a chat or a contact.
_GROUP = re.compile(r"[0-9٠-٩۰-۹+().\-/\u200e\u200f\u202a-\u202e\u2066-\u2069]+(?=[\s,;،]|$)")
_COMMA = re.compile(r"\s*[,;،]\s*")
_BLANK = re.compile(r"\s+")
_DIGIT = re.compile(r"[0-9٠-٩۰-۹]")
_COUNTRY_DIGITS = 5  # 00965: a longer first group is a whole number, not the beginning of one.
_GROUP_DIGITS = 3  # A shorter later group is more likely text: "+965 9876 5432 5 disks failed".


@dataclass(frozen=True, slots=True)
class Addressed:
    """A typed line, taken apart."""

    recipients: tuple[Phone, ...] = field(repr=False)
    mistakes: tuple[str, ...] = field(repr=False)  # A sentence for each that is no number.
    text: str = field(repr=False)


def read(line: str, *, default_country: str) -> Addressed:
    """Takes `NUMBER[, NUMBER…] TEXT` apart; a number may be written in groups.

    A line that does not begin with a number has its first word among the mistakes.
    """
    found: dict[Phone, None] = {}
    mistakes: list[str] = []
    rest = line.strip()
    while rest:
        typed, rest = _next_number(rest, default_country)
        try:
            found[parse_phone(typed, default_country=default_country)] = None
        except InvalidInput as error:
            mistakes.append(str(error))
        comma = _COMMA.match(rest)
        if not comma:
            break
        rest = rest[comma.end() :]
        if not _GROUP.match(rest):
            break
    return Addressed(tuple(found), tuple(mistakes), rest.strip())


def _next_number(line: str, default_country: str) -> tuple[str, str]:
    """The number that `line` begins with, as typed, and what follows it."""
    first = _GROUP.match(line)
    if not first:
        word = re.match(r"[^\s,;،]*", line)
        end = word.end() if word else 0
        return line[:end], line[end:]
    end = first.end()
    if _digits(first[0]) <= _COUNTRY_DIGITS:
        end = _grouped(line, end, default_country)
    return line[:end], line[end:]


def _grouped(line: str, end: int, default_country: str) -> int:
    """Where a number in groups ends: at the first group that makes it complete."""
    first = end
    while blank := _BLANK.match(line, end):
        group = _GROUP.match(line, blank.end())
        if not group or _digits(group[0]) < _GROUP_DIGITS:
            break
        end = group.end()
        if _is_phone(line[:end], default_country):
            return end
    return first


def _digits(text: str) -> int:
    return len(_DIGIT.findall(text))


def _is_phone(text: str, default_country: str) -> bool:
    try:
        parse_phone(text, default_country=default_country)
    except InvalidInput:
        return False
    return True

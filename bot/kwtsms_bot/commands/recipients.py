"""Where the numbers end and the text begins. Pure; the text is kept as it was typed."""

import re
from dataclasses import dataclass, field

from kwtsms_client import Phone, PhoneCheck, validate_phone_input

# Digits of both Arabic scripts, punctuation of phone numbers, and the invisible direction marks
# that come along when a number is copied from a chat or a contact.
_GROUP = re.compile(r"[0-9٠-٩۰-۹+().\-/\u200e\u200f\u202a-\u202e\u2066-\u2069]+(?=[\s,;،]|$)")
_COMMA = re.compile(r"\s*[,;،]\s*")
_COMMA_OR_BLANK = re.compile(r"[\s,;،]")
_BLANK = re.compile(r"\s+")
_DIGIT = re.compile(r"[0-9٠-٩۰-۹]")
_COUNTRY_DIGITS = 5  # 00965: a longer first group is a whole number, not the beginning of one.
EXAMPLE = "Write it with the country code, such as +965 9876 5432."
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
        end = _number_end(rest, default_country)
        typed = rest[:end] if end else _word(rest)
        rest = rest[len(typed) :]
        check = _check(typed, default_country) if end else _no_number(typed)
        if check.valid:
            found[Phone(check.normalized)] = None
        else:
            mistakes.append(f"{check.error} {EXAMPLE}")
        comma = _COMMA.match(rest)
        if not comma:
            break
        rest = rest[comma.end() :]
        if not _GROUP.match(rest):
            break
    return Addressed(tuple(found), tuple(mistakes), rest.strip())


def _number_end(line: str, default_country: str) -> int:
    """How far the number reaches that `line` begins with; 0 where it begins with something else."""
    first = _GROUP.match(line)
    if not first:
        return 0
    if _digits(first[0]) <= _COUNTRY_DIGITS:
        return _grouped(line, first.end(), default_country)
    return first.end()


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
    return _check(text, default_country).valid


def _check(text: str, default_country: str) -> PhoneCheck:
    return validate_phone_input(text, default_country=default_country)


def _no_number(typed: str) -> PhoneCheck:
    return PhoneCheck(False, f"“{typed[:60]}” is not a phone number.", "")


def _word(line: str) -> str:
    return _COMMA_OR_BLANK.split(line, maxsplit=1)[0]

"""Splits groups of digits into numbers; the last groups may belong to the text. Pure.

People write numbers in groups, as is usual in their country: +971 50 123 4567, 9876 5432.
"""

import re
from collections.abc import Iterator
from functools import cached_property

from kwtsms_client import find_country_code, validate_phone_input
from kwtsms_client.countries import COUNTRIES

# Invisible characters that are copied along with a number from a chat or a contact.
INVISIBLE = "\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\u061c\ufeff"
OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")  # They show digits in another order.
SURROUNDING = f"\"'“”„‘’«»*_~`{INVISIBLE}"  # Characters that people put around a number.
DIGIT = "0-9٠-٩۰-۹"
_DASHES = "‐-―"
_END = r"(?=[\s,;،؛&/|:…]|$)"
# A group has a digit; the first may be a lone plus. A colon after the last is not part of the text.
GROUP = re.compile(
    rf"[+(.\-{_DASHES}{INVISIBLE}]*[{DIGIT}][{DIGIT}+().\-{_DASHES}{SURROUNDING}]*(?::(?=\s|$))?{_END}"
    rf"|\+(?=\s*[{DIGIT}])"
)
_PLUS = re.compile(rf"[({INVISIBLE}]*\+")
_INTERNATIONAL_PREFIX = re.compile(rf"[({INVISIBLE}]*(?:\+|00|[٠۰]{{2}})")
_BLANK = re.compile(r"[ \t\u00a0\u202f]+")
_MIN_NUMBER_DIGITS = 6  # A group of so many digits is a number by itself, valid or not.
# A last group of no more digits may belong to the text: "+965 9876 543 2 disks".
_SHORT_GROUP_DIGITS = 2
_MAX_DIGITS = 17  # 00, and the 15 that E.164 allows.


def has_country_code(typed: str) -> bool:
    """Whether a number is written with its country code, after + or 00."""
    return bool(_INTERNATIONAL_PREFIX.match(typed))


class DigitGroups:
    """Groups of digits that a line begins with, up to a + that begins another number."""

    def __init__(self, line: str, country: str) -> None:
        self._line, self._country = line, country
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._digits: list[int] = []
        at = 0
        while group := GROUP.match(line, at):
            if self._ends and _PLUS.match(group[0]):
                break
            self._starts.append(group.start())
            self._ends.append(group.end())
            self._digits.append(sum(char.isdecimal() for char in group[0]))
            blank = _BLANK.match(line, group.end())
            at = blank.end() if blank else group.end()

    @property
    def end(self) -> int:
        """The end of the last group; 0 if there is none."""
        return self._ends[-1] if self._ends else 0

    @cached_property
    def number_ends(self) -> list[int]:
        """The positions at which the line's first number can end, the likeliest first."""
        found = [self._ends[last] for last in self._possible_ends(0) if self._is_number(0, last)]
        international = has_country_code(self._line) or self._starts_with_country_code
        return found[::-1] if international else found

    def may_end_sooner(self, end: int) -> bool:
        """Whether the last group of the number that ends at `end` may belong to the text."""
        last = self._ends.index(end)
        return last > 0 and self._digits[last] <= _SHORT_GROUP_DIGITS

    @property
    def single_groups(self) -> list[str]:
        """The groups one by one, if each is long enough to be a number, valid or not."""
        if min(self._digits) < _MIN_NUMBER_DIGITS:
            return []
        return [self._line[s:e] for s, e in zip(self._starts, self._ends, strict=True)]

    def readings(self) -> list[list[str]]:
        """Up to two ways to read all groups as numbers; two mean that the line is ambiguous."""
        found: dict[int, list[list[str]]] = {len(self._ends): [[]]}
        for first in reversed(range(len(self._ends))):
            found_here = []
            for last in self._possible_ends(first):
                if found[last + 1] and self._is_number(first, last):
                    part = self._line[self._starts[first] : self._ends[last]]
                    found_here += [[part, *rest] for rest in found[last + 1]]
            found[first] = found_here[:2]
        return found[0]

    @property
    def _starts_with_country_code(self) -> bool:
        return bool(self._ends) and self._line[: self._ends[0]].strip("()") in COUNTRIES

    def _possible_ends(self, first: int) -> Iterator[int]:
        """Yields the groups at which a number that begins at the group `first` may end."""
        digits = 0
        for last in range(first, len(self._ends)):
            digits += self._digits[last]
            if digits > _MAX_DIGITS and last > first:
                return
            yield last

    def _is_number(self, first: int, last: int) -> bool:
        """Whether these groups are a valid number; several groups need a known country too."""
        typed = self._line[self._starts[first] : self._ends[last]]
        check = validate_phone_input(typed, default_country=self._country)
        if first == last or not check.valid:
            return check.valid
        standalone = self._digits[first] >= _MIN_NUMBER_DIGITS
        return not standalone and find_country_code(check.normalized) is not None

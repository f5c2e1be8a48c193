"""Finds a number's country, and whether it can be a mobile there. Pure."""

import re

from kwtsms_client.countries import COUNTRIES, Country
from kwtsms_client.errors import ConfigurationError

HOME = COUNTRIES["965"]  # kwtSMS and most of its recipients are in Kuwait.
NORTH_AMERICA = COUNTRIES["1"]
MIN_DIGITS, MAX_DIGITS = 7, 15  # E.164 has at most 15.
# Without + or 00, so few digits are a local number: only a few islands have as few with their code.
MAX_LOCAL_DIGITS = 8
PREFIX_DIGITS = 6  # A country code, and the three digits that the table has at most.
MAX_PREFIXES = 20_000  # Limits the memory for the beginnings of numbers.
# A date and a time have the digits of a number in "2010-12-25 1200" and "20-12-2026 1030".
_DATE_BEGINNING = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])|[0-3]?\d[0-3]?\d(?:19|20)")


def country_of(number: str) -> Country | None:
    """The country whose code a number in international form begins with."""
    return COUNTRIES.get(number[:3]) or COUNTRIES.get(number[:2]) or COUNTRIES.get(number[:1])


def country_by_code(code: object) -> Country:
    """The country of a default country code, written as 965, +965 or 00965.

    Raises:
        ConfigurationError: no such country is known; unnoticed, it would complete no number.
    """
    known = COUNTRIES.get(code) if isinstance(code, str) else None
    country = known or COUNTRIES.get(str(code).strip().removeprefix("+").lstrip("0"))
    if country is None:
        raise ConfigurationError(
            f"default_country: {str(code)[:20]!r} is not the code of a country known here. "
            "Write it in digits, such as 965."
        )
    return country


def is_local(digits: str, country: Country) -> bool:
    """Whether these digits are exactly a mobile number within a country."""
    if not digits.startswith(country.mobiles.get(len(digits), ())):
        return False
    return country is not NORTH_AMERICA or digits[3] not in "01"  # The exchange, as the area code.


def is_sendable(number: str) -> bool:
    """Whether a number in international form can be a mobile."""
    country = country_of(number)
    return country is not None and is_local(number[len(country.code) :], country)


def find_mobile(digits: str, default: Country | None, *, local: bool) -> str | None:
    """The mobile number that digits are, in international form; None if they are none.

    Digits without + or 00 (`local`) are a number of the default country, or else one abroad, unless
    a zero or their count shows that they are a local one.
    """
    if local:
        completed = complete(digits, default) if default else None
        if completed or digits.startswith("0") or len(digits) <= MAX_LOCAL_DIGITS:
            return completed
    number = digits.lstrip("0")
    if len(number) in LENGTHS_BY_PREFIX[number[:PREFIX_DIGITS]]:
        return number
    number = strip_trunk_zero(number)
    few = local and len(number) <= MAX_LOCAL_DIGITS
    return number if is_sendable(number) and not few else None


def complete(digits: str, country: Country) -> str | None:
    """The international form of digits without + or 00; None if they are not a local mobile.

    In many countries local numbers are written with a 0 in front: 0501234567 is 966501234567. Some
    people write one before the country code, too: 096598765432 is 96598765432.
    """
    if is_local(digits, country):
        return country.code + digits
    if not digits.startswith("0"):
        return None
    for prefix in ("0", "0" + country.code):
        local = digits.removeprefix(prefix)
        if is_local(local, country):
            return country.code + local
    return None


def to_international(digits: str, default: Country | None, *, local: bool) -> str:
    """The digits in international form, whether they are a mobile number or not."""
    number = digits.lstrip("0")
    if local and default and number:
        number = complete(digits, default) or _assume_country(digits, default)
    return strip_trunk_zero(number) if "0" in number[1:4] else number


def _assume_country(digits: str, country: Country) -> str:
    """Adds the country code to digits without + or 00 that are no mobile and can only be local.

    The reason for their refusal then speaks of the right country.
    """
    local = digits if country.keeps_zero else digits.removeprefix("0")
    if len(local) > max(country.mobiles):
        return digits.lstrip("0")
    return find_mobile(digits, None, local=True) or country.code + local


def strip_trunk_zero(number: str) -> str:
    """The number without the zeros behind its country code, unless they can be part of it."""
    country = country_of(number)
    local = number[len(country.code) :] if country else ""
    if country is None or not local.startswith("0") or country.keeps_zero:
        return number
    return country.code + (local.lstrip("0") or local)


class _LengthsByPrefix(dict[str, frozenset[int]]):
    """Lengths at which digits with this beginning are a mobile number, even without + or 00.

    A beginning that a date can have has none: its numbers need a closer look.
    """

    def __missing__(self, beginning: str) -> frozenset[int]:
        lengths = range(MAX_LOCAL_DIGITS + 1, MAX_DIGITS + 1)
        if len(beginning) < PREFIX_DIGITS or _DATE_BEGINNING.match(beginning):
            lengths = range(0)
        found = frozenset(n for n in lengths if is_sendable(beginning.ljust(n, "0")))
        if len(self) >= MAX_PREFIXES:
            self.clear()
        self[beginning] = _EQUAL.setdefault(found, found)
        return found


_EQUAL: dict[frozenset[int], frozenset[int]] = {}  # Few of the sets differ; each is kept once.
LENGTHS_BY_PREFIX = _LengthsByPrefix()

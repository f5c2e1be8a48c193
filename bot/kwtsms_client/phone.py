"""Phone numbers: from what people write to what the gateway takes. Performs no I/O."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NewType

from kwtsms_client.countries import COUNTRIES
from kwtsms_client.errors import InvalidInput

Phone = NewType("Phone", str)  # Digits in international form, as the gateway takes them.

MIN_DIGITS, MAX_DIGITS = 7, 15  # E.164 has at most 15.
_NOT_DIGIT = re.compile(r"[^0-9]+")
_SEPARATORS = re.compile(r"[,;،\n]+")
EXAMPLE = "Write it with the country code, such as +965 9876 5432."


@dataclass(frozen=True, slots=True)
class PhoneCheck:
    """Whether a text is a phone number, why not, and its digits in international form."""

    valid: bool
    error: str | None
    normalized: str


def normalize_phone(text: str, *, default_country: str | None = None) -> str:
    """The digits in international form: no +, no 00, no blanks, no trunk zero.

    Digits of any script become ASCII. `default_country` completes a number that is written without
    + or 00 and is exactly a local mobile number there. Nothing is judged here.
    """
    text = str(text)
    digits = _NOT_DIGIT.sub("", text if text.isascii() else _ascii_digits(text))
    number = digits.lstrip("0")
    if (
        default_country
        and digits == number
        and "+" not in text
        and _is_local(digits, default_country)
    ):
        return default_country + digits
    return _without_trunk_zero(number)


def validate_phone_input(text: object, *, default_country: str | None = None) -> PhoneCheck:
    """Whether `text` is a mobile number that can be sent to; it never raises."""
    raw = str(text).strip() if text is not None else ""
    if not raw:
        return PhoneCheck(False, "A phone number is required.", "")
    if "@" in raw:
        return PhoneCheck(False, f"'{raw[:60]}' is an email address, not a phone number.", "")
    number = normalize_phone(raw, default_country=default_country)
    error = _error(raw[:60], number)
    return PhoneCheck(error is None, error, number)


def parse_phone(text: object, *, default_country: str | None = None) -> Phone:
    """The number, fit to be sent to.

    Raises:
        InvalidInput: it is none; the text says why.
    """
    check = validate_phone_input(text, default_country=default_country)
    if not check.valid:
        raise InvalidInput(f"{check.error} {EXAMPLE}")
    return Phone(check.normalized)


def find_country_code(number: str) -> str | None:
    """The country code that a number in international form begins with."""
    for length in (3, 2, 1):
        if number[:length] in COUNTRIES:
            return number[:length]
    return None


def split_recipients(recipients: object) -> list[str]:
    """The numbers in a text (separated by commas), an int, or any iterable of those."""
    if isinstance(recipients, str):
        return [part.strip() for part in _SEPARATORS.split(recipients) if part.strip()]
    if isinstance(recipients, Iterable) and not isinstance(recipients, bytes):
        return [part for one in recipients for part in split_recipients(one)]
    return [] if recipients is None else [str(recipients)]


def mask(number: str) -> str:
    """A number for logs and cards: country code, and the last three digits."""
    code = find_country_code(number) or number[:2]
    hidden = max(0, len(number) - len(code) - 3)
    return f"{code}{'•' * hidden}{number[len(code) + hidden :]}"


def _ascii_digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(char, "")) for char in text)


def _is_local(digits: str, code: str) -> bool:
    country = COUNTRIES.get(code)
    if country is None or len(digits) not in country.lengths:
        return False
    return not country.first or digits.startswith(country.first)


def _without_trunk_zero(number: str) -> str:
    code = find_country_code(number)
    if code is None or COUNTRIES[code].keeps_zero:
        return number
    local = number[len(code) :]
    return code + (local.lstrip("0") or local)


def _error(raw: str, number: str) -> str | None:
    if not number:
        return f"'{raw}' is not a phone number: no digits found."
    if len(number) < MIN_DIGITS:
        return f"'{raw}' is too short: {len(number)} digits, at least {MIN_DIGITS} are needed."
    if len(number) > MAX_DIGITS:
        return f"'{raw}' is too long: {len(number)} digits, at most {MAX_DIGITS} are allowed."
    code = find_country_code(number)
    if code is None or _is_local(number[len(code) :], code):
        return None
    country = COUNTRIES[code]
    lengths = " or ".join(map(str, country.lengths))
    if len(number) - len(code) not in country.lengths:
        return (
            f"'{raw}' is not a number in {country.name}: expected {lengths} digits after +{code}."
        )
    first = ", ".join(country.first)
    return f"'{raw}' is not a mobile in {country.name}: after {code} it must start with {first}."

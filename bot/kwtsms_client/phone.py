"""Turns phone numbers as people write them into what the gateway takes. Performs no I/O.

Numbers come one by one or in batches. A batch is handled as one long text, a line for each number,
so that loops over characters run in C; a test holds that both ways give the same results.
"""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import partial
from itertools import repeat
from operator import contains, itemgetter
from typing import Any, NamedTuple, NewType, overload

from kwtsms_client.countries import Country
from kwtsms_client.error_codes import BAD_PHONE
from kwtsms_client.errors import InvalidInput
from kwtsms_client.number_errors import explain_invalid
from kwtsms_client.number_shape import PlainCharacters, find_defect, is_decimal, other_kind
from kwtsms_client.numbering_plan import (
    LENGTHS_BY_PREFIX,
    MAX_DIGITS,
    MIN_DIGITS,
    PREFIX_DIGITS,
    country_by_code,
    country_of,
    find_mobile,
    is_sendable,
    strip_trunk_zero,
    to_international,
)
from kwtsms_client.recipients import BYTES, MAX_SHOWN, as_text

Phone = NewType("Phone", str)  # Digits in international form, as the gateway takes them.

DECIMAL = "A spreadsheet wrote it as a decimal: format its column as text."
EXAMPLE = "Write it with the country code, such as +965 9876 5432."

# In UTF-8 the second byte of an Arabic digit, of either script, tells which digit it is.
_ARABIC = re.compile(rb"(?:\xd9[\xa0-\xa9]|\xdb[\xb0-\xb9])*")
_FIRST, _SECOND = b"\xd9\xdb", bytes((*range(0xA0, 0xAA), *range(0xB0, 0xBA)))
_AS_ASCII = bytes.maketrans(_SECOND, b"0123456789" * 2)
_ASCII = bytes(range(128))
_OTHERS = bytes(set(_ASCII) - set(b"0123456789"))
_OTHERS_IN_LINES = bytes(set(range(256)) - set(b"\n0123456789" + _SECOND))
_USUAL = b" +-()"  # Removing only these takes half as long as removing all others.
_USUAL_IN_LINES = b"\n0123456789" + _USUAL + _FIRST + _SECOND
_ONLY_IN_NUMBERS = b" +()"  # A date has other separators.
# A line with a zero early on may have a trunk zero behind its country code.
_EARLY_ZERO = re.compile(r"\n[1-9][0-9]{0,2}0[0-9]*")
_PLAIN = PlainCharacters()

_beginning = itemgetter(slice(PREFIX_DIGITS))


class PhoneCheck(NamedTuple):
    """Whether a text is a phone number, why not, and its digits in international form."""

    valid: bool
    error: str | None
    normalized: str


_new_check = partial(tuple.__new__, PhoneCheck)  # Half the time of PhoneCheck(…).


@overload
def normalize_phone(  # type: ignore[overload-overlap]  # A str is an iterable of str, too.
    text: str, *, default_country: str | None = None
) -> str: ...
@overload
def normalize_phone(text: Iterable[str], *, default_country: str | None = None) -> list[str]: ...
def normalize_phone(
    text: str | Iterable[str], *, default_country: str | None = None
) -> str | list[str]:
    """The digits in international form: no +, no 00, no blanks, no trunk zero.

    Digits of any script become ASCII. `default_country` completes a number that is written without
    + or 00 and is a local one there: a mobile, or so short that it is no number abroad. Nothing is
    validated. Several numbers give a list in the same order. Do not pass the result in again with
    a default country: it could be taken for a local number.

    Raises:
        ConfigurationError: `default_country` is no country code that is known here.
    """
    if isinstance(text, str):
        if default_country:
            return _normalize(text, country_by_code(default_country))
        # As in `_normalize`, without the call and without needless replacements.
        plain = text if text.isascii() else text.translate(_PLAIN)
        if not plain.isdigit():
            plain = plain.encode().translate(None, _OTHERS).decode()
        number = plain.lstrip("0")
        return strip_trunk_zero(number) if "0" in number[1:4] else number
    country = country_by_code(default_country) if default_country else None
    if isinstance(text, Iterable) and not isinstance(text, BYTES):
        return _normalize_all(*_join_lines(list(text)), country)
    return _normalize(as_text(text) or "", country)


@overload
def validate_phone_input(  # type: ignore[overload-overlap]  # A str is an iterable, too.
    text: str | bytes | float | Decimal | None, *, default_country: str | None = None
) -> PhoneCheck: ...
@overload
def validate_phone_input(
    text: Iterable[object], *, default_country: str | None = None
) -> list[PhoneCheck]: ...
@overload
def validate_phone_input(
    text: object, *, default_country: str | None = None
) -> PhoneCheck | list[PhoneCheck]: ...
def validate_phone_input(
    text: object, *, default_country: str | None = None
) -> PhoneCheck | list[PhoneCheck]:
    """Checks whether `text` is a mobile number that can be sent to; no value of it raises.

    Several numbers, in any iterable, give a list of checks in the same order.

    Raises:
        ConfigurationError: `default_country` is no country code that is known here.
    """
    if isinstance(text, str):
        if not default_country:  # As below, without the calls: enough for most numbers.
            plain = text if text.isascii() else text.translate(_PLAIN)
            digits = plain.encode().translate(None, _USUAL)
            number = digits.decode().removeprefix("00")
            if digits.isdigit() and len(number) in LENGTHS_BY_PREFIX[number[:PREFIX_DIGITS]]:
                return _new_check((True, None, number))
        return check_phone(text, default_country)
    if isinstance(text, Iterable) and not isinstance(text, BYTES):
        return _check_all(list(text), default_country)
    return check_phone(text, default_country)


def check_phone(value: object, default_country: str | None) -> PhoneCheck:
    """Checks whether one value of any type is a number that can be sent to."""
    return _check(value, country_by_code(default_country) if default_country else None)


def parse_phone(text: object, *, default_country: str | None = None) -> Phone:
    """Returns the number in international form, valid to send to.

    Raises:
        InvalidInput: `text` is no valid number; the error says why.
        ConfigurationError: `default_country` is no country code that is known here.
    """
    check = check_phone(text, default_country)
    if not check.valid:
        raise InvalidInput(f"{check.error} {EXAMPLE}", user_message=BAD_PHONE)
    return Phone(check.normalized)


def find_country_code(number: str) -> str | None:
    """The country code that a number in international form begins with."""
    country = country_of(number)
    return country.code if country else None


def mask(number: str) -> str:
    """The masked number for logs and cards: country code, and the last three digits."""
    code = find_country_code(number) or number[:2]
    hidden = max(0, len(number) - len(code) - 3)
    return f"{code}{'•' * hidden}{number[len(code) + hidden :]}"


def _check(value: object, default: Country | None) -> PhoneCheck:
    raw = value if isinstance(value, str) else as_text(value)
    if raw is None:
        expected = f"a whole number of at most {MAX_DIGITS} digits"
        error = f"A phone number is text, or {expected}; this is {type(value).__name__}."
        return PhoneCheck(False, error, "")
    plain = raw if raw.isascii() else raw.translate(_PLAIN)
    found = plain.encode().translate(None, _ONLY_IN_NUMBERS)
    digits = found.translate(None, _OTHERS).decode()
    refusal = None if found.isdigit() else _explain_shape(raw, plain, digits)
    local = not digits.startswith("00") and "+" not in plain
    number = None if refusal else find_mobile(digits, default, local=local)
    if number:
        return _new_check((True, None, number))
    return refusal or _explain(raw, digits, default, local=local)


def _normalize(text: str, default: Country | None) -> str:
    plain = text if text.isascii() else text.translate(_PLAIN)
    digits = plain.encode().translate(None, _OTHERS).decode()
    local = not digits.startswith("00") and "+" not in plain
    return to_international(digits, default, local=local)


def _join_lines(texts: Sequence[Any]) -> tuple[Sequence[str], str]:
    """Returns the values as texts, and as one text with a line for each."""
    try:
        return texts, "\n".join(texts)
    except TypeError:  # Nearly always they are texts: checking each would cost more.
        written = [as_text(one) or "" for one in texts]
        return written, "\n".join(written)


def _normalize_all(texts: Sequence[str], joined: str, default: Country | None) -> list[str]:
    """Normalises many numbers at once; one by one with a default country or line breaks."""
    if default or joined.count("\n") != len(texts) - 1:
        return [_normalize(one, default) for one in texts]
    lines = _encode_lines(texts, joined).translate(_AS_ASCII, _OTHERS_IN_LINES).decode()
    lines = lines.replace("\n00", "\n")
    while "\n0" in lines:
        lines = lines.replace("\n0", "\n")
    lines = _EARLY_ZERO.sub(lambda line: "\n" + strip_trunk_zero(line[0][1:]), lines)
    return lines[1:].split("\n")


def _check_all(texts: list[object], default_country: str | None) -> list[PhoneCheck]:
    """Checks many numbers at once; one by one with a default country or line breaks."""
    raw, joined = _join_lines(texts)
    if default_country or joined.count("\n") != len(texts) - 1:
        default = country_by_code(default_country) if default_country else None
        return [_check(one, default) for one in texts]
    data = _encode_lines(raw, joined)
    lines = data.translate(_AS_ASCII, _USUAL + _FIRST).decode()
    numbers = lines.replace("\n00", "\n")[1:].split("\n")
    checks = list(map(tuple.__new__, repeat(PhoneCheck), zip(repeat(True), repeat(None), numbers)))
    lengths = map(LENGTHS_BY_PREFIX.__getitem__, map(_beginning, numbers))
    usual = not data.translate(None, _USUAL_IN_LINES)
    if usual and all(map(contains, lengths, map(len, numbers))):
        return checks
    for at, number in enumerate(numbers):
        known = len(number) in LENGTHS_BY_PREFIX[number[:PREFIX_DIGITS]]
        if not (known and (usual or number.isdigit())):
            checks[at] = _check(texts[at], None)
    return checks


def _encode_lines(texts: Sequence[str], joined: str) -> bytes:
    """The texts as lines, each with a line break in front; beside ASCII only Arabic digits."""
    data = joined.encode(errors="surrogatepass")
    if not (joined.isascii() or _ARABIC.fullmatch(data.translate(None, _ASCII))):
        plain = [one if one.isascii() else one.translate(_PLAIN) for one in texts]
        data = "\n".join(plain).encode()
    return b"\n" + data


def _explain_shape(raw: str, plain: str, digits: str) -> PhoneCheck | None:
    """The refusal of a text that is no phone number by its form, or has more in it than one."""
    shown = raw.strip()[:MAX_SHOWN]
    kind = other_kind(plain)
    if kind:
        return PhoneCheck(False, f"'{shown}' is {kind}, not a phone number.", "")
    if is_decimal(plain):
        check = _explain(raw, digits, None, local=False)
        why = f"'{shown}' is no number." if is_sendable(check.normalized) else check.error
        return check._replace(error=f"{why} {DECIMAL}")
    wrong = find_defect(plain) if len(digits) >= MIN_DIGITS else None
    return PhoneCheck(False, f"'{shown}' {wrong}.", "") if wrong else None


def _explain(raw: str, digits: str, default: Country | None, *, local: bool) -> PhoneCheck:
    """The refusal of digits that are no mobile number."""
    shown = raw.strip()[:MAX_SHOWN]
    number = to_international(digits, default, local=local)
    error = explain_invalid(shown, digits, default, local=local)
    return PhoneCheck(False, error, number)

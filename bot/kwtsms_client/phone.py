"""Phone numbers: from what people write to what the gateway takes. Performs no I/O.

Numbers come one by one or in batches. A batch is handled as one long text, a line for each number,
so that Python's loops over characters are C's; a test holds that both ways answer alike.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import repeat
from operator import contains, itemgetter
from typing import Any, NamedTuple, NewType, overload

from kwtsms_client.errors import InvalidInput
from kwtsms_client.numbering import (
    HOME,
    LENGTHS,
    MAX_DIGITS,
    MIN_DIGITS,
    SHAPE,
    completed,
    country_of,
    is_local,
)

Phone = NewType("Phone", str)  # Digits in international form, as the gateway takes them.

_SEPARATORS = re.compile(r"[,;،\n]+")
EXAMPLE = "Write it with the country code, such as +965 9876 5432."

# In UTF-8 the second byte of an Arabic digit, of either script, tells which digit it is.
_ARABIC = re.compile(rb"(?:\xd9[\xa0-\xa9]|\xdb[\xb0-\xb9])*")
_SECOND = bytes((*range(0xA0, 0xAA), *range(0xB0, 0xBA)))
_AS_ASCII = bytes.maketrans(_SECOND, b"0123456789" * 2)
_ASCII = bytes(range(128))
_OTHERS = bytes(set(range(256)) - set(b"0123456789" + _SECOND))
_OTHERS_IN_LINE = _OTHERS.replace(b"\n", b"")
# A line with a zero early on may have a trunk zero behind its country code.
_EARLY_ZERO = re.compile(r"\n[1-9][0-9]{0,2}0[0-9]*")


_LISTS = (list, tuple)
_beginning = itemgetter(slice(SHAPE))


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
    judged here. Of several numbers, a list in the same order.
    """
    if isinstance(text, str):
        return _normalized(text, default_country)
    if isinstance(text, Iterable) and not isinstance(text, bytes):
        return _all_normalized(*_in_lines(list(text)), default_country)
    return _normalized(str(text), default_country)


@overload
def validate_phone_input(text: str, *, default_country: str | None = None) -> PhoneCheck: ...
@overload
def validate_phone_input(  # type: ignore[overload-overlap]  # A list is an object, too.
    text: list[str] | tuple[str, ...], *, default_country: str | None = None
) -> list[PhoneCheck]: ...
@overload
def validate_phone_input(text: object, *, default_country: str | None = None) -> PhoneCheck: ...
def validate_phone_input(
    text: object, *, default_country: str | None = None
) -> PhoneCheck | list[PhoneCheck]:
    """Whether `text` is a mobile number that can be sent to; it never raises.

    Of a list or tuple, a list of checks in the same order.
    """
    if isinstance(text, str):
        number = _normalized(text, default_country)
        if len(number) in LENGTHS[number[:SHAPE]] and "@" not in text:
            return _new_check((True, None, number))
    if isinstance(text, _LISTS):
        return _all_checked(text, default_country)
    return _checked(str(text).strip() if text is not None else "", default_country)


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
    country = country_of(number)
    return country.code if country else None


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


def _checked(raw: str, default_country: str | None) -> PhoneCheck:
    number = _normalized(raw, default_country)
    if len(number) in LENGTHS[number[:SHAPE]] and "@" not in raw:
        return PhoneCheck(True, None, number)
    return PhoneCheck(False, *_refused(raw, number))


def _normalized(text: str, default_country: str | None) -> str:
    plain = text if text.isascii() else text.translate(_DIGITS)
    digits = plain.encode().translate(None, _OTHERS).decode()
    number = digits.lstrip("0")
    if default_country and digits and number == digits and "+" not in text:
        number = completed(digits, default_country)
    return _without_trunk_zero(number) if "0" in number[1:4] else number


def _in_lines(texts: Sequence[Any]) -> tuple[Sequence[str], str]:
    """All of them as texts, and one below the other."""
    try:
        return texts, "\n".join(texts)
    except TypeError:  # They are texts, nearly always: to look at each would cost more.
        written = [str(one) for one in texts]
        return written, "\n".join(written)


def _all_normalized(texts: Sequence[str], joined: str, default_country: str | None) -> list[str]:
    """The same for many; where one of them has line breaks, one by one."""
    if default_country or joined.count("\n") != len(texts) - 1:
        return [_normalized(one, default_country) for one in texts]
    data = joined.encode(errors="surrogatepass")
    if not (joined.isascii() or _ARABIC.fullmatch(data.translate(None, _ASCII))):
        plain = [one if one.isascii() else one.translate(_DIGITS) for one in texts]
        data = "\n".join(plain).encode()
    lines = "\n" + data.translate(_AS_ASCII, _OTHERS_IN_LINE).decode()
    lines = lines.replace("\n00", "\n")
    while "\n0" in lines:
        lines = lines.replace("\n0", "\n")
    lines = _EARLY_ZERO.sub(lambda line: "\n" + _without_trunk_zero(line[0][1:]), lines)
    return lines[1:].split("\n")


def _all_checked(
    texts: list[object] | tuple[object, ...], default_country: str | None
) -> list[PhoneCheck]:
    raw, joined = _in_lines(texts)
    numbers = _all_normalized(raw, joined, default_country)
    checks = list(map(tuple.__new__, repeat(PhoneCheck), zip(repeat(True), repeat(None), numbers)))
    lengths = map(LENGTHS.__getitem__, map(_beginning, numbers))
    if all(map(contains, lengths, map(len, numbers))) and "@" not in joined:
        return checks
    for at, number in enumerate(numbers):
        if len(number) not in LENGTHS[number[:SHAPE]] or "@" in raw[at]:
            checks[at] = validate_phone_input(texts[at], default_country=default_country)
    return checks


class _Digits(dict[int, str | int]):
    """Digits of every script as ASCII, for `str.translate`; other characters become blanks."""

    def __missing__(self, code: int) -> str | int:
        char = chr(code)
        found = char if code < 128 else str(unicodedata.decimal(char, " "))
        if code < 0x10000:  # What is remembered has its bounds.
            self[code] = found
        return found


_DIGITS = _Digits()


def _without_trunk_zero(number: str) -> str:
    country = country_of(number)
    if country is None or country.keeps_zero:
        return number
    local = number[len(country.code) :]
    return country.code + (local.lstrip("0") or local)


def _refused(raw: str, number: str) -> tuple[str, str]:
    """Why a text is no number, and what is left of it."""
    if not raw:
        return "A phone number is required.", ""
    if "@" in raw:
        return f"'{raw[:60]}' is an email address, not a phone number.", ""
    return _error(raw[:60], number), number


def _error(raw: str, number: str) -> str:
    if not number:
        return f"'{raw}' is not a phone number: no digits found."
    if len(number) < MIN_DIGITS:
        return f"'{raw}' is too short: {len(number)} digits, at least {MIN_DIGITS} are needed."
    country = country_of(number)
    if len(number) > MAX_DIGITS or country is None:
        return f"'{raw}' is too long: {len(number)} digits, at most {MAX_DIGITS} are allowed."
    if len(number) - len(country.code) not in country.lengths:
        lengths = " or ".join(map(str, country.lengths))
        where = f"'{raw}' is not a number in {country.name}"
        home = f" If it is in Kuwait, it is {HOME}{number}." if is_local(number, HOME) else ""
        return f"{where}: expected {lengths} digits after +{country.code}.{home}"
    first = ", ".join(country.first) or "1 to 9"
    where = f"'{raw}' is not a mobile in {country.name}"
    return f"{where}: after {country.code} it must start with {first}."

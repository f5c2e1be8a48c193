"""Reads recipients as callers pass them: texts, whole numbers, and iterables of them. Pure."""

import re
from collections.abc import Iterable
from contextlib import suppress
from decimal import Decimal
from typing import Any, SupportsIndex, overload

from kwtsms_client.errors import InvalidInput

BYTES = (bytes, bytearray, memoryview)  # Iterables of ints, which are no numbers to send to.
MAX_SHOWN = 60
_SEPARATORS = re.compile(r"[,;،؛\n]+")


@overload
def split_recipients(recipients: str | Iterable[str]) -> list[str]: ...
@overload
def split_recipients(recipients: object) -> list[object]: ...
def split_recipients(recipients: object) -> list[Any]:
    """The numbers in a text (separated by commas), an int, or any iterable of those.

    Empty entries of an iterable and values that cannot be numbers are kept: both are mistakes.

    Raises:
        InvalidInput: the iterables are nested too deeply, or without an end.
    """
    try:
        return _split(recipients)
    except RecursionError:
        raise InvalidInput("The list of numbers contains itself, or too many lists.") from None


def as_text(value: object) -> str | None:
    """Returns a number as text; None if it is neither text nor a whole number from 0 on.

    Other values are not converted: digits in their `str` could be another person's number.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    with suppress(ValueError, OverflowError):  # No number, infinite, or thousands of digits.
        if isinstance(value, SupportsIndex):
            return _digits(value.__index__())
        if isinstance(value, (float, Decimal)) and float(value).is_integer():
            return _digits(int(value))  # Tables with gaps hold whole numbers as floats.
    return None


def _digits(number: int) -> str | None:
    """The digits of a whole number; None below zero, which is a result and not a phone number."""
    return str(number) if number >= 0 else None


def as_given(value: object) -> str:
    """The input, for a person to find it again: a text whole, the beginning of anything else."""
    if isinstance(value, str):
        return value
    try:
        return str(value)[:MAX_SHOWN]
    except ValueError:  # An int of thousands of digits.
        return type(value).__name__


def _split(recipients: object) -> list[Any]:
    if isinstance(recipients, str):
        return [part.strip() for part in _SEPARATORS.split(recipients) if part.strip()]
    if isinstance(recipients, Iterable) and not isinstance(recipients, BYTES):
        return [part for one in recipients for part in _split(one) or [""]]
    return [] if recipients is None else [as_text(recipients) or recipients]

"""Valid mobile numbers for tests, generated from libphonenumber's patterns."""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from random import Random
from typing import Any

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumber, PhoneNumberFormat, format_number

# Python's own parser of regular expressions, so as not to check the generator of the table by
# itself.
_PARSER = import_module("re._parser")
_ATTEMPTS = 20


@cache
def mobile_numbers(region: str, count: int) -> tuple[PhoneNumber, ...]:
    """Different valid mobile numbers of a region, from all parts of its pattern."""
    metadata = PhoneMetadata.metadata_for_region(region)
    assert metadata is not None
    assert metadata.mobile is not None
    pattern = _PARSER.parse(metadata.mobile.national_number_pattern)
    code = phonenumbers.country_code_for_region(region)
    random = Random(region)  # The same numbers in each run.
    found: dict[str, PhoneNumber] = {}
    for _ in range(count * _ATTEMPTS):
        digits = "".join(_matching(pattern, random))
        zeros = len(digits) - len(digits.lstrip("0"))
        number = PhoneNumber(
            code, int(digits), italian_leading_zero=bool(zeros), number_of_leading_zeros=zeros
        )
        if len(found) < count and phonenumbers.is_valid_number(number):
            found[digits] = number
    return tuple(found.values())


def e164(number: PhoneNumber) -> str:
    """The digits in international form."""
    return format_number(number, PhoneNumberFormat.E164).removeprefix("+")


def _matching(pattern: Any, random: Random) -> Iterator[str]:
    """Yields the digits of a random number that matches a parsed pattern."""
    for operation, argument in pattern:
        name = str(operation)
        if name == "LITERAL":
            yield chr(argument)
        elif name == "IN":
            yield random.choice(_digits(argument))
        elif name == "BRANCH":
            yield from _matching(random.choice(argument[1]), random)
        elif name == "SUBPATTERN":
            yield from _matching(argument[-1], random)
        else:  # MAX_REPEAT.
            fewest, most, part = argument
            for _ in range(random.randint(fewest, most)):
                yield from _matching(part, random)


def _digits(members: Any) -> str:
    """The digits of a class such as [0-35], or of all digits."""
    found = ""
    for operation, argument in members:
        name = str(operation)
        if name == "CATEGORY":
            found += "0123456789"
        elif name == "RANGE":
            found += "".join(map(chr, range(argument[0], argument[1] + 1)))
        else:
            found += chr(argument)
    return found

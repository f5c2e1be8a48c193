"""Says why digits are no mobile number, in a sentence for their writer. Pure."""

from kwtsms_client.countries import Country
from kwtsms_client.numbering_plan import (
    HOME,
    MAX_DIGITS,
    MIN_DIGITS,
    NORTH_AMERICA,
    complete,
    country_of,
    is_local,
    is_sendable,
    to_international,
)

_MAX_LISTED = 4  # More lengths than these are a range: 7 to 13.


def explain_invalid(shown: str, digits: str, default: Country | None, *, local: bool) -> str:
    """The reason why the digits of a text are not a mobile number.

    `local` digits are written without + or 00, and `default` is the country of such.
    """
    number = to_international(digits, default, local=local)
    count = len(digits.removeprefix("00"))
    if not shown:
        return "A phone number is required."
    if not number:
        return f"'{shown}' is not a phone number: no digits found."
    if count < MIN_DIGITS:
        return f"'{shown}' is too short: {count} digits, at least {MIN_DIGITS} are needed."
    if len(number) > MAX_DIGITS:
        return f"'{shown}' is too long: {count} digits, at most {MAX_DIGITS} are allowed."
    completed = len(number) > len(digits.lstrip("0"))  # It speaks of the default country then.
    if local and not completed and _lacks_country_code(digits, number):
        place = f", but is not a mobile in {default.name}" if default else ""
        reason = f"looks like a local number{place}: its country code is missing"
    else:
        reason = _explain_number(number)
    return f"'{shown}' {reason}.{_suggestion(shown, digits)}"


def _lacks_country_code(digits: str, number: str) -> bool:
    """Whether digits without + or 00 are rather a local number than a wrong one abroad."""
    return digits.startswith("0") or is_local(digits, HOME) or is_sendable(number)


def _explain_number(number: str) -> str:
    """The reason of a number in international form."""
    country = country_of(number)
    if country is None:
        return f"is not a phone number: no country has the code {number[:3]}"
    local = number[len(country.code) :]
    if len(local) not in country.lengths:
        lengths = _list_lengths(country.lengths)
        return f"is not a number in {country.name}: expected {lengths} digits after +{country.code}"
    if not local.startswith(country.first):
        first = ", ".join(country.first)
        return f"is not a mobile in {country.name}: after {country.code} it must start with {first}"
    if country is NORTH_AMERICA:
        return f"is not a number in {country.name}: the fourth digit after +1 is 2 to 9 there"
    return f"is not a mobile in {country.name}: {_explain_digits(local, country)}"


def _explain_digits(local: str, country: Country) -> str:
    """The reason of a number whose length and first digit are not those of one kind of mobiles."""
    for beginning in (local[:3], local[:2]):
        lengths = tuple(
            length for length, known in country.mobiles.items() if beginning.startswith(known)
        )
        if lengths:
            behind = f"digits after +{country.code}"
            return f"with {beginning} in front, expected {_list_lengths(lengths)} {behind}"
    return f"no mobile there begins with {local[:3]}"


def _list_lengths(lengths: tuple[int, ...]) -> str:
    if len(lengths) > _MAX_LISTED:
        return f"{min(lengths)} to {max(lengths)}"
    return " or ".join(map(str, lengths))


def _suggestion(shown: str, digits: str) -> str:
    """The question whether a number in Kuwait is meant, if it can be one."""
    home = complete(digits.removeprefix("00"), HOME)
    if home is None or any(map(str.isalpha, shown)):
        return ""
    local = home[len(HOME.code) :]
    return f" Did you mean {HOME.code} {local[:4]} {local[4:]} ({HOME.name})?"

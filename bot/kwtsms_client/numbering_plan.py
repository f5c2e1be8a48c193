"""Finds a number's country, and whether it can be a mobile there. Pure."""

from kwtsms_client.countries import COUNTRIES, Country
from kwtsms_client.errors import ConfigurationError

HOME = COUNTRIES["965"]  # kwtSMS and most of its recipients are in Kuwait.
MIN_DIGITS, MAX_DIGITS = 7, 15  # E.164 has at most 15.
PREFIX_DIGITS = 4  # In every country the first four digits are enough to recognise a mobile.


def country_of(number: str) -> Country | None:
    """The country whose code a number in international form begins with."""
    return COUNTRIES.get(number[:3]) or COUNTRIES.get(number[:2]) or COUNTRIES.get(number[:1])


def country_by_code(code: object) -> Country:
    """The country of a default country code, written as 965, +965 or 00965.

    Raises:
        ConfigurationError: no such country is known; unnoticed, it would complete no number.
    """
    country = COUNTRIES.get(str(code).strip().removeprefix("+").lstrip("0"))
    if country is None:
        raise ConfigurationError(
            f"default_country: {str(code)[:20]!r} is not the code of a country known here. "
            "Write it in digits, such as 965."
        )
    return country


def is_local(digits: str, country: Country) -> bool:
    """Whether these digits are exactly a mobile number within a country."""
    if len(digits) not in country.lengths:
        return False
    return not country.first or digits.startswith(country.first)


def is_sendable(number: str) -> bool:
    """Whether a number can be a mobile; for an unknown country only its length counts."""
    country = country_of(number)
    if country is None:
        return MIN_DIGITS <= len(number) <= MAX_DIGITS
    local = number[len(country.code) :]
    if local.startswith("0") and not country.keeps_zero:
        return False
    return is_local(local, country)


def add_country_code(digits: str, code: str) -> str:
    """Adds the country code to a number without + or 00, if it is or can only be a local one.

    In many countries local numbers are written with a 0 in front: 0501234567 is 966501234567.
    """
    country = COUNTRIES.get(code) or country_by_code(code)
    local = digits if country.keeps_zero else digits.removeprefix("0")
    if is_local(local, country):
        return country.code + local
    if len(local) > max(country.lengths):
        return digits.lstrip("0")
    abroad = local == digits and country_of(digits) is not None and is_sendable(digits)
    return digits if abroad else country.code + local


def explain_invalid(raw: str, number: str) -> str:
    """The reason why `raw`, whose digits are `number`, is not a mobile number."""
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
        home = f" If it is in {HOME.name}, it is {HOME.code}{number}."
        plain = not any(map(str.isalpha, raw))
        hint = home if plain and is_local(number, HOME) else ""
        return f"{where}: expected {lengths} digits after +{country.code}.{hint}"
    first = ", ".join(country.first) or "1 to 9"
    where = f"'{raw}' is not a mobile in {country.name}"
    return f"{where}: after {country.code} it must start with {first}."


class _LengthsByPrefix(dict[str, frozenset[int]]):
    """Valid lengths of the numbers that begin with these four digits.

    There are at most ten thousand such prefixes; each is computed when it first occurs.
    """

    def __missing__(self, beginning: str) -> frozenset[int]:
        lengths = range(PREFIX_DIGITS, MAX_DIGITS + 2) if len(beginning) == PREFIX_DIGITS else ()
        found = frozenset(n for n in lengths if is_sendable(beginning.ljust(n, "0")))
        self[beginning] = found
        return found


LENGTHS_BY_PREFIX = _LengthsByPrefix()

"""Which country a number belongs to, and whether it can be a mobile there. Pure."""

from kwtsms_client.countries import COUNTRIES, Country

HOME = "965"  # Where kwtSMS and most of those it sends to are.
MIN_DIGITS, MAX_DIGITS = 7, 15  # E.164 has at most 15.
SHAPE = 4  # No country tells its mobiles apart by more than the first four digits.


def country_of(number: str) -> Country | None:
    """The country whose code a number in international form begins with."""
    return COUNTRIES.get(number[:3]) or COUNTRIES.get(number[:2]) or COUNTRIES.get(number[:1])


def is_local(digits: str, code: str | None) -> bool:
    """Whether these digits are exactly a mobile number within a country."""
    country = COUNTRIES.get(code or "")
    if country is None or len(digits) not in country.lengths:
        return False
    return not country.first or digits.startswith(country.first)


def is_sendable(number: str) -> bool:
    """Whether a number in international form can be a mobile; of unknown countries any may be."""
    country = country_of(number)
    if country is None:
        return MIN_DIGITS <= len(number) <= MAX_DIGITS
    local = number[len(country.code) :]
    if local.startswith("0") and not country.keeps_zero:
        return False
    return is_local(local, country.code)


def completed(digits: str, code: str) -> str:
    """A number without + or 00, with its country code where it is, or can only be, a local one."""
    if is_local(digits, code):
        return code + digits
    country = COUNTRIES.get(code)
    abroad = country_of(digits) is not None and is_sendable(digits)
    short = country is not None and len(digits) <= max(country.lengths)
    return code + digits if short and not abroad else digits


class _Lengths(dict[str, frozenset[int]]):
    """How long a number may be that begins with these four digits.

    There are no more than ten thousand such beginnings; each is worked out when it first occurs.
    """

    def __missing__(self, beginning: str) -> frozenset[int]:
        lengths = range(SHAPE, MAX_DIGITS + 2) if len(beginning) == SHAPE else ()
        found = frozenset(n for n in lengths if is_sendable(beginning.ljust(n, "0")))
        self[beginning] = found
        return found


LENGTHS = _Lengths()

"""Recognises text that has digits but is no phone number, such as an address or a date. Pure.

Its digits do not matter then: sent to, they could be a stranger's number.
"""

import re
import unicodedata

_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IP_ADDRESS = re.compile(rf"(?<![\d.])(?:{_OCTET}\.){{3}}{_OCTET}(?!\.?\d)")
_YEAR, _MONTH, _DAY = r"(?:19|20)\d\d", r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
_DATE = re.compile(
    rf"(?<![\d./-])(?:{_YEAR}([-/.]){_MONTH}\1{_DAY}(?!\d)"
    rf"|(?:{_DAY}([-/.]){_MONTH}\2|{_MONTH}([-/.]){_DAY}\3){_YEAR}(?!\d|[-/.]\d))"
)
_COLON = re.compile(r"\d\s*:\s*\d")
# A spreadsheet writes a number like this, and not with the digits of the phone.
_DECIMAL = re.compile(r"\s*(?:\d+\.\d+E\+?\d+|\d{5,}\.\d{1,2}|\d{7,}\.0+)\s*", re.IGNORECASE)
_NEGATIVE = re.compile(r"\s*-\d{1,8}\s*")  # Of +965-98765432 a spreadsheet makes -98764467.
_EXTENSION = re.compile(r"\d\W*(?:extension|ext|x|#|\*)\W*\d", re.IGNORECASE)
_LETTER_AT_DIGIT = re.compile(r"([^\W\d_])\d|\d([^\W\d_])")
_LETTER_BETWEEN_DIGITS = re.compile(r"\d\D*[^\W\d_]\D*\d")
_FOR_NUMBERS = b"0123456789 +-()./"
_SEPARATORS = frozenset("+-./:#*()")
_SIMILAR = {"O": "O for 0?", "o": "O for 0?", "I": "I for 1?", "l": "l for 1?"}


class PlainCharacters(dict[int, str | int]):
    """Table for `str.translate`: digits, dashes and wide characters in ASCII.

    A letter of another script becomes a q, and anything else a blank.
    """

    def __missing__(self, code: int) -> str | int:
        found = code if code < 128 else _plain_character(chr(code))
        if code < 0x10000:  # Limits the size of the table.
            self[code] = found
        return found


def is_decimal(plain: str) -> bool:
    """Whether a text is a number as a spreadsheet writes it."""
    return "." in plain and _DECIMAL.fullmatch(plain) is not None


def other_kind(plain: str) -> str | None:
    """The name of what a text is if it is no phone number, such as an email address or a date."""
    if "@" in plain:
        return "an email address"
    if ":" in plain and _COLON.search(plain):
        return "a time, or an address with a port"
    if _NEGATIVE.fullmatch(plain):
        return "a negative number"
    if "+" in plain:
        return None
    if "." in plain and _IP_ADDRESS.search(plain):
        return "an IP address"
    return "a date" if _DATE.search(plain) else None


def find_defect(plain: str) -> str | None:
    """The reason why a text has a number in it that is not to be sent to; None if there is none."""
    if not plain.encode().translate(None, _FOR_NUMBERS):
        return None
    if _EXTENSION.search(plain):
        return "has an extension: leave it out"
    found = _LETTER_AT_DIGIT.search(plain)
    if found:
        similar = _SIMILAR.get(found[found.lastindex or 0])
        return f"has a letter in it ({similar})" if similar else "has a letter in it"
    if _LETTER_BETWEEN_DIGITS.search(plain):
        return "has words between its digits"
    return None


def _plain_character(char: str) -> str:
    """The ASCII character for one that is not."""
    digit = unicodedata.decimal(char, None)
    if digit is not None:
        return str(digit)
    if char.isalnum():  # ² and ① too: they are digits, but not of a phone number.
        return "q"
    if unicodedata.category(char) == "Pd" or char == "\N{MINUS SIGN}":
        return "-"
    if char == "\N{ARABIC DECIMAL SEPARATOR}":
        return "."
    wide = unicodedata.normalize("NFKC", char)
    return wide if wide in _SEPARATORS else " "

"""Finds and masks a number as people write it within a text. Pure."""

import re
import unicodedata

from kwtsms_client import find_country_code, mask

# Allowed between two of its digits: ") - " and anything that is neither a letter nor a digit, line
# ends, invisible marks and the parts of a keycap included.
SEPARATORS = r"[\W_]{0,4}"
MIN_LOCAL_DIGITS = 6  # Fewer digits identify no number without the country code.


class _DigitTranslation(dict[int, int]):
    """Digits of every script and shape as ASCII, one for one, for `str.translate`."""

    def __missing__(self, code: int) -> int:
        digit = unicodedata.digit(chr(code), None)
        found = code if digit is None else ord("0") + digit
        if code < 0x10000:  # Bounds the cache.
            self[code] = found
        return found


_DIGITS = _DigitTranslation()
_NON_DIGITS = bytes(set(range(256)) - set(b"0123456789"))


class NumberPattern:
    """Pattern of one number: with its country code or without, its digits in groups."""

    def __init__(self, phone: str) -> None:
        code = find_country_code(phone) or ""
        local = phone[len(code) :]
        digits = local if len(local) >= MIN_LOCAL_DIGITS else phone
        international_prefix = rf"(?:[+＋]{SEPARATORS}|0{SEPARATORS}0{SEPARATORS})?"
        country_prefix = rf"{SEPARATORS.join(code)}{SEPARATORS}" if code else ""
        prefix = rf"(?:{international_prefix}{country_prefix}|0{SEPARATORS})?"
        self._mask = mask(phone)
        self._digits = digits.encode()
        self._pattern = re.compile(rf"(?<!\d){prefix}{SEPARATORS.join(digits)}(?!\d)")

    def is_in(self, text: str) -> bool:
        """Whether the text names the number."""
        plain = _with_ascii_digits(text)
        # A quick check first: most texts do not even contain its digits.
        found = self._digits in plain.encode(errors="replace").translate(None, _NON_DIGITS)
        return found and self._pattern.search(plain) is not None

    def mask_in(self, text: str) -> str:
        """Returns the text with the number masked."""
        parts, end = [], 0
        for found in self._pattern.finditer(_with_ascii_digits(text)):
            parts += [text[end : found.start()], self._mask]
            end = found.end()
        return "".join([*parts, text[end:]])


def _with_ascii_digits(text: str) -> str:
    """Returns the text with ASCII digits; its length is the same, so positions stay valid."""
    return text if text.isascii() else text.translate(_DIGITS)

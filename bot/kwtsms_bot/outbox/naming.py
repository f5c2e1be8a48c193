"""A number as people write it within a text, found and masked. Pure."""

import re

from kwtsms_client import find_country_code, mask

SEPARATORS = " .-()"  # What may stand between its digits.
SHORTEST = 6  # Fewer digits are no number without their country code.


class Naming:
    """How one number may be named: with its country code or without, its digits in groups."""

    def __init__(self, phone: str) -> None:
        code = find_country_code(phone) or ""
        local = phone[len(code) :]
        self.digits = local if len(local) >= SHORTEST else phone
        between = f"[{re.escape(SEPARATORS)}]*"
        before = rf"(?:(?:\+|00)?{between.join(code)}{between}|0)?" if code else r"(?:\+|00)?"
        self._mask = mask(phone)
        self._pattern = re.compile(rf"(?<!\d){before}{between.join(self.digits)}(?!\d)")

    def within(self, text: str) -> bool:
        """Whether the text names it."""
        return self._pattern.search(text) is not None

    def masked(self, text: str) -> str:
        """The text, without it."""
        return self._pattern.sub(self._mask, text)

"""Content checks of the gateway: page count, HTML, phrases, and characters that get stuck.

Written apart from the client's own counting on purpose: sharing code would share its errors.
"""

import re
from collections.abc import Sequence

from kwtsms_sandbox.gateway.behaviour import Html

GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = frozenset("\f^{}\\[~]|€")

_TAG = re.compile(
    r"<!--.*?-->|<!doctype[^>]*>"
    r"|</[a-z][a-z0-9-]*\s*>"
    r"|<[a-z][a-z0-9-]*(\s+[a-z_:][\w:.-]*(\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'<>=`]+))?)*\s*/?>",
    re.IGNORECASE | re.DOTALL,
)
_ANGLES = re.compile(r"<[^>]+>")

# Emoji and their modifiers, then invisible characters: the message is accepted but never sent.
_STUCK = re.compile(
    "[\U0001f000-\U0001faff\u2600-\u27bf\u231a\u231b\u23cf\u23e9-\u23fa\u2b1b\u2b1c\u2b50\u2b55"
    "\u24c2\u3030\u303d\u3297\u3299\u203c\u2049\u20e3\ufe00-\ufe0f\U000e0000-\U000e007f"
    "\u200b-\u200d\u2060-\u2064\u00ad\ufeff\ufffc\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]"
)


def pages(text: str, *, extension_units: int = 2) -> int:
    """The page count: GSM-7 160 units, or 153 each if split; other text 70, or 67 each.

    A character is never split, so a page may stay a unit shorter: 3GPP TS 23.038. Whether the live
    service counts so is not known.
    """
    if GSM.issuperset(text) or (GSM | GSM_EXTENSION).issuperset(text):
        widths = [extension_units if char in GSM_EXTENSION else 1 for char in text]
        return _split(widths, single=160, part=153)
    return _split([2 if char > "\uffff" else 1 for char in text], single=70, part=67)


def _split(widths: Sequence[int], *, single: int, part: int) -> int:
    """The page count for characters of these widths."""
    if sum(widths) <= single:
        return 1
    count, room = 1, part
    for width in widths:
        if width > room:
            count, room = count + 1, part
        room -= width
    return count


def has_html(text: str, rule: Html) -> bool:
    """Whether the text contains HTML under the given rule."""
    return bool((_TAG if rule is Html.TAGS else _ANGLES).search(text))


def gets_stuck(text: str, extra: str = "") -> bool:
    """Whether the text would be accepted, charged, and never leave the queue."""
    return bool(_STUCK.search(text)) or not set(extra).isdisjoint(text)


def contains_any(text: str, phrases: tuple[str, ...]) -> bool:
    """Whether the text contains one of the phrases, ignoring case."""
    folded = text.casefold()
    return any(phrase.casefold() in folded for phrase in phrases)

"""The encoding, the units and the pages of a text. Performs no I/O.

Local figures are an estimate; the gateway's `points-charged` is the truth.
"""

from enum import StrEnum

MAX_PAGES = 7  # Seen live: 1,071 Latin and 469 Arabic characters are accepted, one more is ERR012.
GSM_SINGLE, GSM_PART = 160, 153
UCS_SINGLE, UCS_PART = 70, 67

# GSM 03.38: the default alphabet, and the extension whose characters count two.
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENSION = frozenset("^{}\\[~]|€\f")


class Encoding(StrEnum):
    """Encoding of a text message."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


def pages(text: str) -> int:
    """The page count of the text, without cleaning it."""
    encoding = Encoding.UCS2 if unicode_characters(text) else Encoding.GSM7
    return pages_for_units(units(text, encoding), encoding)


def unicode_characters(text: str) -> tuple[str, ...]:
    """The characters that force Unicode, each once."""
    return tuple(char for char in dict.fromkeys(text) if not is_gsm(char))


def units(text: str, encoding: Encoding) -> int:
    """The length of the text in units of the encoding; some characters take two."""
    if encoding is Encoding.UCS2:
        return len(text.encode("utf-16-le", "surrogatepass")) // 2
    return len(text) + sum(char in _GSM_EXTENSION for char in text)


def pages_for_units(count: int, encoding: Encoding) -> int:
    """The page count for so many units."""
    ucs = encoding is Encoding.UCS2
    single, part = (UCS_SINGLE, UCS_PART) if ucs else (GSM_SINGLE, GSM_PART)
    return 1 if count <= single else -(-count // part)


def capacity(count: int, encoding: Encoding) -> int:
    """The number of units that fit into so many pages."""
    ucs = encoding is Encoding.UCS2
    single, part = (UCS_SINGLE, UCS_PART) if ucs else (GSM_SINGLE, GSM_PART)
    return single if count == 1 else part * count


def is_gsm(char: str) -> bool:
    """Whether a character is in the GSM alphabet, of which 160 characters fit on a page."""
    return char in _GSM or char in _GSM_EXTENSION

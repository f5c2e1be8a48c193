"""Texts: cleaned of what jams the gateway, and counted in pages. Performs no I/O.

The gateway accepts and charges a message with emoji or hidden characters, and never delivers it.
Arabic letters and presentation forms are never touched.
"""

import re
from collections import Counter
from dataclasses import dataclass
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
RISKY = frozenset("©®™ℹ←↑→↓↔↕⇒⇔")  # Left in; whether the gateway chokes on them is not known.

_DIGITS = {base + n: str(n) for base in (0x0660, 0x06F0) for n in range(10)}
_LINE_ENDS = re.compile(r"\r\n?")
# A tag is what is shaped like one: a name and well-formed attributes; so `a<b && c>d` survives.
_TAG = re.compile(
    r"<!--.*?-->|<!doctype[^<>]*>|</[a-z][a-z0-9-]*\s*>|"
    r"<[a-z][a-z0-9-]*(?:\s+[a-z_:@][\w:.@-]*(?:\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s\"'=<>`]+))?)*\s*/?>",
    re.IGNORECASE | re.DOTALL,
)
_EMOJI = re.compile(
    "["
    "\U0001f000-\U0001faff"  # Tiles, cards, enclosed letters, pictographs, faces, transport, …
    "\u2600-\u27bf\u231a\u231b\u2328\u23cf\u23e9-\u23fa\u24c2\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe"
    "\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d\u3297\u3299\u203c\u2049\u20e3"
    "\ufe00-\ufe0f\U000e0000-\U000e007f"
    "]"
)
_HIDDEN = re.compile("[\u200b-\u200d\u2060\u00ad\ufeff\ufffc]")
# Unicode's control and format characters (Cc, Cf) other than \n and \t; a test holds it to Unicode.
_CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e"
    "\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0001\U000e0020-\U000e007f]"
)
_REMOVED = (
    ("HTML tags", _TAG),
    ("emoji", _EMOJI),
    ("hidden characters", _HIDDEN),
    ("control characters", _CONTROL),
)


class Encoding(StrEnum):
    """How a text goes over the air."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


@dataclass(frozen=True, slots=True)
class Change:
    """One kind of thing that was removed or changed, and how often."""

    kind: str
    count: int
    what: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MessageReport:
    """A text as the phone will show it, what was taken out, and what it costs."""

    original: str
    cleaned: str
    changes: tuple[Change, ...]
    encoding: Encoding
    units: int
    pages: int
    forcing: tuple[str, ...]
    risky: tuple[str, ...]

    @property
    def blank(self) -> bool:
        """Nothing is left to read."""
        return not self.cleaned.strip()

    def summary(self) -> str:
        """What was changed, as a sentence for people."""
        done = [f"{change.count} {change.kind}" for change in self.changes]
        return f"Removed or changed: {', '.join(done)}." if done else ""


def clean_message(text: str) -> str:
    """The text without what jams the gateway."""
    return _clean(str(text))[0]


def inspect_message(text: str) -> MessageReport:
    """The cleaned text with a report: what changed, pages, and which characters force Unicode."""
    cleaned, changes = _clean(str(text))
    forcing = tuple(dict.fromkeys(char for char in cleaned if not _is_gsm(char)))
    units = _units(cleaned, unicode=bool(forcing))
    return MessageReport(
        original=str(text),
        cleaned=cleaned,
        changes=changes,
        encoding=Encoding.UCS2 if forcing else Encoding.GSM7,
        units=units,
        pages=_pages(units, unicode=bool(forcing)),
        forcing=forcing,
        risky=tuple(dict.fromkeys(char for char in cleaned if char in RISKY)),
    )


def pages(text: str) -> int:
    """How many pages the text takes as it stands; an estimate, `points-charged` is the truth."""
    unicode = any(not _is_gsm(char) for char in text)
    return _pages(_units(text, unicode=unicode), unicode=unicode)


def _clean(text: str) -> tuple[str, tuple[Change, ...]]:
    text = _LINE_ENDS.sub("\n", text.encode("utf-8", "ignore").decode())
    before, text = text, text.translate(_DIGITS)
    changes = []
    if before != text:
        changed = Counter(old for old, new in zip(before, text, strict=True) if old != new)
        changes.append(Change("Arabic digits", changed.total(), tuple(changed)))
    text, removed = _without(text)
    changes += [Change(kind, found.total(), tuple(found)) for kind, found in removed.items()]
    return text, tuple(changes)


def _without(text: str) -> tuple[str, dict[str, "Counter[str]"]]:
    """The text less what is removed: again and again, for a removal may bring a tag together."""
    removed: dict[str, Counter[str]] = {}
    while True:
        before = text
        for kind, pattern in _REMOVED:
            if found := pattern.findall(text):
                removed.setdefault(kind, Counter()).update(found)
                text = pattern.sub("", text)
        if text == before:
            return text, removed


def _is_gsm(char: str) -> bool:
    return char in _GSM or char in _GSM_EXTENSION


def _units(text: str, *, unicode: bool) -> int:
    if unicode:
        return len(text.encode("utf-16-le", "surrogatepass")) // 2
    return len(text) + sum(char in _GSM_EXTENSION for char in text)


def _pages(units: int, *, unicode: bool) -> int:
    single, part = (UCS_SINGLE, UCS_PART) if unicode else (GSM_SINGLE, GSM_PART)
    return 1 if units <= single else -(-units // part)

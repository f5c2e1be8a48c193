"""Texts: cleaned of what jams the gateway, and counted in pages. Performs no I/O.

The gateway accepts and charges a message with emoji or hidden characters, and never delivers it.
Arabic letters and presentation forms are never touched.

Texts come one by one or in batches. A batch is cleaned as one long text, its texts kept apart by a
character that cleaning would remove, so that Python's loops are C's; a test holds both ways to the
same answers.
"""

import re
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import overload

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
# None holds a NUL, which keeps the texts of a batch apart.
_TAG = re.compile(
    r"<!--[^\0]*?-->|<!doctype[^<>\0]*>|</[a-z][a-z0-9-]*\s*>|"
    r"<[a-z][a-z0-9-]*(?:\s+[a-z_:@][\w:.@-]*(?:\s*=\s*"
    r"(?:\"[^\"<>\0]*\"|'[^'<>\0]*'|[^\s\"'=<>`\0]+))?)*\s*/?>",
    re.IGNORECASE,
)
# What is removed, as ranges of characters: up to U+FFFF, and above. A test holds the control and
# format characters (Cc, Cf; but for \n and \t) to Unicode's own list.
_EMOJI_LOW = (
    "\u2600-\u27bf\u231a\u231b\u2328\u23cf\u23e9-\u23fa\u24c2\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe"
    "\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d\u3297\u3299\u203c\u2049\u20e3\ufe00-\ufe0f"
)
_EMOJI_HIGH = "\U0001f000-\U0001faff\U000e0000-\U000e007f"  # Faces, flags, tiles, pictographs, …
_HIDDEN_LOW = "\u200b-\u200d\u2060\u00ad\ufeff\ufffc"
_CONTROL_LOW = (
    "\x01-\x08\x0b-\x1f\x7f-\x9f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e"
    "\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff"  # Half of a character is none.
)
_CONTROL_HIGH = (
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0001\U000e0020-\U000e007f"
)
_EMOJI = re.compile(f"[{_EMOJI_LOW}{_EMOJI_HIGH}]")
_HIDDEN = re.compile(f"[{_HIDDEN_LOW}]")
_CONTROL = re.compile(f"[\0{_CONTROL_LOW}{_CONTROL_HIGH}]")
# One character at a time: a "+" behind it would take four times as long.
_LOW = re.compile(f"[{_EMOJI_LOW}{_HIDDEN_LOW}{_CONTROL_LOW}]")
_ABOVE = re.compile("[^\0-\uffff]")
_HIGH = re.compile(f"[{_EMOJI_HIGH}{_CONTROL_HIGH}]")
_ARABIC_DIGIT = re.compile("[\u0660-\u0669\u06f0-\u06f9]")
# Whatever may need work; what holds none of it, nor a NUL, is clean as it stands.
_WORK = re.compile(
    f"[<\u0660-\u0669\u06f0-\u06f9{_EMOJI_LOW}{_HIDDEN_LOW}{_CONTROL_LOW}\U00010000-\U0010ffff]"
)
_LISTS = (list, tuple)
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


@overload
def clean_message(text: str) -> str: ...
@overload
def clean_message(text: list[str] | tuple[str, ...]) -> list[str]: ...
@overload
def clean_message(text: object) -> object: ...
def clean_message(text: object) -> object:
    """The text without what jams the gateway; of a list or tuple, a list in the same order."""
    if isinstance(text, str):
        return text if _is_plain(text) else _cleaned(text)
    if isinstance(text, _LISTS):
        return _all_cleaned([str(one) for one in text])
    return _cleaned(str(text))


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


def _is_plain(text: str) -> bool:
    """Whether it is plain to see that there is nothing to clean: the fast way, for most texts."""
    return text.isascii() and text.isprintable() and "<" not in text


def _cleaned(text: str) -> str:
    """The text without what is removed, and no account of it."""
    text = text.replace("\0", "")
    return _reduced(text) if _WORK.search(text) else text


def _all_cleaned(texts: list[str]) -> list[str]:
    """The same for many: those that are not plain are cleaned together."""
    at = [
        number
        for number, one in enumerate(texts)
        if not (one.isascii() and one.isprintable() and "<" not in one)
    ]
    if not at:
        return texts
    joined = "\0".join([texts[number] for number in at])
    if joined.count("\0") > len(at) - 1:  # One of them has a NUL of its own.
        return [_cleaned(one) for one in texts]
    if _WORK.search(joined) is None:
        return texts
    for number, one in zip(at, _reduced(joined).split("\0"), strict=False):
        texts[number] = one
    return texts


def _reduced(text: str) -> str:
    """All but NULs removed; tags once more, for a removal may bring one together."""
    text = _LINE_ENDS.sub("\n", text) if "\r" in text else text
    if _ARABIC_DIGIT.search(text):
        text = _with_ascii_digits(text)
    text = _TAG.sub("", text) if "<" in text else text
    text = _LOW.sub("", text)
    for char in set(_ABOVE.findall(text)):
        if _HIGH.match(char):
            text = text.replace(char, "")
    while "<" in text and (less := _TAG.sub("", text)) != text:
        text = less
    return text


def _with_ascii_digits(text: str) -> str:
    for arabic, digit in _DIGITS.items():
        if (char := chr(arabic)) in text:
            text = text.replace(char, digit)
    return text


def _clean(text: str) -> tuple[str, tuple[Change, ...]]:
    text = _LINE_ENDS.sub("\n", text)
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

"""Reports what cleaning removes from a text and where, what forces Unicode, and the cost.

Slower than `clean_message`, which keeps no record; a test holds that both give the same text.
"""

import re
import unicodedata
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from kwtsms_client import encoding as kwtsms_client_encoding
from kwtsms_client.encoding import UCS_SINGLE, Encoding
from kwtsms_client.text import (
    ARABIC_DIGITS,
    CONTROL,
    EMOJI,
    HIDDEN,
    LINE_ENDS,
    MAX_NESTING,
    find_tags,
    needs_cleaning,
    require_text,
)

RISKY = frozenset("©®™ℹ←↑→↓↔↕⇒⇔")  # Kept; whether they jam the gateway is not known.
DIGIT, HTML, EMOJI_KIND, CONTROL_KIND = "Arabic digit", "HTML tag", "emoji", "control character"
# Invisible characters that are removed, by names that people know or can look up.
NAMES = {
    "\u200b": "zero-width space",
    "\u200c": "zero-width non-joiner",
    "\u200d": "zero-width joiner",
    "\u2060": "word joiner",
    "\u00ad": "soft hyphen",
    "\ufeff": "byte-order mark",
    "\ufffc": "object placeholder",
    "\u200e": "left-to-right mark",
    "\u200f": "right-to-left mark",
    "\u061c": "Arabic letter mark",
    **dict.fromkeys("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", "direction mark"),
}
# Invisible characters that are kept.
BLANKS = {
    "\t": "tab",
    "\u00a0": "no-break space",
    "\u202f": "narrow no-break space",
    "\u2003": "em space",
    "\u2009": "thin space",
    "\u3000": "ideographic space",
    "\u2028": "line separator",
    "\u2029": "paragraph separator",
}
# Invisible, too, but no spaces to Unicode: Braille's blank, Hangul's fillers, …
_INVISIBLE = dict.fromkeys(map(ord, "\u2800\u3164\u115f\u1160\uffa0\u034f\u17b4\u17b5"))
_NUL, _ANGLE, _RUNS = re.compile("\0"), re.compile("<"), re.compile(b"x+|-+")
KINDS = (DIGIT, HTML, EMOJI_KIND, CONTROL_KIND, *dict.fromkeys(NAMES.values()))
# Typographic characters of word processors, and their plain equivalents.
_PLAIN = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′`´", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—−", "-"),
        **dict.fromkeys("\u00a0\u2002\u2003\u2009\u202f\t", " "),
        "…": "...",
        "•": "-",
        "×": "x",
    }
)
_ARABIC = re.compile("[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff]")
MAX_NAMED = 5


@dataclass(frozen=True, slots=True)
class Change:
    """Kind of characters that were removed or changed, and their number."""

    kind: str  # One of KINDS.
    count: int
    what: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """Part of a text: as the phone shows it or, if `removed`, as it was written."""

    text: str
    removed: bool


@dataclass(frozen=True, slots=True)
class MessageReport:
    """Report on a text: as the phone will show it, what was removed, and the cost."""

    original: str = field(repr=False)
    cleaned: str = field(repr=False)
    changes: tuple[Change, ...]
    encoding: Encoding
    units: int
    pages: int
    forcing: tuple[str, ...]  # Characters that force Unicode: 70 to a page and not 160.
    risky: tuple[str, ...]
    segments: tuple[Segment, ...] = field(repr=False)

    @property
    def blank(self) -> bool:
        """Whether nothing visible is left."""
        return not self.cleaned.translate(_INVISIBLE).strip()

    @property
    def odd(self) -> tuple[str, ...]:
        """The characters that force Unicode in a text that is not Arabic: often avoidable."""
        found = tuple(char for char in self.forcing if not _ARABIC.match(char))
        return found if len(found) == len(self.forcing) else ()

    @property
    def surplus(self) -> int:
        """The number of units to remove to save a page; 0 for a single page."""
        fewer = self.pages - 1
        return (
            self.units - kwtsms_client_encoding.capacity(fewer, self.encoding) if fewer > 0 else 0
        )

    @property
    def kept(self) -> tuple[str, ...]:
        """The characters that are not ASCII and yet cost nothing, such as é."""
        each = dict.fromkeys(self.cleaned)
        return tuple(
            char for char in each if not char.isascii() and kwtsms_client_encoding.is_gsm(char)
        )

    @property
    def plainer(self) -> str | None:
        """The text with plain quotes and dashes, if that takes fewer pages; otherwise None."""
        text = self.cleaned.translate(_PLAIN)
        return text if kwtsms_client_encoding.pages(text) < self.pages else None

    def summary(self) -> str:
        """The changes and their cost, as sentences for people."""
        removed = [format_count(one) for one in self.changes if one.kind != DIGIT]
        digits = [format_count(one) for one in self.changes if one.kind == DIGIT]
        sentences = [f"Removed {', '.join(removed)}."] if removed else []
        sentences += [f"Changed {one} to 0-9." for one in digits]
        forced = [describe_character(char) for char in self.odd[:MAX_NAMED]]
        if self.kept and (sentences or forced):
            sentences.append(f"Kept {' '.join(self.kept[:MAX_NAMED])}.")
        if forced:
            verb = "forces" if len(self.odd) == 1 else "force"
            sentences.append(
                f"{', '.join(forced)} {verb} Unicode: {UCS_SINGLE} characters per page."
            )
        return " ".join(sentences)


def format_count(change: Change) -> str:
    """The count with its noun: `2 HTML tags`."""
    plural = "" if change.count == 1 or change.kind == EMOJI_KIND else "s"
    return f"{change.count} {change.kind}{plural}"


def describe_character(char: str) -> str:
    """A character as shown to people: an invisible one by its name."""
    if char in BLANKS:
        return BLANKS[char]
    if char.isprintable() and not unicodedata.combining(char):
        return char
    return unicodedata.name(char, f"U+{ord(char):04X}").lower()


def inspect_message(text: str) -> MessageReport:
    """The cleaned text with a report: what changed, pages, and which characters force Unicode.

    Raises:
        InvalidInput: `text` is not a string.
    """
    cleaned, changes, segments = _clean_with_changes(require_text(text))
    forcing = kwtsms_client_encoding.unicode_characters(cleaned)
    encoding = Encoding.UCS2 if forcing else Encoding.GSM7
    units = kwtsms_client_encoding.units(cleaned, encoding)
    return MessageReport(
        original=text,
        cleaned=cleaned,
        changes=changes,
        encoding=encoding,
        units=units,
        pages=kwtsms_client_encoding.pages_for_units(units, encoding),
        forcing=forcing,
        risky=tuple(char for char in dict.fromkeys(cleaned) if char in RISKY),
        segments=segments,
    )


def _clean_with_changes(text: str) -> tuple[str, tuple[Change, ...], tuple[Segment, ...]]:
    """The cleaned text, what changed, and where."""
    if not needs_cleaning(text):  # True of most texts.
        return text, (), (Segment(text, removed=False),) if text else ()
    written = LINE_ENDS.sub("\n", text)
    tracked = _TrackedText(written)
    return tracked.text, (*_digit_changes(written), *tracked.changes()), tracked.segments()


class _TrackedText:
    """Text that is being cleaned, with the original position of each remaining character."""

    def __init__(self, text: str) -> None:
        self.written = self.text = text
        self._at = array("I", range(len(text)))
        self._removed: dict[str, Counter[str]] = {}
        self._shorten()

    def _shorten(self) -> None:
        """Removes what `clean_message` removes, in the same order."""
        self._remove(_NUL.finditer(self.text))
        self._remove(find_tags(self.text), HTML)
        self.text = self.text.translate(ARABIC_DIGITS)
        for pattern, kind in ((EMOJI, EMOJI_KIND), (HIDDEN, ""), (CONTROL, "")):
            self._remove(pattern.finditer(self.text), kind)
        for _ in range(MAX_NESTING):
            if not self._remove(find_tags(self.text), HTML):
                return
        self._remove(_ANGLE.finditer(self.text), HTML)

    def _remove(self, matches: Iterator[re.Match[str]], kind: str = "") -> bool:
        end, text, at = 0, [], array("I")
        for found in matches:
            name = kind or NAMES.get(found[0], CONTROL_KIND)
            self._removed.setdefault(name, Counter())[found[0]] += 1
            text.append(self.text[end : found.start()])
            at += self._at[end : found.start()]
            end = found.end()
        if end:
            self.text = "".join(text) + self.text[end:]
            self._at = at + self._at[end:]
        return end > 0

    def changes(self) -> list[Change]:
        """The removed characters, by kind."""
        return [Change(kind, all_.total(), tuple(all_)) for kind, all_ in self._removed.items()]

    def segments(self) -> tuple[Segment, ...]:
        """The whole text, in parts that were kept and parts that were removed."""
        gone = bytearray(b"x" * len(self.written))
        for place in self._at:
            gone[place] = ord("-")
        shown = self.written.translate(ARABIC_DIGITS)
        runs = [(*found.span(), found[0].startswith(b"x")) for found in _RUNS.finditer(gone)]
        return tuple(
            Segment((self.written if removed else shown)[begin:end], removed)
            for begin, end, removed in runs
        )


def _digit_changes(written: str) -> list[Change]:
    found = Counter(char for char in written if ord(char) in ARABIC_DIGITS)
    return [Change(DIGIT, found.total(), tuple(found))] if found else []

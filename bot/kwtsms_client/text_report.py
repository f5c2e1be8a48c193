"""Reports what cleaning removes from a text and where, what forces Unicode, and the cost.

Slower than `clean_message`, which keeps no record; a test holds that both give the same text.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from kwtsms_client import encoding as kwtsms_client_encoding
from kwtsms_client.emoji_names import EMOJI_NAMES
from kwtsms_client.encoding import MAX_PAGES, UCS_SINGLE, Encoding
from kwtsms_client.text import require_text
from kwtsms_client.text_rules.characters import (
    ARABIC_DIGITS,
    CONTROL_KIND,
    DIGIT,
    EMOJI_KIND,
    HTML,
    LINE_ENDS,
    NAMES,
    TAG_NAME,
    needs_cleaning,
)
from kwtsms_client.text_rules.tracked_text import TrackedText

RISKY = frozenset("©®™ℹ←↑→↓↔↕⇒⇔")  # Kept; whether they jam the gateway is not known.
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
KINDS = (DIGIT, HTML, TAG_NAME, EMOJI_KIND, CONTROL_KIND, *dict.fromkeys(NAMES.values()))
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
BORDERLINE = (
    f"kwtSMS may refuse it (ERR012): it takes {MAX_PAGES + 1} pages if characters such as € or [ "
    "are not split between two pages."
)
# Emoji as Slack writes them. A row of them touches no letter, digit or further colon, so 10:100:30
# and a::b are none.
_NAME = r":([a-z0-9_+'-]+):"
_SHORTCODE = re.compile(rf"{_NAME}(?::skin-tone-[2-6](?:-[2-6])?:)?")
_SHORTCODES = re.compile(rf"(?<![^\W_])(?<!:)(?:{_NAME})+(?![^\W_])(?!:)")
_WITHIN_WORDS = re.compile(rf"(?<=[^\W_]){_NAME}|{_NAME}(?=[^\W_])")


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
    shortcodes: tuple[str, ...] = ()  # Like :parrot:, but no standard emoji: sent as typed.

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
        """The number of units to remove from the end to save a page; 0 for a single page."""
        fewer = self.pages - 1
        if not fewer:
            return 0
        return self.units - kwtsms_client_encoding.units_within(self.cleaned, self.encoding, fewer)

    @property
    def too_long(self) -> bool:
        """Whether kwtSMS surely refuses the text as too long (ERR012)."""
        return kwtsms_client_encoding.pages_for_units(self.units, self.encoding) > MAX_PAGES

    @property
    def borderline(self) -> bool:
        """Whether the text is too long only because a character of two units is never split.

        What kwtSMS does then is not known, so such a text is not refused here.
        """
        return self.pages > MAX_PAGES and not self.too_long

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
        counts = {one.kind: format_count(one) for one in self.changes}
        digits, names = counts.pop(DIGIT, None), counts.pop(TAG_NAME, None)
        sentences = [f"Removed {', '.join(counts.values())}."] if counts else []
        if digits:
            sentences.append(f"Changed {digits} to 0-9.")
        if names:
            sentences.append(f"Kept {names} in round brackets.")
        if self.shortcodes:
            sentences.append(f"Sent as typed: {', '.join(self.shortcodes[:MAX_NAMED])}.")
        forced = [describe_character(char) for char in self.odd[:MAX_NAMED]]
        if self.kept and (sentences or forced):
            sentences.append(f"Kept {' '.join(self.kept[:MAX_NAMED])}.")
        if forced:
            verb = "forces" if len(self.odd) == 1 else "force"
            sentences.append(
                f"{', '.join(forced)} {verb} Unicode: {UCS_SINGLE} characters per page."
            )
        if self.borderline:
            sentences.append(BORDERLINE)
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


def inspect_message(text: str, *, shortcodes: bool = False) -> MessageReport:
    """The cleaned text with a report: what changed, pages, and which characters force Unicode.

    With `shortcodes`, names such as :fire: are emoji: that is how Slack delivers them.

    Raises:
        InvalidInput: `text` is not a string.
    """
    cleaned, changes, segments = _clean_with_changes(require_text(text), shortcodes=shortcodes)
    forcing = kwtsms_client_encoding.unicode_characters(cleaned)
    encoding = Encoding.UCS2 if forcing else Encoding.GSM7
    units = kwtsms_client_encoding.page_units(cleaned, encoding)
    return MessageReport(
        original=text,
        cleaned=cleaned,
        changes=changes,
        encoding=encoding,
        units=sum(units),
        pages=len(units),
        forcing=forcing,
        risky=tuple(char for char in dict.fromkeys(cleaned) if char in RISKY),
        segments=segments,
        shortcodes=_unknown_shortcodes(cleaned) if shortcodes else (),
    )


def _clean_with_changes(
    text: str, *, shortcodes: bool
) -> tuple[str, tuple[Change, ...], tuple[Segment, ...]]:
    """The cleaned text, what changed, and where."""
    if not (needs_cleaning(text) or (shortcodes and ":" in text)):  # True of most texts.
        return text, (), (Segment(text, removed=False),) if text else ()
    written = LINE_ENDS.sub("\n", text)
    tracked = TrackedText(written, (_find_shortcodes,) if shortcodes else ())
    digits = Counter(char for char in written if ord(char) in ARABIC_DIGITS)
    counts = {DIGIT: digits, **tracked.counts} if digits else tracked.counts
    changes = (Change(kind, found.total(), tuple(found)) for kind, found in counts.items())
    return tracked.text, tuple(changes), tuple(Segment(*run) for run in tracked.runs())


def _find_shortcodes(text: str) -> Iterator[re.Match[str]]:
    """The shortcodes of standard emoji, each with its skin tone."""
    for row in _SHORTCODES.finditer(text):
        for one in _SHORTCODE.finditer(text, *row.span()):
            if one[1] in EMOJI_NAMES:
                yield one


def _unknown_shortcodes(text: str) -> tuple[str, ...]:
    """The shortcodes that stay: those with an unknown name, and those within words."""
    rows = (one[1] for row in _SHORTCODES.finditer(text) for one in _SHORTCODE.finditer(row[0]))
    within = (one[1] or one[2] for one in _WITHIN_WORDS.finditer(text))
    names = chain(rows, (name for name in within if name in EMOJI_NAMES and len(name) > 2))
    found = dict.fromkeys(name for name in names if re.search("[a-z]", name))
    return tuple(f":{name}:" for name in found)

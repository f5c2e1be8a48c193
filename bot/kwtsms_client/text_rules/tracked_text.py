"""Cleans a text step by step and remembers what was removed, and where. Pure.

Slower than `clean_message`, which uses it only for texts with unusual tags.
"""

import re
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from unicodedata import is_normalized

from kwtsms_client.text_rules.blanks import GAP, close_gaps
from kwtsms_client.text_rules.characters import (
    ARABIC_DIGITS,
    CONTROL,
    CONTROL_KIND,
    EMOJI,
    EMOJI_KIND,
    HIDDEN,
    HTML,
    NAMES,
    SEQUENCE,
    TAG_NAME,
    compose_sequence,
)
from kwtsms_client.text_rules.html_tags import MAX_NESTING, bracket, find_tags, split_tags

_NUL, _ANGLE = re.compile("\0"), re.compile("<")
_REMOVED_RUN, _RUN = re.compile(b"\1+"), re.compile(b"\0+|\1+")

Matches = Iterator[re.Match[str]]


class TrackedText:
    """Text that is being cleaned, with the original position of each remaining character."""

    def __init__(
        self, written: str, find_more_emoji: Sequence[Callable[[str], Matches]] = ()
    ) -> None:
        self.written = self.text = written  # Its line ends are "\n".
        self.counts: dict[str, Counter[str]] = {}  # By kind: what was removed, and how often.
        self._at = array("I", range(len(written)))
        self._absorbed: set[int] = set()  # Positions of accents that are now part of a letter.
        self._shorten((EMOJI.finditer, *find_more_emoji))
        self._close_gaps()
        self._compose()
        if "<" in self.text and any(find_tags(self.text)):  # An accent has completed a tag.
            self._remove(_ANGLE.finditer(self.text), HTML)
            self._compose()

    def runs(self) -> Iterator[tuple[str, bool]]:
        """The whole text in parts: as the phone shows it or, if removed, as it was written."""
        gone, shown = self._gone(), [""] * len(self.written)
        for char, place in zip(self.text, self._at, strict=True):
            shown[place] += char
        for found in _RUN.finditer(gone):
            begin, end = found.span()
            removed = bool(gone[begin])
            text = self.written[begin:end] if removed else "".join(shown[begin:end])
            if text:
                yield text, removed

    def _shorten(self, find_emoji: Iterable[Callable[[str], Matches]]) -> None:
        """Removes what `clean_message` removes."""
        self._remove(_NUL.finditer(self.text))
        self._remove_tags()
        self.text = self.text.translate(ARABIC_DIGITS)
        for find in find_emoji:
            self._remove(find(self.text), EMOJI_KIND)
        self._remove(HIDDEN.finditer(self.text))
        self._remove(CONTROL.finditer(self.text))
        rounds = 0
        while self._remove_tags():
            rounds += 1
            if rounds == MAX_NESTING:
                self._remove(_ANGLE.finditer(self.text), HTML)

    def _remove(self, matches: Iterable[re.Match[str]], kind: str = "") -> None:
        end, text, at = 0, [], array("I")
        for found in matches:
            self._count(kind or NAMES.get(found[0], CONTROL_KIND), found[0])
            text.append(self.text[end : found.start()])
            at += self._at[end : found.start()]
            end = found.end()
        if end:
            self.text = "".join(text) + self.text[end:]
            self._at = at + self._at[end:]

    def _count(self, kind: str, what: str) -> None:
        self.counts.setdefault(kind, Counter())[what] += 1

    def _remove_tags(self) -> bool:
        """Removes markup, puts round brackets around words, and returns if there was either."""
        markup, words = split_tags(find_tags(self.text))
        if words:
            for tag in words:
                self._count(TAG_NAME, tag[0])
            self.text = bracket(self.text, words)
        self._remove(markup, HTML)
        return bool(markup or words)

    def _compose(self) -> None:
        """Does what `compose` does."""
        if self.text.isascii() or is_normalized("NFC", self.text):
            return
        text: list[str] = []
        end, at = 0, array("I")
        for found in SEQUENCE.finditer(self.text):
            composed = compose_sequence(found)
            if composed == found[0]:
                continue
            pairs = enumerate(zip(composed, found[0], strict=False))
            same = next((number for number, (new, old) in pairs if new != old), 0)
            places = self._at[found.start() + same : found.end()]
            self._absorbed.update(places)
            text += self.text[end : found.start()], composed
            at += self._at[end : found.start() + same] + places[:1] * (len(composed) - same)
            end = found.end()
        self.text = "".join(text) + self.text[end:]
        self._at = at + self._at[end:]

    def _close_gaps(self) -> None:
        """Does what the function of this name does with a text in which the gaps are marked."""
        gaps = [bisect_left(self._at, one.start()) for one in _REMOVED_RUN.finditer(self._gone())]
        if not gaps:
            return
        bounds = (0, *gaps, len(self.text))
        closed = close_gaps(GAP.join(self.text[a:b] for a, b in pairwise(bounds)))
        if closed == self.text:
            return
        # Only blanks are missing in it, so the first character that fits is the right one.
        remaining, at = iter(closed), array("I")
        wanted = next(remaining, None)
        for char, place in zip(self.text, self._at, strict=True):
            if char == wanted:
                at.append(place)
                wanted = next(remaining, None)
        self.text, self._at = closed, at

    def _gone(self) -> bytearray:
        """For each written character 1 if it was removed, else 0."""
        gone = bytearray(b"\1") * len(self.written)
        for place in (*self._at, *self._absorbed):
            gone[place] = 0
        return gone

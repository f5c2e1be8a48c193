"""Cleans texts of what jams the gateway. Performs no I/O.

The gateway accepts and charges a message with emoji or hidden characters, and never delivers it.
Arabic letters and presentation forms are never touched.

Most texts take a fast path, in which loops run in C: one by one or, separated by NULs, as one long
text. `TrackedText` does the same step by step and remembers every character's position; texts with
unusual tags and the reports need it. Tests hold that all give the same results.
"""

import codecs
import re
from collections.abc import Iterable
from typing import overload
from unicodedata import is_normalized

from kwtsms_client.errors import InvalidInput
from kwtsms_client.recipients import BYTES
from kwtsms_client.text_rules.blanks import GAP, close_gaps
from kwtsms_client.text_rules.characters import (
    ARABIC_DIGITS,
    COMMONLY_REMOVED,
    CONTROL,
    HIDDEN,
    LINE_ENDS,
    RARELY_REMOVED,
    compose,
    needs_cleaning,
)
from kwtsms_client.text_rules.html_tags import SURE_TAG, replace_markup
from kwtsms_client.text_rules.tracked_text import TrackedText

__all__ = ["ARABIC_DIGITS", "CONTROL", "HIDDEN", "LINE_ENDS", "clean_message", "require_text"]

# What most texts are cleaned of: removable characters and, behind "<", tags that are surely markup.
# "[x][x]*" is four times as fast as "[x]+", because Python searches for the first.
_REMOVED = re.compile(rf"[<{COMMONLY_REMOVED}](?:(?<!<)[{COMMONLY_REMOVED}]*|(?<=<){SURE_TAG})")
_DIGITS = "".join(map(chr, ARABIC_DIGITS))
_DIGIT_RUN = re.compile(f"[{_DIGITS}][{_DIGITS}]*")
_find_digit = re.compile(f"[{_DIGITS}]").search
# A code page of our own: plain ASCII, Arabic letters and digits. Texts encoded in it are decoded
# with ASCII digits, in a quarter of the time that it takes to replace them.
_PLAIN = "\n" + "".join(map(chr, range(32, 127))).replace("<", "")
_LETTERS = "،؛؟" + "".join(map(chr, range(0x621, 0x653))) + "پچژگکی"
_PAGE = f"\0{GAP}{_PLAIN}{_LETTERS}{_DIGITS}".ljust(256, "\ufffe")  # U+FFFE: no character.
_WRITE = codecs.charmap_build(_PAGE)
_READ_MARKED = _PAGE.translate(ARABIC_DIGITS).replace("\0", "\ufffe")
_READ = _READ_MARKED.replace(GAP, "\ufffe")


@overload
def clean_message(text: str) -> str: ...  # type: ignore[overload-overlap]  # A str is one, too.
@overload
def clean_message(text: Iterable[str]) -> list[str]: ...
def clean_message(text: str | Iterable[str]) -> str | list[str]:
    """Removes what jams the gateway from a text; several texts give a list in the same order.

    Raises:
        InvalidInput: the input is neither a text nor an iterable of texts.
    """
    if isinstance(text, str):
        if text.isascii() and text.isprintable() and "<" not in text:  # True of most texts.
            return text
        found = needs_cleaning(text)
        if found is None:
            return text
        return _clean_digits(text) if found[0] in _DIGITS else _clean(text)
    if isinstance(text, BYTES) or not isinstance(text, Iterable):
        return require_text(text)
    texts = list(text)
    if set(map(type, texts)) - {str}:
        texts = [require_text(one) for one in texts]
    return _clean_all(texts)


def require_text(text: object) -> str:
    """Returns the text, if it is a string.

    Raises:
        InvalidInput: the value is something else, whose `str` must not be sent.
    """
    if not isinstance(text, str):
        raise InvalidInput(f"The message must be text (str); this is {type(text).__name__}.")
    return text


def _clean_digits(text: str) -> str:
    """Cleans a text with Arabic digits; faster if it needs nothing else."""
    try:
        written, _ = codecs.charmap_encode(text, "strict", _WRITE)
        return codecs.charmap_decode(written, "strict", _READ)[0]
    except UnicodeError:  # A character is not in the code page.
        return _clean(text)


def _clean(text: str) -> str:
    """The cleaned text, without a report of the changes."""
    marked = _REMOVED.sub(GAP, text)
    if "\r" in marked:
        marked = LINE_ENDS.sub("\n", marked)
    if "<" in marked and "\0" not in marked:
        marked = _REMOVED.sub(GAP, replace_markup(LINE_ENDS.sub("\n", text), GAP))
    if "<" in marked or "\0" in marked:
        return TrackedText(LINE_ENDS.sub("\n", text)).text
    return _settle(marked)


def _clean_all(texts: list[str]) -> list[str]:
    """Cleans many texts; those that need it are cleaned together."""
    at = [
        number
        for number, one in enumerate(texts)
        if not (one.isascii() and one.isprintable() and "<" not in one) and needs_cleaning(one)
    ]
    joined = "\0".join([texts[number] for number in at])
    if joined.count("\0") >= len(at) > 0:
        return [_clean(one) for one in texts]  # A NUL might join two of them.
    marked = _REMOVED.sub(GAP, joined)
    if "\r" in marked:
        marked = LINE_ENDS.sub("\n", marked)
    for number, one in zip(at, marked.split("\0"), strict=False):
        texts[number] = _clean(texts[number]) if "<" in one else _settle(one)
    return texts


def _settle(marked: str) -> str:
    """The text without the marks of gaps, with ASCII digits, in normal form."""
    if marked.isascii():
        return close_gaps(marked) if GAP in marked else marked
    if _find_digit(marked):
        try:
            written, _ = codecs.charmap_encode(marked, "strict", _WRITE)
        except UnicodeError:
            marked = _DIGIT_RUN.sub(_replace_digits, marked)
        else:
            marked = codecs.charmap_decode(written, "strict", _READ_MARKED)[0]
            return close_gaps(marked) if GAP in marked else marked
    marked = RARELY_REMOVED.sub(GAP, marked)
    text = close_gaps(marked) if GAP in marked else marked
    return text if is_normalized("NFC", text) else compose(text)


def _replace_digits(run: re.Match[str]) -> str:
    return run[0].translate(ARABIC_DIGITS)

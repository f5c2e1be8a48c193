"""Foreign titles and texts as a phone can show them: one line, no markup, cheap characters. Pure.

The result is what the client's cleaning would leave, so that nothing is removed from it later.
"""

import html
import re
from collections.abc import Callable, Sequence
from unicodedata import combining, normalize
from urllib.parse import urlsplit

from kwtsms_client import clean_message
from kwtsms_client.encoding import is_gsm

ARABIC = re.compile("[\u0620-\u064a\u066e-\u06d3\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]")
CUT = ".."
SHORT_WORD = 20  # So much fits into every frame.
MAX_WORD = 120  # A longer one is no word, and leaves no room for any other.
_MAX_READ = 4096
_LINK = re.compile(r"\[([^\[\]\n]{0,200})\]\([^()\s]{0,500}\)")
_URL = re.compile(r"https?://(?:\[[0-9a-f:.]+\][^\s<>()|\[\]\"]*|[^\s<>()|\[\]\"]+)", re.IGNORECASE)
_EMPTY = re.compile(r"[ \t]*(?<!\w)(?:\([ \t]*\)|\[[ \t]*\])")  # What an address or a tag leaves.
_BREAK = re.compile(r"<(?:br|/p|/div|/li|/tr|/h[1-6])\b[^<>]{0,100}>", re.IGNORECASE)
_MARKS = re.compile(r"\*\*|__(?=\S)|(?<=\S)__|~~|`+")
_EMPHASIS = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]{1,200})(?<=\S)\*(?![\w*])")
_LINE_MARKS = re.compile(
    r"^[ \t]*(?:#{1,6}[ \t]+|[-*•][ \t]+|>[ \t]?|[-=*_]{3,}[ \t]*$)", re.MULTILINE
)
_SENTENCE_END = re.compile(r"(?<=[.!?؟۔])\s+(?=\S)")
# "<" before a letter may begin a tag, which the client's cleaning would remove.
_TAG_BEGINNING = re.compile(r"<(?=[\w/!?])")
_LINE_ENDS = ".,;:!?،؛؟"
_END_PUNCTUATION = " .,;:،؛-"
# Characters that would turn a Latin text into Unicode, or count two in it.
_CHEAP = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′`´", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—−", "-"),
        **dict.fromkeys("[{", "("),
        **dict.fromkeys("]}", ")"),
        **dict.fromkeys("|\\", "/"),
        "~": "-",
        "^": "'",
        "…": "...",
        "°": "deg",
        "•": "-",
        "·": "-",
        "×": "x",
        "→": "->",
        "←": "<-",
        "≥": ">=",
        "≤": "<=",
        "µ": "u",
    }
)


def plain_title(title: str) -> str:
    """A title in one line; addresses are shown by their host."""
    return _strip_end(_plain(title, _host))


def plain_text(text: str) -> str:
    """The first sentence of a description; addresses are left out."""
    sentence = _strip_end(_SENTENCE_END.split(_plain(text, lambda _: ""), maxsplit=1)[0])
    return sentence if sentence.strip(CUT) else ""


def is_arabic(text: str) -> bool:
    """Whether the text has Arabic letters."""
    return bool(ARABIC.search(text))


def shorten(text: str, fits: Callable[[str], bool]) -> str:
    """The longest beginning that fits, ended by two dots: whole words and numbers only.

    A word that can't fit at all becomes the two dots itself.
    """
    words = [
        word if len(word) <= SHORT_WORD or fits(word + CUT) else CUT for word in text.split(" ")
    ]
    low, high = 0, len(words)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(_cut(words[:middle])) else (low, middle - 1)
    return _cut(words[:low])


def _cut(words: Sequence[str]) -> str:
    return " ".join(words).rstrip(_END_PUNCTUATION) + CUT


def _plain(text: str, replace_url: Callable[[re.Match[str]], str]) -> str:
    unescaped = html.unescape(text[:_MAX_READ]) if "&" in text else text[:_MAX_READ]
    marked = _LINE_MARKS.sub("", clean_message(_BREAK.sub("\n", unescaped)))
    text = _EMPTY.sub("", _URL.sub(replace_url, _LINK.sub(r"\1", marked)))
    text = _EMPHASIS.sub(r"\1", _MARKS.sub("", text))
    words = (word if len(word) <= MAX_WORD else CUT for word in _join_lines(text).split(" "))
    line = _TAG_BEGINNING.sub("< ", _cheapen(" ".join(words)))
    return clean_message(line).strip()


def _strip_end(text: str) -> str:
    return text if text.endswith(CUT) else text.rstrip(_END_PUNCTUATION)


def _join_lines(text: str) -> str:
    """The lines as sentences of one line."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    *first, last = [line for line in lines if line] or [""]
    return " ".join([*(line if line[-1] in _LINE_ENDS else f"{line}." for line in first), last])


def _host(url: re.Match[str]) -> str:
    try:
        return urlsplit(url[0]).hostname or ""
    except ValueError:
        return ""


def _cheapen(text: str) -> str:
    """The text without characters that cost a Latin page 90 of its 160, as far as they can be."""
    if is_arabic(text):
        return text
    plain = text.translate(_CHEAP)
    return plain if all(map(is_gsm, plain)) else "".join(map(_to_gsm, plain))


def _to_gsm(char: str) -> str:
    if is_gsm(char):
        return char
    letters = "".join(one for one in normalize("NFKD", char) if not combining(one))
    letters = letters.replace("\u2044", "/")  # The slash of a fraction.
    return letters if letters and all(map(is_gsm, letters)) else char

"""The characters that a text is cleaned of, and normal form C. Pure.

Arabic letters, their marks and presentation forms are in none of these sets.
"""

import re
from unicodedata import combining, normalize

ARABIC_DIGITS = {base + n: str(n) for base in (0x0660, 0x06F0) for n in range(10)}
LINE_ENDS = re.compile(r"\r\n?")
# The characters to remove, as ranges: up to U+FFFF, and above. A test compares the control and
# format characters (Cc, Cf; except for \n and \t) with Unicode's own list.
_EMOJI_LOW = (
    "\u2600-\u27bf\u231a\u231b\u2328\u23cf\u23e9-\u23fa\u24c2\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe"
    "\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d\u3297\u3299\u203c\u2049\u20e3\ufe00-\ufe0f"
)
_EMOJI_HIGH = "\U0001f000-\U0001faff\U000e0000-\U000e007f"  # Faces, flags, tiles, pictographs, …
_HIDDEN_LOW = "\u200b-\u200d\u2060\u00ad\ufeff\ufffc"
_CONTROL_LOW = (
    "\x01-\x08\x0b-\x1f\x7f-\x9f\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e"
    "\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff"  # Surrogates: halves of characters.
)
_CONTROL_HIGH = (
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0001\U000e0020-\U000e007f"
)
EMOJI = re.compile(f"[{_EMOJI_LOW}{_EMOJI_HIGH}]")
HIDDEN = re.compile(f"[{_HIDDEN_LOW}]")
CONTROL = re.compile(f"[\0{_CONTROL_LOW}{_CONTROL_HIGH}]")
# The usual ones of them but "\r", which becomes a line end. A single range above U+FFFF halves the
# time of a search.
COMMONLY_REMOVED = f"{_EMOJI_LOW}{_HIDDEN_LOW}{_CONTROL_LOW}\U0001f000-\U0001faff".replace(
    "\x0b-\x1f", "\x0b\x0c\x0e-\x1f"
)
RARELY_REMOVED = re.compile(f"[{_EMOJI_HIGH}{_CONTROL_HIGH}]+")
# Characters that normal form C may change or join to the previous one, and a few beside them; no
# Arabic ones. A test compares them with Unicode's own data.
_COMPOSING = (
    "\u0300-\u0387\u0483-\u0487\u0591-\u05c7\u0711\u0730-\u074a\u07eb-\u07fd\u0816-\u082d"
    "\u0859-\u085b\u093c-\u095f\u09bc-\u09df\u09fe\u0a33-\u0a5e\u0abc-\u0acd\u0b3c-\u0b5d"
    "\u0bbe-\u0bd7\u0c3c-\u0c56\u0cbc-\u0cd6\u0d3b-\u0d57\u0dca-\u0ddf\u0e38-\u0e4b\u0eb8-\u0ecb"
    "\u0f18-\u0f19\u0f35-\u0fc6\u102e-\u103a\u108d\u1161-\u1175\u11a8-\u11c2\u135d-\u135f"
    "\u1714-\u1715\u1734\u17d2-\u17dd\u18a9\u1939-\u193b\u1a17-\u1a18\u1a60\u1a75-\u1a7f"
    "\u1ab0-\u1ace\u1b34-\u1b44\u1b6b-\u1b73\u1baa-\u1bab\u1be6-\u1bf3\u1c37\u1cd0-\u1cf9"
    "\u1dc0-\u1dff\u1f71-\u1f7d\u1fbb-\u2001\u20d0-\u20f0\u2126-\u212b\u2329-\u232a\u2adc"
    "\u2cef-\u2cf1\u2d7f\u2de0-\u2dff\u302a-\u302f\u3099-\u309a\ua66f-\ua67d\ua69e-\ua69f"
    "\ua6f0-\ua6f1\ua806\ua82c\ua8c4\ua8e0-\ua8f1\ua92b-\ua92d\ua953\ua9b3-\ua9c0\uaab0-\uaac1"
    "\uaaf6\uabed\uf900-\ufad9\ufb1d-\ufb4e\ufe20-\ufe2f\U00010000-\U0010ffff"
)
SEQUENCE = re.compile(f"[^{_COMPOSING}]?[{_COMPOSING}]+")
_ARABIC = re.compile("[\u0600-\u06ff\u0750-\u077f\u0870-\u08ff\ufb50-\ufdff\ufe70-\ufefc]")
# A text without any of these characters is already clean.
needs_cleaning = re.compile(
    f"[\0<\u0660-\u0669\u06f0-\u06f9{_EMOJI_LOW}{_HIDDEN_LOW}{_CONTROL_LOW}{_COMPOSING}]"
).search
# The kinds of what is removed or changed.
DIGIT, HTML, EMOJI_KIND, CONTROL_KIND = "Arabic digit", "HTML tag", "emoji", "control character"
TAG_NAME = "tag name"  # A word in angle brackets, which is kept in round ones.
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


def compose(text: str) -> str:
    """The text in normal form C: an accent and its letter become one character.

    Arabic letters and their marks stay as typed: normal form would change the order of the marks.
    """
    return SEQUENCE.sub(compose_sequence, text)


def compose_sequence(found: re.Match[str]) -> str:
    """The replacement for a match of `SEQUENCE`: a character with all that may join to it."""
    sequence, typed = found[0], 0
    if _ARABIC.match(sequence):
        marks = enumerate(sequence[1:], start=1)
        typed = next((at for at, char in marks if not combining(char)), len(sequence))
    return sequence[:typed] + normalize("NFC", sequence[typed:])

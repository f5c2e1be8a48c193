"""Turns emoji into the shortcodes of Slack's messages and commands, and back. Pure.

A character that is text unless U+FE0F follows it, such as ©, stays without one.
"""

import re

from kwtsms_sandbox.slack.emoji_codes import CODES

_SKIN_COLOURS = {"🏻": "2", "🏼": "3", "🏽": "4", "🏾": "5", "🏿": "6"}
_FIRST = frozenset(emoji[0] for emoji in CODES)
_LONGEST = max(map(len, CODES)) + 2  # Two people may have a skin tone each.
_EMOJI = {name: emoji for emoji, name in CODES.items()}
_SHORTCODE = re.compile(r":([a-z0-9_+'-]+):")


def to_shortcodes(text: str) -> str:
    """Returns the text with `:fire:` for 🔥, and `:wave::skin-tone-4:` for 👋🏽."""
    parts: list[str] = []
    at = 0
    while at < len(text):
        end, code = _longest_emoji(text, at) if text[at] in _FIRST else (at + 1, text[at])
        parts.append(code)
        at = end
    return "".join(parts)


def to_emoji(text: str) -> str:
    """Returns the text with 🔥 for `:fire:`; unknown names stay as they are."""
    return _SHORTCODE.sub(lambda found: _EMOJI.get(found[1], found[0]), text)


def _longest_emoji(text: str, at: int) -> tuple[int, str]:
    """Returns where the longest emoji at this place ends, and its shortcode."""
    for end in range(min(len(text), at + _LONGEST), at, -1):
        code = _shortcode(text[at:end])
        if code:
            return end, code
    return at + 1, text[at]


def _shortcode(emoji: str) -> str | None:
    if emoji in CODES:
        return f":{CODES[emoji]}:"
    colours = dict.fromkeys(_SKIN_COLOURS[char] for char in emoji if char in _SKIN_COLOURS)
    if not colours:
        return None
    plain = "".join(char for char in emoji if char not in _SKIN_COLOURS)
    # A skin tone takes the place of U+FE0F.
    name = CODES.get(plain) or CODES.get(f"{plain[:1]}\ufe0f{plain[1:]}")
    return f":{name}::skin-tone-{'-'.join(colours)}:" if name else None

"""Cleans names and texts that others wrote, before they stand among ours. Pure.

A name is free text: with a direction override it rewrites the sentence around it, and Slack shows
its emoji codes and asterisks as pictures and bold text.
"""

import re
import unicodedata

MAX_NAME = 80
JOINERS = "\u200c\u200d"  # Persian and Indic names are written with them.
EMOJI_CODE = re.compile(r":[\w+'-]+:")
# A code with a letter: a time such as 10:30:20 is none.
_NAMED_EMOJI_CODE = re.compile(r":(?=[\w+'-]*[a-z+])[\w+'-]+:", re.IGNORECASE)
_EDGE_UNDERSCORE = re.compile(r"(?<!\w)_|_(?!\w)")  # Slack's italics begin and end with them.
RATIO, LOW_MACRON = "\u2236", "\u02cd"  # They look like a colon and an underscore.
_MARKS = str.maketrans({"*": "∗", "~": "∼", "`": "ʼ"})
_INVISIBLE_CATEGORIES = ("Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn")


def clean_text(text: str) -> str:
    """Returns one line without emoji codes, direction controls and other invisible characters."""
    return _strip(text, _NAMED_EMOJI_CODE)


def literal_text(text: str) -> str:
    """Returns one line that Slack shows as it is: look-alikes take the place of its marks."""
    without_codes = _NAMED_EMOJI_CODE.sub(lambda code: code[0].replace(":", RATIO), text)
    return _EDGE_UNDERSCORE.sub(LOW_MACRON, clean_text(without_codes).translate(_MARKS))


def clean_name(name: str) -> str:
    """Returns a name of at most 80 characters that formats nothing; empty if nothing is left."""
    return _strip(name, EMOJI_CODE).translate(_MARKS)[:MAX_NAME].strip()


def _strip(text: str, codes: re.Pattern[str]) -> str:
    visible = "".join(char for char in _spaced(text) if _is_visible(char))
    while (left := codes.sub("", visible)) != visible:  # What is left may be a code again.
        visible = left
    return visible.strip()


def _spaced(text: str) -> str:
    return re.sub(r"[\s\u2028\u2029]+", " ", text)


def _is_visible(char: str) -> bool:
    return char in JOINERS or unicodedata.category(char) not in _INVISIBLE_CATEGORIES

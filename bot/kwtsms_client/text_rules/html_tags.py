"""HTML tags in a text: finds them, and separates markup from words in angle brackets. Pure.

`<b>now</b>` is markup, and the phone shows its content only. `cp <source>` is text: there the word
between the brackets is what the author means.
"""

import re
from collections.abc import Iterable, Iterator

MAX_NESTING = 8  # Rounds in which a change may form a new tag; real texts do not need more.
# A tag has a name and well-formed attributes, so `a<b && c>d` survives. It contains no other "<",
# so that the search takes linear time, and no NUL, which separates the texts of a batch.
_LETTER = "a-zA-Z\u0130\u0131\u017f\u212a"  # Those that are letters of ASCII in another case, too.
_ATTRIBUTES = (
    rf"(?:\s+[{_LETTER}_:@][\w:.@-]*(?:\s*=\s*"
    r"(?:\"[^\"<>\0]*\"|'[^'<>\0]*'|[^\s\"'=<>`\0]+))?)*"
)
_TAG_PATTERN = (
    rf"<![dD][oO][cC][tT][yY][pP][eE][^<>\0]*>|</[{_LETTER}][{_LETTER}0-9-]*\s*>|"
    rf"<[{_LETTER}][{_LETTER}0-9-]*{_ATTRIBUTES}\s*/?>"
)
_TAG = re.compile(_TAG_PATTERN)
_COMMENT_OR_TAG = re.compile(f"<!--.*?-->|{_TAG_PATTERN}", re.DOTALL)
_NAME = re.compile(rf"<(/?)([{_LETTER}][{_LETTER}0-9-]*)")
# Markup even without a partner: HTML does not ask for one, and the letters are for bold and italic.
_SINGLE = ("br", "hr", "wbr", "p", "li", "dt", "dd", "td", "th", "tr", "thead", "tbody", "tfoot")
_LETTERS = ("b", "i", "u", "s")
_ALWAYS_MARKUP = frozenset(_SINGLE + _LETTERS)
# HTML's elements, which are markup if the tag has attributes with values.
ELEMENTS = _ALWAYS_MARKUP.union(
    """
    a abbr acronym address area article aside audio base bdi bdo big blink blockquote body button
    canvas caption center cite code col colgroup data datalist del details dfn dialog dir div dl em
    embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header
    hgroup html iframe img input ins kbd label legend link main map mark marquee math menu meta
    meter nav nobr noframes noscript object ol optgroup option output param picture pre progress q
    rp rt ruby samp script search section select slot small source span strike strong style sub
    summary sup svg table template textarea time title track tt ul var video
    """.split()  # noqa: SIM905 - A list of words reads better than a page of strings.
)


def _any_case(name: str) -> str:
    return "".join(f"[{char}{char.upper()}]" if char.isalpha() else char for char in name)


_NAMES = "|".join(map(_any_case, (*_LETTERS, *_SINGLE)))
# Behind its "<", a tag that is markup whatever else the text contains.
SURE_TAG = rf"(?:/(?:{_NAMES})\s*>|(?:{_NAMES})(?:>|{_ATTRIBUTES}\s*/?>))"


def find_tags(text: str) -> Iterator[re.Match[str]]:
    """The tags and comments in a text, from left to right."""
    end = _comments_end(text)
    yield from _COMMENT_OR_TAG.finditer(text, 0, end)
    yield from _TAG.finditer(text, end)


def split_tags(
    tags: Iterable[re.Match[str]],
) -> tuple[list[re.Match[str]], list[re.Match[str]]]:
    """The tags that are markup, and those that are words in angle brackets.

    A tag is markup if its element is closed in the same text, or need not be closed, or if it is an
    element of HTML with attributes. So `<id>` and `<button>` are words where nothing closes them.
    """
    found = [(tag, *_name(tag[0])) for tag in tags]
    opened = {name for _, name, closing in found if not closing}
    closed = {name for _, name, closing in found if closing}
    surely = _ALWAYS_MARKUP | (opened & closed) | {""}
    markup: list[re.Match[str]] = []
    words: list[re.Match[str]] = []
    for tag, name, _ in found:
        with_values = name in ELEMENTS and "=" in tag[0]
        (markup if name in surely or with_values else words).append(tag)
    return markup, words


def replace_markup(text: str, mark: str) -> str:
    """The text with the mark in the place of each tag; the text itself if a tag is a word."""
    markup, words = split_tags(find_tags(text))
    if words:
        return text
    ends = [0, *(tag.end() for tag in markup)]
    begins = [*(tag.start() for tag in markup), len(text)]
    return mark.join([text[end:begin] for end, begin in zip(ends, begins, strict=True)])


def in_round_brackets(text: str) -> str:
    """The text with round brackets around every tag's content: nothing in it is markup."""
    for _ in range(MAX_NESTING):
        tags = list(find_tags(text))
        if not tags:
            return text
        text = bracket(text, tags)
    return text.replace("<", "(").replace(">", ")")


def bracket(text: str, tags: Iterable[re.Match[str]]) -> str:
    """The text with round brackets around the content of these tags in it."""
    chars = list(text)
    for tag in tags:
        chars[tag.start()], chars[tag.end() - 1] = "(", ")"
    return "".join(chars)


def is_element(tag: str) -> bool:
    """Whether HTML knows the element of a tag."""
    return _name(tag)[0] in ELEMENTS


def _name(tag: str) -> tuple[str, bool]:
    """The element's name and whether the tag closes it; no name for a comment or a doctype."""
    found = _NAME.match(tag)
    return (found[2].lower(), bool(found[1])) if found else ("", False)


def _comments_end(text: str) -> int:
    """The position behind the last comment's end: a search for comments beyond it is slow."""
    return text.rfind("-->") + 3 if "-->" in text else 0

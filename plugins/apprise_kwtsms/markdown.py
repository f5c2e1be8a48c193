"""Converts Markdown to text for phones, as CommonMark reads it; bare addresses stay whole. Pure.

`markdown_it` is imported on first use: most notifications are plain text.
"""

import html
import re
from collections.abc import MutableMapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from apprise_kwtsms.plain_text import from_html
from kwtsms_client.text_rules.html_tags import find_tags, in_round_brackets, split_tags

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

MAX_NESTING = 100  # Of quotes and lists; what is nested deeper is left out.
WORDS = "words"
_SCHEME = re.compile(r"(?<![a-zA-Z0-9])https?\Z", re.IGNORECASE)
# Brackets are part of an address in pairs only: "(see https://example.com/a_(b))".
_CHAR = r"[^\s<>()\[\]\"`]"
_REST = re.compile(rf"://(?:{_CHAR}|\({_CHAR}*\)|\[{_CHAR}*\])+")
_END_OF_SENTENCE = ".,:;!?'"
_MARKS = re.compile(r"(?:\*+|_+|~+)\Z")


def from_markdown(source: str) -> str:
    """The text of Markdown; links keep their address, and lists their marks."""
    words = {tag[0] for tag in split_tags(find_tags(source))[1]}
    rendered = _parser().render(source.replace("\0", ""), {WORDS: words})
    return from_html(rendered, images=True) or source


@cache
def _parser() -> "MarkdownIt":
    """CommonMark with tables and strikethrough, in which line ends stay and addresses are whole."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 - for Markdown only.

    parser = MarkdownIt("commonmark", {"breaks": True, "maxNesting": MAX_NESTING})
    parser.enable(["table", "strikethrough"])
    parser.inline.ruler.before("linkify", "bare_address", _bare_address)
    for name in ("normalizeLink", "normalizeLinkText"):  # Addresses stay as they were written.
        setattr(parser, name, str)
    setattr(parser, "validateLink", lambda _url: True)  # noqa: B010 - mypy allows no assignment.
    parser.add_render_rule("html_inline", _render_html)
    parser.add_render_rule("html_block", _render_html)
    return parser


def _bare_address(state: "StateInline", silent: bool) -> bool:  # noqa: FBT001 - markdown_it's form.
    """Takes an http(s) address as text, so that `_` and `*` in it are no emphasis."""
    from markdown_it.common.utils import unescapeAll  # noqa: PLC0415 - for Markdown only.

    if state.src[state.pos] != ":":
        return False
    scheme = _SCHEME.search(state.src, max(0, state.pos - len("-https")), state.pos)
    found = _REST.match(state.src, state.pos, state.posMax)
    if not (scheme and found):
        return False
    address = _without_end(found[0], state.src[: scheme.start()])
    if len(address) <= len("://"):
        return False
    if not silent:
        state.pending += unescapeAll(address)
    state.pos += len(address)
    return True


def _without_end(address: str, before: str) -> str:
    """The address without the end of the sentence, and without marks that close earlier ones."""
    address = address.rstrip(_END_OF_SENTENCE)
    marks = _MARKS.search(address)
    if not marks:
        return address
    mark = re.escape(marks[0][0])
    opening = rf"(?<!{mark}){re.escape(marks[0])}(?!{mark})(?!\s)"
    return _without_end(address[: marks.start()], before) if re.search(opening, before) else address


def _render_html(
    _renderer: Any,
    tokens: "Sequence[Token]",
    at: int,
    _options: Any,
    env: MutableMapping[str, Any],
) -> str:
    """HTML within Markdown, with words in angle brackets as words."""
    source = tokens[at].content
    for word in env[WORDS]:
        source = source.replace(word, html.escape(in_round_brackets(word)))
    return source

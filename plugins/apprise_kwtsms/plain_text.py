"""Converts HTML to text for phones; links keep their address. Pure."""

import html
import re
from html.parser import HTMLParser

from kwtsms_client.text_rules.html_tags import (
    bracket,
    find_tags,
    in_round_brackets,
    is_element,
    split_tags,
)

_BLOCKS = frozenset(
    """
    address article aside body caption center dd details dialog dir div dl dt fieldset figcaption
    figure footer form header hgroup hr legend li main menu nav ol optgroup option search section
    select summary table tbody tfoot thead tr ul
    """.split()  # noqa: SIM905 - A list of words reads better than a page of strings.
)
_PARAGRAPHS = frozenset({"blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "p", "pre"})
_CELLS = frozenset({"td", "th"})
_HIDDEN = frozenset({"script", "style", "template", "title"})
_LISTS = frozenset({"dir", "menu", "ol", "ul"})
_SPACES = re.compile(r"\s+")
_LINE_BLANKS = re.compile(r"[^\S\n]+$", re.MULTILINE)
_HREF = re.compile(r"""\shref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""", re.IGNORECASE)
_PARAMETER = re.compile(r"&(?!#?\w+;)")  # In an address, `&copy=1` is a parameter and no entity.


def from_html(source: str, *, images: bool = False) -> str:
    """The text of HTML, a line for each block; with `images`, their texts and addresses as well."""
    # An unknown element that nothing closes is a word: <id>, <your-name>.
    words = [
        tag
        for tag in split_tags(find_tags(source))[1]
        if not is_element(tag[0]) and "=" not in tag[0]
    ]
    reader = _TextExtractor(images=images)
    reader.feed(bracket(source, words))
    reader.close()
    return in_round_brackets(reader.text())


class _TextExtractor(HTMLParser):
    """Collects the text of HTML, with blanks and line ends as a browser shows them."""

    def __init__(self, *, images: bool) -> None:
        super().__init__(convert_charrefs=True)
        self._images = images
        self._parts: list[str] = []
        # To be written before the next text: line ends, or else a blank; then a list item's mark.
        self._line_ends, self._blank, self._mark = 0, False, ""
        self._hidden = self._pre = 0
        self._pre_begins = False
        self._lists: list[int | None] = []  # The next number; None in a list without numbers.
        self._link: tuple[str, int] | None = None  # Its address, and the part that it begins with.

    def text(self) -> str:
        """The collected text."""
        self._end_link()
        return _LINE_BLANKS.sub("", "".join(self._parts))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self._begin_block(tag)
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag in _LISTS:
            self._begin_list(tag, values.get("start", ""))
        elif tag == "li":
            self._begin_item(values.get("value", ""))
        elif tag == "br":
            self._line_ends = min(self._line_ends + 1, 2)
        elif tag in _CELLS:
            self._blank = True
        elif tag == "pre":
            self._pre, self._pre_begins = self._pre + 1, True
        elif tag in ("a", "img"):
            self._begin_link(tag, values)

    def handle_endtag(self, tag: str) -> None:
        if tag == "li":
            self._mark = ""
        self._begin_block(tag)
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag in _LISTS and self._lists:
            self._lists.pop()
        elif tag == "pre":
            self._pre = max(0, self._pre - 1)
        elif tag == "a":
            self._end_link()

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if self._pre:
            self._write_lines(data)
            return
        text = _SPACES.sub(" ", data)
        self._blank = self._blank or text.startswith(" ")
        self._write(text.strip())
        self._blank = self._blank or text.endswith(" ")

    def _begin_block(self, tag: str) -> None:
        """Begins a line with a block, and a paragraph after an empty line, but not in a list."""
        if self._mark:
            return
        if tag in _BLOCKS or (tag in _PARAGRAPHS and self._lists):
            self._line_ends = max(self._line_ends, 1)
        elif tag in _PARAGRAPHS:
            self._line_ends = 2

    def _begin_list(self, tag: str, start: str) -> None:
        self._line_ends = min(self._line_ends, 1)
        number = int(start) if start.isdecimal() else 1
        self._lists.append(number if tag == "ol" else None)

    def _begin_item(self, value: str) -> None:
        self._line_ends = 1
        number = self._lists[-1] if self._lists else None
        if number is None:
            self._mark = "- "
            return
        number = int(value) if value.isdecimal() else number
        self._mark, self._lists[-1] = f"{number}. ", number + 1

    def _write_lines(self, data: str) -> None:
        """Writes preformatted text."""
        if self._pre_begins:  # A line end right behind the tag is no text.
            data, self._pre_begins = data.removeprefix("\n"), False
        first, *others = data.split("\n")
        self._write(first.replace("\t", " "))
        for line in others:
            self._line_ends += 1
            self._write(line.replace("\t", " "))

    def _write(self, text: str) -> None:
        if not text:
            return
        if self._parts:
            self._parts.append("\n" * self._line_ends or " " * self._blank)
        self._parts += [self._mark, text]
        self._line_ends, self._blank, self._mark = 0, False, ""

    def _begin_link(self, tag: str, values: dict[str, str]) -> None:
        if tag == "a":
            self._end_link()
            self._link = (self._address(), len(self._parts))
        elif self._images:
            self._write(_with_address(values.get("alt", ""), values.get("src", "")))

    def _address(self) -> str:
        """The address of a link whose tag was just read, as its author wrote it."""
        found = _HREF.search(self.get_starttag_text() or "")
        raw = next((one for one in found.groups() if one is not None), "") if found else ""
        return html.unescape(_PARAMETER.sub("&amp;", raw)).strip()

    def _end_link(self) -> None:
        """Adds the address to the text of the link that is open, if one is."""
        if self._link is None:
            return
        address, start = self._link
        self._link = None
        text = "".join(self._parts[start:])
        if not text.strip():
            self._write(address)
        elif address:
            visible = text.lstrip()
            blanks = text[: len(text) - len(visible)]
            self._parts[start:] = [blanks + _with_address(visible, address)]


def _with_address(text: str, address: str) -> str:
    """A link's text with its address, unless they are the same."""
    text = text.strip()
    same = not address or address in (text, f"mailto:{text}", f"tel:{text}")
    if text and same:
        return text
    return f"{text} ({address})" if text else address

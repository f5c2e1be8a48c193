"""Converts HTML and Markdown to text for phones; links keep their address. Pure."""

import re
from html.parser import HTMLParser

_BLOCKS = frozenset(
    {"address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4"}
    | {"h5", "h6", "hr", "li", "ol", "p", "pre", "section", "table", "tr", "ul"}
)
_HIDDEN_TAGS = frozenset({"head", "script", "style", "title"})
_LINK = re.compile(r"!?\[([^\]\n]*)\]\((\S+?)(?:\s+\"[^\"\n]*\")?\)")
_EMPHASIS = re.compile(r"(\*\*|__|~~|\*|`{1,3})(?=\S)(.+?)(?<=\S)\1", re.DOTALL)
_LINE_MARKS = re.compile(r"^ {0,3}(?:#{1,6} +|> ?)", re.MULTILINE)
_BLANKS = re.compile(r"[^\S\n]+")
_EMPTY_LINES = re.compile(r"\n{3,}")


def from_html(html: str) -> str:
    """The text of `html`, a line for each block."""
    reader = _TextExtractor()
    reader.feed(html)
    reader.close()
    return tidy("".join(reader.parts))


def from_markdown(markdown: str) -> str:
    """`markdown` without its marks."""
    text = _LINK.sub(lambda link: _with_address(link[1], link[2]), markdown)
    text = _LINE_MARKS.sub("", text)
    return tidy(_EMPHASIS.sub(r"\2", text))


def tidy(text: str) -> str:
    """Removes blanks around lines, double blanks, and repeated empty lines."""
    lines = (_BLANKS.sub(" ", line).strip() for line in text.splitlines())
    return _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip()


def _with_address(text: str, address: str) -> str:
    text = text.strip()
    return address if not text or text == address else f"{text} ({address})"


class _TextExtractor(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden_depth = 0
        self._link: tuple[str, int] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN_TAGS:
            self._hidden_depth += 1
        elif tag in _BLOCKS:
            self.parts.append("\n")
        if tag == "li":
            self.parts.append("- ")
        if tag == "a":
            self._link = (dict(attrs).get("href") or "", len(self.parts))

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN_TAGS:
            self._hidden_depth = max(0, self._hidden_depth - 1)
        elif tag in _BLOCKS:
            self.parts.append("\n")
        if tag == "a" and self._link:
            address, start = self._link
            text = "".join(self.parts[start:])
            if address:
                self.parts[start:] = [_with_address(text, address)]
            self._link = None

    def handle_data(self, data: str) -> None:
        if not self._hidden_depth:
            self.parts.append(_BLANKS.sub(" ", data.replace("\n", " ")))

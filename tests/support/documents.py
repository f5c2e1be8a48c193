"""The pages of the documentation: their links, anchors and code."""

import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")),
        ROOT / "examples" / "README.md",
        *ROOT.glob("docs/**/*.md"),
    ]
)
_FENCE = re.compile(r"^ *```(\w*)[^\n]*\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?://|mailto:)([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+?) *#*$", re.MULTILINE)


def name_of(page: Path) -> str:
    """The path of a page from the root of the repository."""
    return page.relative_to(ROOT).as_posix()


@cache
def text_of(page: Path) -> str:
    """The text of a page."""
    return page.read_text("utf-8")


def links(page: Path) -> list[str]:
    """The relative links and anchors of a page, code left out."""
    prose = re.sub(r"`[^`\n]*`", "", _FENCE.sub("", text_of(page)))
    return _LINK.findall(prose)


@cache
def anchors(page: Path) -> frozenset[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    return frozenset(slug(heading) for heading in _HEADING.findall(_FENCE.sub("", text_of(page))))


def slug(heading: str) -> str:
    """The anchor of a heading."""
    label = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").replace("*", "")
    return re.sub(r"[^\w\- ]", "", label.strip().lower()).replace(" ", "-")


def blocks(page: Path, *languages: str) -> list[str]:
    """The fenced blocks of a page in these languages."""
    return [code for language, code in _FENCE.findall(text_of(page)) if language in languages]


def shell_lines(page: Path) -> list[str]:
    """The lines of shell code in a page: fenced blocks and indented lines, without comments."""
    fenced = [line for block in blocks(page, "sh", "bash", "") for line in block.splitlines()]
    indented = re.findall(r"^ {4,}(.+)$", _FENCE.sub("", text_of(page)), re.MULTILINE)
    return [re.sub(r"(^|\s)#\s.*", "", line).strip() for line in (*fenced, *indented)]


def inline_code(page: Path) -> list[str]:
    """The code between back quotes in a page's text."""
    return re.findall(r"`([^`\n]+)`", _FENCE.sub("", text_of(page)))


def prose_lines(page: Path) -> list[str]:
    """The lines of a page's paragraphs: no code, table, list, heading or picture."""
    lines = _FENCE.sub("", text_of(page)).splitlines()
    return [line for line in lines if line and re.match(r"(?!\d+\. )[^\s|#<!\-*]|\*\*", line)]

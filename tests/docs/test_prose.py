"""The pages are easy to read: an audience, one sentence a line, short cells."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.documents import PAGES, ROOT, name_of, prose_lines, text_of

RECORDS = ROOT / "docs" / "adr"
ENGLISH = [page for page in PAGES if page.parent.name != "ar"]
GUIDES = [page for page in ENGLISH if page.parent != RECORDS and page != ROOT / "README.md"]
WRITTEN = [page for page in ENGLISH if page != ROOT / "docs" / "configuration.md"]
MAX_CELL = 200
SECOND_SENTENCE = re.compile(r"[a-z0-9)`*”][.?!] +[A-Z“*`]")
END = re.compile(r"[.:?!)·…]\**$|^\W*<|^\[[^\]]*\]\([^)]*\)$|^!\[|\*\*:$")


@pytest.mark.parametrize("page", GUIDES, ids=name_of)
def test_the_first_line_names_the_readers(page: Path) -> None:
    """The paragraph below the title names the readers of the page."""
    assert prose_lines(page)[0].startswith("For ")


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_a_line_is_one_sentence(page: Path) -> None:
    """A paragraph's line has one sentence, and a sentence is not broken into lines."""
    several = [line for line in prose_lines(page) if SECOND_SENTENCE.search(line)]
    broken = [line for line in prose_lines(page) if not END.search(line)]

    assert (several, broken) == ([], [])


def cells(page: Path) -> Iterator[str]:
    """The cells of a page's tables."""
    for line in text_of(page).splitlines():
        if line.startswith("|"):
            yield from (cell.strip() for cell in line.strip("|").split("|"))


@pytest.mark.parametrize("page", ENGLISH, ids=name_of)
def test_cells_are_short(page: Path) -> None:
    """A cell of a table is at most two short sentences."""
    assert [cell for cell in cells(page) if len(cell) > MAX_CELL] == []

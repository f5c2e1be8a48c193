"""Links between the pages lead to a page and to a heading that is there."""

from pathlib import Path

import pytest

from support.documents import PAGES, anchors, links, name_of, slug


def is_dead(page: Path, link: str) -> bool:
    """Whether a link's file or anchor does not exist."""
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return True
    return bool(anchor) and target.suffix == ".md" and anchor not in anchors(target)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_link_is_dead(page: Path) -> None:
    """Every relative link and picture exists, and so does the heading behind #."""
    assert [link for link in links(page) if is_dead(page, link)] == []


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("kwtSMS error codes", "kwtsms-error-codes"),
        ("`limits.quiet_hours`", "limitsquiet_hours"),
        ("When kwtSMS's answers can't be read", "when-kwtsmss-answers-cant-be-read"),
    ],
)
def test_anchors_are_githubs(heading: str, anchor: str) -> None:
    """An anchor is the heading in small letters, without signs, with hyphens for blanks."""
    assert slug(heading) == anchor

"""The documentation site is complete and loads nothing from elsewhere."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from support.documents import PAGES, ROOT

SCRIPT = runpy.run_path(str(ROOT / "scripts" / "docs_site"))
# Attributes by which a browser loads something; a link that a reader follows is none.
LOADED = re.compile(
    r"<(?:script|img|iframe|source|video|audio)\b[^>]*\bsrc=\"?([^\s\">]+)"
    r"|<link\b(?![^>]*\brel=\"?canonical)[^>]*\bhref=\"?([^\s\">]+)"
)
IN_CSS = re.compile(r"(?:url\(|@import )[\"']?((?:https?:)?//[^\"')\s]+)")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    folder = tmp_path_factory.mktemp("site")
    SCRIPT["collect"](target=folder / "docs")
    config = (ROOT / "mkdocs.yml").read_text("utf-8")
    config = config.replace("build/docs", "docs").replace("build/site", "site")
    (folder / "mkdocs.yml").write_text(config, "utf-8")
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict"],
        cwd=folder,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        check=True,
    )
    return folder / "site"


@pytest.mark.program
def test_every_page_is_in_the_site(site: Path) -> None:
    """Each page of the repository has its HTML page, but the README that leads to them."""
    places = [SCRIPT["place"](page.relative_to(ROOT).as_posix()) for page in PAGES]
    pages = [one.replace("README.md", "index.html").replace(".md", ".html") for one in places]

    assert [page for page in pages if not (site / page).exists()] == []


@pytest.mark.program
def test_no_page_loads_anything_from_elsewhere(site: Path) -> None:
    """Scripts, styles, fonts and pictures are files of the site."""
    html = {match for page in site.rglob("*.html") for match in LOADED.findall(page.read_text())}
    css = {url for sheet in site.rglob("*.css") for url in IN_CSS.findall(sheet.read_text())}
    loaded = {one for pair in html for one in pair if one} | css

    assert len(loaded) > 3
    assert [url for url in loaded if re.match(r"(https?:)?//", url)] == []


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        ("docs/outbox.md", "[a](cli.md#bulk)", "[a](cli.md#bulk)"),
        ("docs/outbox.md", "[a](../CHANGELOG.md)", "[a](changelog.md)"),
        ("docs/adr/README.md", "[a](../../CONTRIBUTING.md)", "[a](../contributing.md)"),
        ("CONTRIBUTING.md", "[a](docs/adr/README.md)", "[a](adr/README.md)"),
        ("docs/cli.md", "[the file](../config.yaml.example)", "the file"),
        ("docs/cli.md", "![a](images/form.png)", "![a](images/form.png)"),
        ("docs/cli.md", "[a](https://example.com/b.md)", "[a](https://example.com/b.md)"),
    ],
)
def test_links_lead_to_the_place_in_the_site(source: str, text: str, expected: str) -> None:
    """A link is rewritten for the site, and dropped if its file is no page of it."""
    assert SCRIPT["relink"](text, source) == expected

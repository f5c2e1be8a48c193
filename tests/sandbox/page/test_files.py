"""The browser loads files of the static folder only: short ones, without a way to parse mark-up."""

import re
from pathlib import Path

import pytest
from aiohttp import ClientSession

from kwtsms_sandbox.page.server import STATIC
from support.page import Page

FILES = sorted(STATIC.iterdir())
SCRIPTS = [file for file in FILES if file.suffix == ".js"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
async def test_a_file_is_served_and_names_no_other_server(file: Path, page: Page) -> None:
    """Every file is served and names no other server, apart from W3C name spaces."""
    async with (
        ClientSession(trust_env=False) as http,
        http.get(f"{page.url}/static/{file.name}") as response,
    ):
        text = await response.text()

    assert response.status == 200
    assert re.findall(r"https?://(?!www\.w3\.org/)\w+", text) == []


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: file.name)
def test_a_script_says_what_it_does_and_parses_no_markup(file: Path) -> None:
    """A script begins with a comment, and builds elements instead of parsing mark-up."""
    text = file.read_text()

    assert text.startswith("/**")
    assert re.findall(r"(inner|outer)HTML|insertAdjacentHTML|document\.write|eval\(", text) == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_stays_short(file: Path) -> None:
    """Every file has at most 250 lines."""
    assert len(file.read_text().splitlines()) <= 250

"""CommonMark's own examples, from the source distribution of a Python package.

They are part of the specification, which is under CC-BY-SA 4.0, so they are read from there and not
copied into this repository.
"""

import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

PACKAGE = "marko-2.2.4"  # With the examples of CommonMark 0.31.2.
CACHE = Path(sys.prefix) / "commonmark-spec"
FENCE = "`" * 32


@dataclass(frozen=True, slots=True)
class Example:
    """Example of the specification: Markdown, and the HTML that it means."""

    section: str
    markdown: str
    html: str


def examples() -> list[Example]:
    """All examples of the specification; skips the test if they cannot be downloaded."""
    archive = CACHE / f"{PACKAGE}.tar.gz"
    if not archive.exists():
        CACHE.mkdir(exist_ok=True)
        pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary")
        name, _, version = PACKAGE.rpartition("-")
        done = subprocess.run(
            [*pip, name, "--dest", str(CACHE), f"{name}=={version}"],
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            reason = f"CommonMark's examples cannot be downloaded: {done.stderr[-300:]}"
            pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    with tarfile.open(archive) as unpacked:
        file = unpacked.extractfile(f"{PACKAGE}/tests/spec/commonmark.txt")
        assert file is not None
        return list(_read(file.read().decode().replace("→", "\t")))


def _read(text: str) -> Iterator[Example]:
    section = ""
    lines = iter(text.splitlines(keepends=True))
    for line in lines:
        if line.startswith(f"{FENCE} example"):
            markdown = "".join(iter(lines.__next__, ".\n"))
            html = "".join(iter(lines.__next__, f"{FENCE}\n"))
            yield Example(section, markdown, html)
        elif line.startswith("#"):
            section = line.strip("# \n")


class Visible(HTMLParser):
    """The text nodes and the addresses of HTML, in the order in which people read them.

    The address of a link comes after its text, and that of a mail link is its text.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._addresses: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Takes the address of a link or an image, and the image's text."""
        values = dict(attrs)
        if tag == "a":
            self._addresses.append(values.get("href") or "")
        elif tag == "img":
            self.found += [values.get("alt") or "", values.get("src") or ""]

    def handle_endtag(self, tag: str) -> None:
        """Adds a link's address behind its text, unless they are the same."""
        if tag == "a" and self._addresses:
            address = unquote(self._addresses.pop())
            if address.removeprefix("mailto:") not in self.found[-1:]:
                self.found.append(address)

    def handle_data(self, data: str) -> None:
        """Adds a text node."""
        self.found.append(data)

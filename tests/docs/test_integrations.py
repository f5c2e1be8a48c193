"""The pages about tools are true: their configuration loads, and phones show what they say."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from kwtsms_bot.bridge.explanation import explain
from kwtsms_bot.bridge.integrations.request import ParseOptions
from kwtsms_bot.bridge.integrations.table import PARSERS
from kwtsms_bot.cli.bridge.request_file import to_request
from kwtsms_bot.config.bridge import BridgeSettings
from support.bridge import SAMPLES
from support.documents import ROOT, blocks, text_of

FOLDER = ROOT / "docs" / "integrations"
PAGES = sorted(FOLDER.glob("*.md"))
GUIDES = [page for page in PAGES if page.name not in ("README.md", "recipes.md")]
AT = datetime(2026, 11, 2, 11, 10, tzinfo=UTC)  # 14:10 in Kuwait.
# `<!-- phone: KIND SAMPLE -->`, where SAMPLE is a file in tests/data/bridge or a body, and the next
# block of text.
PHONE = re.compile(r"<!-- phone: ([a-z-]+) (\S.*?) -->\n.*?```text\n(.*?)\n```", re.DOTALL)
SHOWN = [(page, *found) for page in PAGES for found in PHONE.findall(text_of(page))]
# What the pages leave out of a configuration.
REST: dict[str, Any] = {
    "channel": "C0123ALERT",
    "integrations": {"scripts": {"kind": "native", "token": "kwb_scripts"}},
    "receivers": {"ops": {"to": ["noura"]}},
}


class _Loader(yaml.SafeLoader):
    """Reads tags of other tools, such as `!secret`, as their text."""


_Loader.add_multi_constructor(
    "!",
    lambda loader, _, node: loader.construct_scalar(node),
)


def shown_name(case: tuple[Path, str, str, str]) -> str:
    """The page and the sample of a text."""
    return f"{case[0].stem}-{case[2][:24]}"


def request_of(sample: str) -> bytes:
    """The body of a sample, or the body that is written in the page."""
    return sample.encode() if sample.startswith("{") else (SAMPLES / f"{sample}.json").read_bytes()


@pytest.mark.parametrize("case", SHOWN, ids=shown_name)
def test_the_phone_shows_what_the_page_says(case: tuple[Path, str, str, str]) -> None:
    """The text is that of the tool's own request, read and written by the bot."""
    _, kind, sample, text = case
    request = to_request(request_of(sample)).as_webhook()
    explanation = explain(PARSERS[kind](request, ParseOptions()), None, at=AT)

    assert [one.text for one in explanation.texts] == [text]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_configuration_of_a_page_is_accepted(page: Path) -> None:
    """Each part of config.yaml loads, once the page's names have values."""
    configuration = dict(REST)
    for part in parts(page):
        known = configuration["integrations"] | part.get("integrations", {})
        configuration |= part | {"integrations": known}

    assert BridgeSettings.model_validate(_filled(configuration))


def parts(page: Path) -> list[dict[str, Any]]:
    """The parts of the section `bridge` that a page shows."""
    found = [block for block in blocks(page, "yaml") if block.startswith("bridge:")]
    return [yaml.safe_load(block)["bridge"] for block in found]


def _filled(value: Any) -> Any:
    """The value with every `${NAME}` replaced by a token of its own."""
    return json.loads(re.sub(r"\$\{([A-Z_]+)\}", r"kwb_\1_0123456789", json.dumps(value)))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_block_of_a_page_parses(page: Path) -> None:
    """The blocks to paste are valid YAML."""
    found = [yaml.load(block, _Loader) for block in blocks(page, "yaml")]

    assert all(isinstance(one, dict | list) for one in found)


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_a_page_goes_from_the_configuration_to_the_phone(page: Path) -> None:
    """Each page configures the bot, names the test, shows a phone and says how long it takes."""
    headings = re.findall(r"^## (.+)$", text_of(page), re.MULTILINE)

    assert headings[0] == "1. Add the integration"
    assert "3. Try it" in headings
    assert "Know how long it takes" in headings
    assert page in [shown for shown, *_ in SHOWN]


def test_every_kind_has_a_page() -> None:
    """A kind of integration is used in one of the pages."""
    used = {
        integration["kind"]
        for page in PAGES
        for part in parts(page)
        for integration in part.get("integrations", {}).values()
    }

    assert used == set(PARSERS)


def test_the_list_of_tools_has_every_page() -> None:
    """The page that everybody starts with leads to all others."""
    listed = set(re.findall(r"\]\(([a-z-]+\.md)\)", text_of(FOLDER / "README.md")))

    assert listed == {page.name for page in PAGES if page.name != "README.md"}

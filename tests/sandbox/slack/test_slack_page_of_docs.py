"""docs/sandbox-slack.md agrees with the code."""

import re
import textwrap
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from kwtsms_sandbox import slack
from kwtsms_sandbox.slack import SlackSandbox
from support.slack import no_proxy

PAGE = (Path(__file__).parents[3] / "docs" / "sandbox-slack.md").read_text()


@pytest.mark.network
async def test_the_example_runs() -> None:
    """The page's code example runs unchanged."""
    [code] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    scope: dict[str, Any] = {}
    exec(f"async def example():\n{textwrap.indent(code, '    ')}", scope)

    with no_proxy():
        await scope["example"]()


def test_every_method_is_named() -> None:
    """The page lists exactly the methods that exist."""
    named = re.search(r"Methods: (.*?)\. Any other", PAGE, re.DOTALL)

    assert named
    assert set(re.findall(r"`(.*?)`", named[1])) == set(SlackSandbox().web_api.methods)


def test_every_call_exists() -> None:
    """Every call on `slack`, `slack.sockets` or `slack.directory` in the page exists."""
    called = re.findall(r"`?slack\.((?:sockets\.|directory\.)?\w+)\(", PAGE)

    assert all(map(callable, attrgetter(*called)(SlackSandbox())))


def test_every_name_is_exported() -> None:
    """The names of people, channels and helpers in the page are exported."""
    capitals = set(re.findall(r"`([A-Z]{3,})`", PAGE)) - {"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"}

    assert capitals <= set(slack.__all__)

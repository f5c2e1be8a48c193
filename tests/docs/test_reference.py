"""Generated and listed facts are those of the code: configuration, error codes."""

import runpy
from datetime import UTC, datetime

import pytest

from kwtsms_bot.config.schema import json_schema
from kwtsms_bot.outbox.dispatch.retry import failed
from kwtsms_bot.outbox.states import State
from kwtsms_client import API_ERRORS
from kwtsms_client.errors import rejection
from support.documents import ROOT, text_of
from support.public_names import config_keys

TROUBLESHOOTING = ROOT / "docs" / "troubleshooting.md"
CONFIGURATION = ROOT / "docs" / "configuration.md"
SCRIPT = ROOT / "scripts" / "generate_configuration"
NOT_OF_A_SEND = "–"  # Answers to questions: status and delivery reports.


def codes() -> dict[str, str]:
    """The error codes of the page, with what the bot does."""
    lines = [line for line in text_of(TROUBLESHOOTING).splitlines() if line.startswith("| ERR")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: row[3] for row in cells}


def test_every_error_code_has_its_remedy() -> None:
    """docs/troubleshooting.md lists the codes of kwtSMS in their order, and no others."""
    assert list(codes()) == list(API_ERRORS)


@pytest.mark.parametrize("code", API_ERRORS)
def test_the_page_says_what_the_bot_does(code: str) -> None:
    """The word `retries` is beside each code after which the bot tries again by itself."""
    settlement = failed(rejection(code, ""), 1, datetime(2026, 11, 30, tzinfo=UTC))
    expected = "retries" if settlement.state is State.QUEUED else "stops"

    assert codes()[code] in (expected, NOT_OF_A_SEND)


def test_the_configuration_reference_is_current() -> None:
    """`make reference` was run after the last change of a key."""
    assert text_of(CONFIGURATION) == runpy.run_path(str(SCRIPT))["page"]()


def test_the_configuration_reference_has_every_key() -> None:
    """Each key of the schema has a heading of its own."""
    missing = [
        key for key in config_keys(json_schema()) if f"## `{key}`\n" not in text_of(CONFIGURATION)
    ]

    assert missing == []

"""docs/api.md is true: its tables are the code's, and its examples send one message."""

import asyncio
import os
import shutil
import sys
from pathlib import Path

import pytest
import yaml

from kwtsms_bot.bridge.send_api.errors import ERRORS
from kwtsms_bot.bridge.send_api.fields import MESSAGE_FIELDS, REQUEST_FIELDS, STATUSES
from kwtsms_bot.config.bridge import BridgeSettings
from kwtsms_bot.config.bridge_api import ApiSettings
from support.api_bench import TOKEN, api_bench
from support.database import prepare_database
from support.documents import ROOT, blocks, text_of
from support.forked import ENVIRONMENT

PAGE = ROOT / "docs" / "api.md"
EXAMPLES = [
    (language, code)
    for language, program in (("sh", "curl"), ("python", sys.executable), ("js", "node"))
    for code in blocks(PAGE, language)
    if shutil.which(program) and "BRIDGE_URL" in code
]


def rows(first: str) -> dict[str, list[str]]:
    """The rows of the page's table whose first column is `first`, by their first cell."""
    text = text_of(PAGE)
    table = text[text.index(f"| {first} |") :].split("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return {row[0].strip("`"): row[1:] for row in cells}


def test_the_tables_are_those_of_the_code() -> None:
    """Errors with their statuses, statuses with their meanings, fields and settings."""
    errors = {code.value: [str(info.status), info.meaning] for code, info in ERRORS.items()}

    assert rows("code") == errors
    assert {name: meaning for name, (meaning,) in rows("status").items()} == dict(STATUSES)
    assert set(rows("field")) == set(REQUEST_FIELDS)
    assert set(rows("setting")) == set(ApiSettings.model_fields)


def test_the_answer_has_all_fields() -> None:
    """The answer that the page shows has the fields of a real one."""
    answer = yaml.safe_load(next(one for one in blocks(PAGE, "json") if '"id"' in one))

    assert list(answer) == list(MESSAGE_FIELDS)


def test_the_configuration_loads() -> None:
    """The configuration that the page shows is valid by itself."""
    (written,) = blocks(PAGE, "yaml")
    section = yaml.safe_load(written.replace("${SHOP_TOKEN}", TOKEN))["bridge"]

    assert BridgeSettings.model_validate(section).api["shop"].credits_per_day == 100


@pytest.mark.parametrize(("language", "code"), EXAMPLES)
async def test_an_example_sends(tmp_path: Path, language: str, code: str) -> None:
    """An example that is run twice is sent once, since it has a key."""
    programs = {"sh": ["sh", "-e", "-c"], "python": [sys.executable, "-c"]}
    program = programs.get(language, ["node", "--input-type=module", "-e"])
    async with api_bench(prepare_database(tmp_path / "outbox.sqlite3")) as bench:
        paths = [str(Path(sys.executable).parent), os.environ["PATH"]]
        environment = ENVIRONMENT | {
            "PATH": os.pathsep.join(paths),
            "BRIDGE_URL": str(bench.client.base_url).rstrip("/"),
            "SHOP_TOKEN": TOKEN,
        }
        for _ in range(2):
            process = await asyncio.create_subprocess_exec(*program, code, env=environment)
            assert await asyncio.wait_for(process.wait(), timeout=60) == 0
        messages = await bench.outbox.messages.recent(None, 10)

    assert len(messages) == 1

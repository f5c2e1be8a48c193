"""The keys of config.yaml and the environment variables in the pages exist, and all are there."""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from kwtsms_bot.config import Config
from kwtsms_bot.config.schema import json_schema
from support.documents import PAGES, ROOT, blocks, inline_code, name_of, text_of
from support.public_names import config_keys

SECTIONS = set(Config.model_fields)
KEYS = set(config_keys(json_schema()))
PREFIXES = {key[: match.start()] for key in KEYS for match in re.finditer(r"\.", key)} | SECTIONS
PYTHON = {"docs/sandbox-slack.md"}  # There `slack` is an object.
FREE = ("phonebook.contacts", "phonebook.groups")  # Their keys are names that users choose.
VARIABLE = re.compile(r"\bKWTSMS_[A-Z_]+\b")
ENVIRONMENT = {
    name
    for folder in ("bot/kwtsms_client", "bot/kwtsms_bot", "plugins")
    for file in (ROOT / folder).rglob("*.py")
    for name in re.findall(r"[\"'](KWTSMS_[A-Z_]+)[\"']", file.read_text("utf-8"))
}


def is_key(path: str) -> bool:
    """Whether a dotted path is a key or a section of config.yaml."""
    return path.startswith(FREE) or any(fnmatch(path, key) for key in KEYS | PREFIXES)


def named(page: Path) -> Iterator[str]:
    """The dotted keys between back quotes in a page."""
    for code in inline_code(page):
        match = re.fullmatch(r"([a-z_]+(?:\.[a-z_]+)+)(?:: .*)?", code)
        if match and name_of(page) not in PYTHON and match[1].split(".")[0] in SECTIONS:
            yield match[1]


def paths(value: Any, path: str = "") -> Iterator[str]:
    """The dotted paths of a mapping, down to its values."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from paths(inner, f"{path}.{key}" if path else str(key))
    elif path:
        yield path


def shown(page: Path) -> Iterator[str]:
    """The keys of the YAML blocks that show a part of config.yaml."""
    for block in blocks(page, "yaml"):
        first = set(re.findall(r"^(\w+):", block, re.MULTILINE))
        if first and first <= SECTIONS:
            yield from paths(yaml.safe_load(block))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_key_in_a_page_exists(page: Path) -> None:
    """A key in the text or in an example of config.yaml is one of the schema."""
    assert [key for key in (*named(page), *shown(page)) if not is_key(key)] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_variable_in_a_page_exists(page: Path) -> None:
    """A variable KWTSMS_… is one that the code or config.yaml.example reads."""
    assert set(VARIABLE.findall(text_of(page))) - ENVIRONMENT == set()


@pytest.mark.parametrize("name", sorted(ENVIRONMENT))
def test_every_variable_is_in_a_page(name: str) -> None:
    """The pages have each variable that the code reads."""
    assert [page for page in PAGES if name in text_of(page)] != []

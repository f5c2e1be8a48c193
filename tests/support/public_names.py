"""The public names: those that appear in users' scripts, dashboards, configuration and Slack.

Collected from the current code. Literals (log events, action IDs, HTTP paths) are found by value,
so that moving or renaming what defines them in the code changes nothing here.
"""

import ast
import inspect
from collections.abc import Iterator
from enum import Enum
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import click

import kwtsms_client
from kwtsms_bot.cli import main, output
from kwtsms_bot.cli.bulk.journal import RowState
from kwtsms_bot.config.schema import json_schema
from kwtsms_bot.database.column_types import metadata
from kwtsms_bot.monitoring.api_metrics import ApiMetrics
from kwtsms_bot.monitoring.bridge_metrics import BridgeFigures, BridgeMetrics
from kwtsms_bot.monitoring.metrics import Metrics
from kwtsms_bot.outbox.states import State

ROOT = Path(__file__).parents[2]
PACKAGES = ("bot/kwtsms_client", "bot/kwtsms_bot", "plugins/apprise_kwtsms")
EXIT_CODES = ("OK", "WRITE_FAILED", "USAGE", "REJECTED", "NOT_SENT", "UNKNOWN")
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def collect() -> dict[str, Any]:
    """Every name that must not change, by kind."""
    return {
        "client": dict(sorted(client())),
        "commands": dict(sorted(commands(main, "kwtsms-bridge"))),
        "config_keys": sorted(set(config_keys(json_schema()))),
        "exit_codes": {name: getattr(output, name) for name in EXIT_CODES},
        "log_events": sorted(set(log_events())),
        "metrics": dict(sorted(metrics())),
        "recipient_states": sorted(state.value for state in State),
        "row_states": sorted(state.value for state in RowState),
        "tables": {name: sorted(table.c.keys()) for name, table in sorted(metadata.tables.items())},
    }


def client() -> Iterator[tuple[str, Any]]:
    """The exports of `kwtsms_client`: parameters of functions, public attributes of classes."""
    for name in kwtsms_client.__all__:
        value = getattr(kwtsms_client, name)
        if inspect.isclass(value):
            yield name, members(value)
        elif inspect.isfunction(value):
            yield name, list(inspect.signature(value).parameters)
        else:
            yield name, None


def members(cls: type) -> dict[str, list[str] | None]:
    """The public attributes of a class, with the parameters of its methods."""
    found: dict[str, list[str] | None] = {}
    for name in sorted({*dir(cls), *getattr(cls, "__annotations__", {})}):
        if name.startswith("_") or hasattr(BaseException, name) or hasattr(str, name):
            continue
        value: Any = getattr(cls, name, None)
        plain = inspect.isroutine(value) and not issubclass(cls, Enum)
        found[name] = list(inspect.signature(value).parameters) if plain else None
    return found


def commands(command: click.Command, path: str) -> Iterator[tuple[str, list[str]]]:
    """Each command with its options and arguments."""
    options = [name for one in command.params for name in (*one.opts, *one.secondary_opts)]
    yield path, sorted(options)
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from commands(below, f"{path} {name}")


def config_keys(schema: dict[str, Any]) -> Iterator[str]:
    """Every key of config.yaml, as a dotted path."""
    yield from _keys(schema, schema["$defs"], "")


def _keys(part: dict[str, Any], definitions: dict[str, Any], path: str) -> Iterator[str]:
    if "$ref" in part:
        yield from _keys(definitions[part["$ref"].rpartition("/")[2]], definitions, path)
    for name, value in part.get("properties", {}).items():
        yield f"{path}{name}"
        yield from _keys(value, definitions, f"{path}{name}.")
    for option in chain.from_iterable(part.get(key, ()) for key in ("anyOf", "allOf", "oneOf")):
        yield from _keys(option, definitions, path)
    named = part.get("patternProperties", {}).values()
    for below in (part.get("items"), part.get("additionalProperties"), *named):
        if isinstance(below, dict):
            yield from _keys(below, definitions, f"{path}*.")


def log_events() -> Iterator[str]:
    """The event of each line that the bot logs."""
    for tree in sources():
        for node in ast.walk(tree):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="log" | "logger"), attr=level),
                    args=[ast.Constant(value=str(event)), *_],
                ) if level in LEVELS:
                    yield event


@cache
def literals() -> frozenset[str]:
    """Every string in the sources."""
    return frozenset(
        node.value
        for tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def metrics() -> Iterator[tuple[str, list[str]]]:
    """The name of each of the bot's own metrics, with its labels."""
    registry = Metrics().registry
    bridge = BridgeMetrics(["scripts"], outcomes=["new"], reasons=["busy"], registry=registry)
    bridge.show(BridgeFigures({"firing": 0}, {"paused": 0}, 0.0))
    bridge.show_overdue({"scripts": False})
    bridge.show_drills(None, None)
    ApiMetrics(["shop"], codes=["busy"], registry=registry)
    for family in registry.collect():
        if family.name.startswith("kwtsms"):
            labels = {label for sample in family.samples for label in sample.labels}
            yield family.name, sorted(labels - {"le"})


def sources() -> Iterator[ast.Module]:
    """The parsed modules of the installed packages."""
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            yield ast.parse(file.read_text())

"""`kwtsms-bridge config`: checks config.yaml, and prints an example or its schema."""

import asyncio
import json
import sys
from datetime import UTC, datetime

import click

from kwtsms_bot.cli.command_group import CommandGroup
from kwtsms_bot.cli.context import config_warnings, read_config
from kwtsms_bot.cli.options import config_option
from kwtsms_bot.config import Config, json_schema, read_example


@click.group(cls=CommandGroup)
def config() -> None:
    r"""Check config.yaml, or print an example or its schema.

    \b
    Example:
      kwtsms-bridge config check
    """


@config.command()
@config_option
def check(file: str) -> None:
    r"""Check config.yaml and list every problem in it.

    \b
    Examples:
      kwtsms-bridge config check
      kwtsms-bridge config check --config /etc/kwtsms-bridge/config.yaml

    \b
    Exit codes:
      0  valid (there may be warnings)
      2  not valid
    """
    found = read_config(file)
    click.echo(f"{file} is valid.")
    warnings = (*config_warnings(found, file), *_on_call_warnings(found), *_left_warnings(found))
    for warning in warnings:
        click.echo(f"Warning: {warning}")


def _on_call_warnings(found: Config) -> tuple[str, ...]:
    """Returns what is wrong with who is on call now, as far as no network is needed."""
    if found.bridge is None or not found.bridge.oncall:
        return ()
    from kwtsms_bot.doctor import FindingLevel  # noqa: PLC0415 - Slow to load: it has SQL.
    from kwtsms_bot.doctor.on_call import check  # noqa: PLC0415

    findings = asyncio.run(check(found, datetime.now(UTC), offline=True))
    flaws = (one for one in findings if one.level is not FindingLevel.OK)
    return tuple(f"{one.what} {one.remedy}".strip() for one in flaws)


def _left_warnings(found: Config) -> tuple[str, ...]:
    """Returns the integrations that are gone from config.yaml and have open incidents."""
    if found.bridge is None:
        return ()
    from kwtsms_bot.doctor.removed_integrations import count_left  # noqa: PLC0415 - It has SQL.

    counts = asyncio.run(count_left(found.outbox.database, found.bridge.integrations))
    return tuple(
        f'The integration "{name}" was removed and has {count} open '
        f"{'incident' if count == 1 else 'incidents'}. The bot's next start closes them."
        for name, count in counts.items()
    )


@config.command("example")
def print_example() -> None:
    r"""Print an example config.yaml with every setting explained.

    \b
    Example:
      kwtsms-bridge config example > config.yaml
    """
    click.echo(read_example(), nl=False)


@config.command()
def schema() -> None:
    r"""Print the JSON Schema of config.yaml, for editors.

    For the YAML extension of VS Code, save it as config.schema.json and add this first line to
    config.yaml: # yaml-language-server: $schema=config.schema.json

    \b
    Example:
      kwtsms-bridge config schema > config.schema.json
    """
    json.dump(json_schema(), sys.stdout, indent=2)
    click.echo()

"""`kwtsms-bridge config`: checks config.yaml, and prints an example or its schema."""

import json
import sys

import click

from kwtsms_bot.cli.context import config_warnings, read_config
from kwtsms_bot.cli.options import config_option
from kwtsms_bot.config import json_schema, read_example


@click.group()
def config() -> None:
    """Check the configuration, or print an example or its schema."""


@config.command()
@config_option
def check(file: str) -> None:
    """Read the configuration and say everything that is wrong with it.

    Exit code 0: it can be used (warnings may follow). 2: it cannot.
    """
    found = read_config(file)
    click.echo(f"{file}: can be used.")
    for warning in config_warnings(found, file):
        click.echo(f"warning: {warning}")


@config.command("example")
def print_example() -> None:
    """Print a configuration with all that can be said, explained: the beginning of yours."""
    click.echo(read_example(), nl=False)


@config.command()
def schema() -> None:
    """Print the JSON Schema of config.yaml, for editors.

    With the YAML extension of VS Code: save it as config.schema.json and begin config.yaml with
    # yaml-language-server: $schema=config.schema.json
    """
    json.dump(json_schema(), sys.stdout, indent=2)
    click.echo()

"""What several subcommands share. Loads the configuration, or says what is wrong and ends."""

import getpass
import os
import sys

import click

from kwtsms_bot.config import Config, ConfigurationProblems, load

USAGE = 2  # The exit code for what the user has to mend first.

config_option = click.option(
    "-c",
    "--config",
    "file",
    default="config.yaml",
    show_default=True,
    metavar="FILE",
    help="The configuration.",
)


def read_config(file: str) -> Config:
    """The configuration in `file`; ends the process with exit code 2 where there is none."""
    try:
        return load(file)
    except ConfigurationProblems as error:
        count = len(error.problems)
        click.echo(f"{error}\n{count} problem{'s' if count != 1 else ''}.", err=True)
        sys.exit(USAGE)


def actor() -> str:
    """As the ledger names whoever types a command; a container's user may have no name."""
    try:
        return f"shell:{getpass.getuser()}"
    except (KeyError, OSError, ImportError):
        return f"shell:{os.getuid()}"

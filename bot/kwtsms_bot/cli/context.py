"""Configuration, database and actor of the bot's subcommands. Exits if they cannot be used."""

import asyncio
import getpass
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import click

from kwtsms_bot.config import Config, ConfigurationProblems, load
from kwtsms_bot.database import Database, DatabaseError, DatabaseNotFound, open_database
from kwtsms_bot.doctor.database import database_file, remedy_for
from kwtsms_bot.doctor.files import check as examine_files
from kwtsms_bot.doctor.network import check_certificates

USAGE = 2  # The exit code for problems that the user has to fix first.


def read_config(file: str) -> Config:
    """Loads the configuration; exits with code 2 if it is missing or invalid."""
    try:
        return load(file)
    except ConfigurationProblems as error:
        count = len(error.problems)
        click.echo(f"{error}\n{count} problem{'s' if count != 1 else ''}.", err=True)
        sys.exit(USAGE)


def config_warnings(config: Config, file: str) -> tuple[str, ...]:
    """Settings that are hardly intended, files that others can read, missing certificates."""
    findings = (
        *examine_files(Path(file), database_file(config.outbox.database)),
        *check_certificates(os.environ),
    )
    return (*config.warnings(), *(f"{one.what} {one.remedy}" for one in findings))


def actor() -> str:
    """The shell user, as the ledger names them; by ID if there is no name, as in a container."""
    try:
        return f"shell:{getpass.getuser()}"
    except (KeyError, OSError, ImportError):
        return f"shell:{os.getuid()}"


NOT_FOUND_HINT = "Check the path: a relative path starts in your current folder."
T = TypeVar("T")


def run_with_database(config: Config, work: Callable[[Database], Awaitable[T]]) -> T:
    """Runs `work` on the bot's database, which must exist; exits with code 2 if it is unusable."""
    try:
        return asyncio.run(_run(config.outbox.database, work))
    except DatabaseError as error:
        remedy = (
            NOT_FOUND_HINT
            if isinstance(error, DatabaseNotFound)
            else remedy_for(config.outbox.database, error)
        )
        click.echo(f"outbox.database: can't be used ({error}). {remedy}", err=True)
        sys.exit(USAGE)


async def _run(url: str, work: Callable[[Database], Awaitable[T]]) -> T:
    database = await open_database(url, create=False)
    try:
        return await work(database)
    finally:
        await database.close()

"""For the commands that look into the bot's database: opens it, or says what is wrong and ends."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from kwtsms_bot.cli.common import USAGE
from kwtsms_bot.config import Config
from kwtsms_bot.database import Database, DatabaseError, DatabaseNotFound, open_database
from kwtsms_bot.doctor.database import remedy_for

NOT_FOUND_HINT = "Is it the bot's? A relative path begins in the folder where you are."
T = TypeVar("T")


def run_with_database(config: Config, work: Callable[[Database], Awaitable[T]]) -> T:
    """What `work` makes of the bot's database; one that is not there is not made."""
    try:
        return asyncio.run(_run(config.outbox.database, work))
    except DatabaseError as error:
        remedy = (
            NOT_FOUND_HINT
            if isinstance(error, DatabaseNotFound)
            else remedy_for(config.outbox.database)
        )
        click.echo(f"outbox.database: cannot be used ({error}). {remedy}", err=True)
        sys.exit(USAGE)


async def _run(url: str, work: Callable[[Database], Awaitable[T]]) -> T:
    database = await open_database(url, create=False)
    try:
        return await work(database)
    finally:
        await database.close()

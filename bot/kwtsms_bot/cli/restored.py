"""`kwtsms-bridge restored`: makes a restored back-up safe to run on. It sends nothing."""

import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import click

from kwtsms_bot.cli.common import USAGE, actor, config_option, read_config
from kwtsms_bot.cli.stored import in_database
from kwtsms_bot.config import Config
from kwtsms_bot.database import Database
from kwtsms_bot.outbox.store.restoring import AtWork, Doubted, Restoring

AT_WORK = 1  # The exit code where a bot is at work on it.


@click.command()
@config_option
@click.option("--yes", is_flag=True, help="Do not ask.")
def restored(file: str, *, yes: bool) -> None:
    """After restoring the database from a back-up, and before the bot runs: doubt what waits.

    What the back-up shows as waiting may have been sent since it was made. All of it becomes
    unknown, and is sent again only where a person presses Send again on its card in Slack.

    Exit code 0: done. 1: a bot is at work on it, and nothing was changed. 2: wrong set-up.
    """
    config = read_config(file)
    if not yes:
        _ask(_rehearsed(config))

    async def work(restoring: Restoring) -> Doubted:
        return await restoring.doubt(actor(), datetime.now(UTC))

    found = _in_peace(config, work)
    click.echo(f"{_told('Unknown now', found)} Dropped: {found.drafts} that waited for a yes.")
    if found.messages:
        click.echo("Start the bot; their cards in Slack ask what to do about each.")


def _rehearsed(config: Config) -> Doubted:
    async def look(restoring: Restoring) -> Doubted:
        return await restoring.rehearse_doubting(datetime.now(UTC))

    return _in_peace(config, look)


def _in_peace(config: Config, work: Callable[[Restoring], Awaitable[Doubted]]) -> Doubted:
    """What `work` comes to; the end, where a bot is at work."""

    async def restoring(database: Database) -> Doubted:
        return await work(Restoring(database))

    try:
        return in_database(config, restoring)
    except AtWork as error:
        click.echo(
            "Error: a bot is at work on it, or was a moment ago. Stop every bot, and come again "
            f"after {error.until.astimezone():%H:%M:%S}.",
            err=True,
        )
        sys.exit(AT_WORK)


def _ask(found: Doubted) -> None:
    if not sys.stdin.isatty():
        click.echo("Error: nobody is here to ask. Add --yes once every bot is stopped.", err=True)
        sys.exit(USAGE)
    click.echo(_told("To become unknown", found))
    click.confirm("Is every bot stopped, and is this a restored back-up?", abort=True)


def _told(words: str, found: Doubted) -> str:
    return f"{words}: {found.recipients} numbers of {found.messages} messages."

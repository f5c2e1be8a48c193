"""`kwtsms-bridge restored`: marks a restored backup's queued messages unknown. Sends nothing."""

import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import click

from kwtsms_bot.cli.context import USAGE, actor, read_config, run_with_database
from kwtsms_bot.cli.options import config_option
from kwtsms_bot.config import Config
from kwtsms_bot.database import Database
from kwtsms_bot.outbox.retention.restore import BotRunning, MarkedUnknown, RestoreStore

BOT_RUNNING = 1  # The exit code if a bot is running on the database.


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
        _confirm(_rehearse(config))

    async def mark(store: RestoreStore) -> MarkedUnknown:
        return await store.mark_unknown(actor(), datetime.now(UTC))

    marked = _run_exclusively(config, mark)
    click.echo(
        f"{_format_counts('Unknown now', marked)} Dropped: {marked.drafts} that waited for a yes."
    )
    if marked.messages:
        click.echo("Start the bot; their cards in Slack ask what to do about each.")


def _rehearse(config: Config) -> MarkedUnknown:
    async def rehearse(store: RestoreStore) -> MarkedUnknown:
        return await store.preview_mark_unknown(datetime.now(UTC))

    return _run_exclusively(config, rehearse)


def _run_exclusively(
    config: Config, work: Callable[[RestoreStore], Awaitable[MarkedUnknown]]
) -> MarkedUnknown:
    """Runs `work`; exits if a bot is running on this database."""

    async def run(database: Database) -> MarkedUnknown:
        return await work(RestoreStore(database))

    try:
        return run_with_database(config, run)
    except BotRunning as error:
        click.echo(
            "Error: a bot is at work on it, or was a moment ago. Stop every bot, and come again "
            f"after {error.until.astimezone():%H:%M:%S}.",
            err=True,
        )
        sys.exit(BOT_RUNNING)


def _confirm(marked: MarkedUnknown) -> None:
    if not sys.stdin.isatty():
        click.echo("Error: nobody is here to ask. Add --yes once every bot is stopped.", err=True)
        sys.exit(USAGE)
    click.echo(_format_counts("To become unknown", marked))
    click.confirm("Is every bot stopped, and is this a restored back-up?", abort=True)


def _format_counts(label: str, marked: MarkedUnknown) -> str:
    return f"{label}: {marked.recipients} numbers of {marked.messages} messages."

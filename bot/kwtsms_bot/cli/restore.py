"""`kwtsms-bridge restored`: marks a restored backup's queued messages unknown. Sends nothing."""

import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import click

from kwtsms_bot.bridge.store.transitions import mark_waiting_unknown
from kwtsms_bot.cli.context import USAGE, actor, read_config, run_with_database
from kwtsms_bot.cli.options import config_option, yes_option
from kwtsms_bot.cli.output import NO_TERMINAL
from kwtsms_bot.config import Config
from kwtsms_bot.database import Database
from kwtsms_bot.i18n.dates import format_datetime
from kwtsms_bot.i18n.translator import ENGLISH
from kwtsms_bot.outbox.retention.restore import BotRunning, MarkedUnknown, RestoreStore

BOT_RUNNING = 1  # The exit code if a bot is running on the database.
MINUTE = timedelta(minutes=1)  # The time is shown without its seconds.


@click.command()
@config_option
@yes_option
def restored(file: str, *, yes: bool) -> None:
    r"""Mark unsent messages as unknown after restoring a backup. Run it before you start the bot.

    Messages that were queued when the backup was made may have been sent since. The bot won't
    send them by itself: on each card in Slack, a person chooses.

    \b
    Example:
      kwtsms-bridge restored

    \b
    Exit codes:
      0  done
      1  a bot is running on the database; nothing was changed
      2  wrong setup
    """
    config = read_config(file)
    if not yes:
        _confirm(_rehearse(config))

    async def mark(store: RestoreStore) -> MarkedUnknown:
        return await store.mark_unknown(actor(), datetime.now(UTC))

    marked = _run_exclusively(config, mark)
    click.echo(f"{_format_counts('Marked as unknown', marked)} Deleted: {marked.drafts} drafts.")
    if marked.messages:
        click.echo("Start the bot. The cards in Slack ask what to do with each message.")


def _rehearse(config: Config) -> MarkedUnknown:
    async def rehearse(store: RestoreStore) -> MarkedUnknown:
        return await store.preview_mark_unknown(datetime.now(UTC))

    return _run_exclusively(config, rehearse)


def _run_exclusively(
    config: Config, work: Callable[[RestoreStore], Awaitable[MarkedUnknown]]
) -> MarkedUnknown:
    """Runs `work`; exits if a bot is running on this database."""

    async def run(database: Database) -> MarkedUnknown:
        return await work(RestoreStore(database, mark_waiting_unknown))

    try:
        return run_with_database(config, run)
    except BotRunning as error:
        click.echo(
            "Error: A bot is running on this database, or was a moment ago. Stop every bot and try "
            f"again after {format_datetime(error.until + MINUTE, ENGLISH)}.",
            err=True,
        )
        sys.exit(BOT_RUNNING)


def _confirm(marked: MarkedUnknown) -> None:
    if not sys.stdin.isatty():
        click.echo(
            f"Error: {NO_TERMINAL} Stop every bot and use --yes.",
            err=True,
        )
        sys.exit(USAGE)
    click.echo(_format_counts("To be marked as unknown", marked))
    click.confirm("Did you stop every bot, and is this a restored backup?", abort=True)


def _format_counts(label: str, marked: MarkedUnknown) -> str:
    counts = f"{label}: {marked.recipients} recipients of {marked.messages} messages"
    alerts = f", {marked.notifications} notifications about alerts" if marked.notifications else ""
    return f"{counts}{alerts}."

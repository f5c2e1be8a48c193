"""`kwtsms-bridge restored`: makes a restored back-up safe to run on. It sends nothing."""

from datetime import UTC, datetime

import click

from kwtsms_bot.cli.common import actor, config_option, read_config
from kwtsms_bot.cli.stored import in_database
from kwtsms_bot.database import Database
from kwtsms_bot.outbox.store.restoring import Doubted, Restoring


@click.command()
@config_option
def restored(file: str) -> None:
    """After restoring the database from a back-up, and before the bot runs: doubt what waits.

    What the back-up shows as waiting may have been sent since it was made. All of it becomes
    unknown, and is sent again only where a person presses Send again on its card in Slack.
    """

    async def work(database: Database) -> Doubted:
        return await Restoring(database).doubt(actor(), datetime.now(UTC))

    found = in_database(read_config(file), work)
    click.echo(
        f"Unknown now: {found.recipients} numbers of {found.messages} messages. "
        f"Dropped: {found.drafts} that waited for a yes."
    )
    if found.messages:
        click.echo("Start the bot; their cards in Slack ask what to do about each.")

"""`kwtsms-bridge run`: the bot, until it is told to stop."""

import asyncio
import signal
import sys

import click

from kwtsms_bot import logs
from kwtsms_bot.cli.common import USAGE, config_option, read_config
from kwtsms_bot.config import Config
from kwtsms_bot.database import DatabaseTrouble
from kwtsms_bot.operation.web import CannotListen
from kwtsms_bot.service import Service
from kwtsms_bot.slack.connection import SlackRefused


@click.command()
@config_option
def run(file: str) -> None:
    """Run the Slack bot until SIGTERM or Ctrl-C; what is being sent is finished first.

    Exit code 0: stopped on request. 2: the configuration or a token has to be mended.
    """
    config = read_config(file)
    logs.configure(config.logging)
    for warning in config.warnings():
        click.echo(f"warning: {warning}", err=True)
    try:
        asyncio.run(_serve(config))
    except (SlackRefused, CannotListen) as error:
        click.echo(str(error), err=True)
        sys.exit(USAGE)
    except DatabaseTrouble as error:
        remedy = "Check that its folder exists, that the disk has room, and who may write there."
        click.echo(f"outbox.database: cannot be used ({error}). {remedy}", err=True)
        sys.exit(USAGE)


async def _serve(config: Config) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await Service(config).run(stop)

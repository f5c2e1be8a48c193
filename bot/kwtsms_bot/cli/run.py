"""`kwtsms-bridge run`: takes the signals to stop, and only then loads and runs the bot."""

import sys

import click

from kwtsms_bot.cli.extras import MissingExtra
from kwtsms_bot.cli.options import config_option
from kwtsms_bot.cli.stop_signals import StopSignals


@click.command()
@config_option
def run(file: str) -> None:
    """Run the Slack bot until SIGTERM or Ctrl-C; what is being sent is finished first.

    A stop takes less than 20 seconds. Exit code 0: stopped on request. 1: something hung, and the
    stop was cut short. 2: the configuration or a token has to be mended. 69: the database, or the
    address of its pages, cannot be used. 70: an error of the bot's own, which the log tells.
    """
    signals = StopSignals()
    # Loading takes up to a second, in which a process manager may already stop the bot.
    try:
        from kwtsms_bot.cli.bot_process import run_bot  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name and error.name.startswith("kwtsms"):
            raise
        raise MissingExtra("run", error, "bot") from error
    sys.exit(run_bot(file, signals))

"""`kwtsms-bridge run`: takes the signals to stop, and only then loads and runs the bot."""

import sys

import click

from kwtsms_bot.cli.extras import MissingExtra
from kwtsms_bot.cli.options import config_option
from kwtsms_bot.cli.stop_signals import StopSignals


@click.command()
@config_option
def run(file: str) -> None:
    r"""Run the Slack bot. Stop it with Ctrl-C or SIGTERM.

    It finishes the messages that are being sent, and stops within 20 seconds.

    \b
    Examples:
      kwtsms-bridge run
      kwtsms-bridge run --config /etc/kwtsms-bridge/config.yaml

    \b
    Exit codes:
      0   stopped on request
      1   stopped by force after 20 seconds
      2   fix the configuration or a token first
      69  the database or a listening address can't be used
      70  unexpected error (see the log)
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

"""`kwtsms-bridge init`: sets up the bot, question by question or from options."""

import sys
from pathlib import Path

import click

from kwtsms_bot.cli.init.answers import SetupOptions
from kwtsms_bot.cli.init.files import FileNotWritten
from kwtsms_bot.cli.init.questions import AnswerRefused, Prompter
from kwtsms_bot.cli.init.setup import Setup
from kwtsms_bot.cli.options import config_option, json_option
from kwtsms_bot.cli.output import USAGE, WRITE_FAILED, fail, report_errors, show_json
from kwtsms_bot.config import ConfigurationProblems
from kwtsms_bot.config.yaml_edits import NotEditable
from kwtsms_client import ConfigurationError
from kwtsms_client.settings import check_url

LEFT = 130  # As shells report Ctrl-C.
NO_TERMINAL = "Can't ask without a terminal. Use --yes, and give the answers as options."


def _check_address(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    try:
        return value and check_url(value)
    except ConfigurationError as error:
        raise click.BadParameter(str(error)) from error


@click.command()
@config_option
@click.option("--username", metavar="NAME", help="The API user of your kwtSMS account.")
@click.option("--sender-id", metavar="ID", help="The sender ID that phones show.")
@click.option("--admin", metavar="PERSON", help="A name, @handle, e-mail or member ID in Slack.")
@click.option(
    "--channel",
    "channels",
    metavar="CHANNEL",
    multiple=True,
    help="A channel for balance warnings, by name or ID. Can be repeated.",
)
@click.option("--test-number", metavar="NUMBER", help="Send a message in test mode to this number.")
@click.option("--slack-url", callback=_check_address, metavar="URL", help="Another Slack API.")
@click.option(
    "--gateway-url",
    callback=_check_address,
    envvar="KWTSMS_BASE_URL",
    metavar="URL",
    help="Another kwtSMS gateway, such as the sandbox.",
)
@click.option("-y", "--yes", is_flag=True, help="Ask nothing; use the options and environment.")
@json_option
@report_errors
def init(  # noqa: PLR0913, PLR0917 - Click passes one parameter for each option.
    file: str,
    username: str | None,
    sender_id: str | None,
    admin: str | None,
    channels: tuple[str, ...],
    test_number: str | None,
    slack_url: str | None,
    gateway_url: str | None,
    *,
    yes: bool,
    as_json: bool,
) -> None:
    r"""Set up the bot: Slack, your kwtSMS account, and who may use it.

    It checks each answer with Slack or kwtSMS, and then writes config.yaml and .env. What you
    wrote there yourself stays. Run it again to answer what you skipped, or to change an answer.

    Secrets are never options. They come from your keyboard, or from SLACK_BOT_TOKEN,
    SLACK_APP_TOKEN, KWTSMS_USERNAME and KWTSMS_PASSWORD in the environment.

    \b
    Examples:
      kwtsms-bridge init
      kwtsms-bridge init --yes --sender-id MY-APP --admin sara@example.com --channel alerts

    \b
    Exit codes:
      0    saved (what is left to do is printed)
      1    a file can't be written
      2    an answer can't be used; nothing was saved
      3-5  the test message wasn't accepted (see `kwtsms-bridge send --help`)
      130  you left with Ctrl-C; what was saved is printed
    """
    interactive = not yes and sys.stdin is not None and sys.stdin.isatty()
    if not (interactive or yes):
        fail(NO_TERMINAL, USAGE, as_json=as_json)
    prompter = Prompter(interactive, to_stderr=as_json)
    options = SetupOptions(
        username, sender_id, admin, ",".join(channels) or None, slack_url, gateway_url
    )
    setup = Setup(prompter, Path(file), options)
    try:
        code = setup.run(test_number)
    except (click.Abort, KeyboardInterrupt):
        prompter.say(f"\nStopped. {setup.report.saved_text}")
        sys.exit(LEFT)
    except (AnswerRefused, NotEditable, ConfigurationProblems) as error:
        fail(str(error), USAGE, as_json=as_json)
    except FileNotWritten as error:
        fail(f"{error} {setup.report.saved_text}", WRITE_FAILED, as_json=as_json)
    if as_json:
        show_json(setup.report.json)
    sys.exit(code)

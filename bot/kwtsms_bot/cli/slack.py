"""`kwtsms-bridge slack`: prints the manifest of the Slack app."""

import json
import re
from urllib.parse import urlsplit

import click

from kwtsms_bot.cli.command_group import CommandGroup
from kwtsms_bot.commands.router import COMMANDS
from kwtsms_bot.config.fields import SLASH_COMMAND
from kwtsms_bot.slack.manifest import manifest as make


@click.group(cls=CommandGroup)
def slack() -> None:
    r"""Print the manifest for your Slack app.

    \b
    Example:
      kwtsms-bridge slack manifest
    """


@slack.command()
@click.option(
    "--command", "slash", default="/sms", show_default=True, help="Use this slash command."
)
@click.option(
    "--workflow-step", is_flag=True, help="Add the step for Workflow Builder (paid plans)."
)
@click.option(
    "--url",
    default="",
    metavar="https://…/slack/events",
    help="Send Slack's requests to this address (slack.mode: http).",
)
def manifest(slash: str, url: str, *, workflow_step: bool) -> None:
    r"""Print the manifest for your Slack app.

    Open api.slack.com/apps, select Create New App and From a manifest, and paste it there.

    \b
    Examples:
      kwtsms-bridge slack manifest
      kwtsms-bridge slack manifest --url https://sms.example.com/slack/events
    """
    if not re.fullmatch(SLASH_COMMAND, slash):
        text = "Use a slash and at most 31 of a-z, 0-9, _ and -, such as /sms."
        raise click.BadParameter(text, param_hint="--command")
    if url and not (url.startswith("https://") and urlsplit(url).hostname):
        raise click.BadParameter(
            "Slack needs an address that starts with https://.", param_hint="--url"
        )
    made = make(slash, COMMANDS, workflow_step=workflow_step, url=url)
    click.echo(json.dumps(made, indent=2, ensure_ascii=False))

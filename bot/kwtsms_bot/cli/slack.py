"""`kwtsms-bridge slack`: prints the manifest of the Slack app."""

import json
import re
from urllib.parse import urlsplit

import click

from kwtsms_bot.commands.router import COMMANDS
from kwtsms_bot.config.fields import SLASH_COMMAND
from kwtsms_bot.slack.manifest import manifest as make


@click.group()
def slack() -> None:
    """Print the manifest for your Slack app."""


@slack.command()
@click.option("--command", "slash", default="/sms", show_default=True, help="The slash command.")
@click.option(
    "--workflow-step", is_flag=True, help="With the step for Workflow Builder (paid plans)."
)
@click.option(
    "--url",
    default="",
    metavar="https://…/slack/events",
    help="For slack.mode: http: where Slack is to post everything.",
)
def manifest(slash: str, url: str, *, workflow_step: bool) -> None:
    """Print the manifest: paste it at api.slack.com/apps, Create New App, From a manifest."""
    if not re.fullmatch(SLASH_COMMAND, slash):
        text = "Expected a command such as /sms: a slash, and at most 31 of a-z, 0-9, _ and -."
        raise click.BadParameter(text, param_hint="--command")
    if url and not (url.startswith("https://") and urlsplit(url).hostname):
        raise click.BadParameter("Slack posts to https:// addresses only.", param_hint="--url")
    made = make(slash, COMMANDS, workflow_step=workflow_step, url=url)
    click.echo(json.dumps(made, indent=2, ensure_ascii=False))

"""`kwtsms-bridge bridge`: explains alerts without a network, and makes tokens."""

import secrets
from datetime import UTC, datetime

import click

from kwtsms_bot.bridge.explanation import Target, explain
from kwtsms_bot.bridge.integrations.request import ParseOptions, parse_options
from kwtsms_bot.bridge.integrations.table import PARSERS
from kwtsms_bot.bridge.models import WebhookRefused
from kwtsms_bot.cli.bridge.kind import kind_option
from kwtsms_bot.cli.bridge.on_call import on_call
from kwtsms_bot.cli.bridge.replay import replay
from kwtsms_bot.cli.bridge.report import as_json_value, show
from kwtsms_bot.cli.bridge.request_file import read_request
from kwtsms_bot.cli.command_group import CommandGroup
from kwtsms_bot.cli.context import read_config
from kwtsms_bot.cli.options import json_option
from kwtsms_bot.cli.output import USAGE, fail, report_errors, show_json
from kwtsms_bot.config import Config
from kwtsms_client import InvalidInput

# 140 random bits. With its prefix it has 32 characters: Apprise and PagerDuty accept no more.
TOKEN_PREFIX, TOKEN_LENGTH = "kwb_", 28
# Those of base 32, so that nothing has to be escaped.
TOKEN_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"  # noqa: S105 - No secret.


@click.group(cls=CommandGroup)
def bridge() -> None:
    r"""Explain what alerts would do, post saved ones, show who is on call, and make tokens.

    \b
    Example:
      kwtsms-bridge bridge explain alert.json --kind alertmanager
    """


bridge.add_command(on_call)
bridge.add_command(replay)


@bridge.command("explain")
@click.argument("file", metavar="FILE")
@kind_option
@click.option("-c", "--config", "config_file", metavar="FILE", help="Show routes and people, too.")
@click.option("--integration", metavar="NAME", help="The integration, if several have this kind.")
@click.option("--content-type", metavar="TYPE", help="The media type of the body.")
@json_option
@report_errors
def explain_command(  # noqa: PLR0917 - click passes each option by its name.
    file: str,
    kind: str,
    config_file: str | None,
    integration: str | None,
    content_type: str | None,
    as_json: bool,  # noqa: FBT001 - Likewise.
) -> None:
    r"""Show what the request in FILE would do: route, people, text, pages and credits.

    FILE has the body that the tool posts; - reads it from standard input. Nothing is sent, and no
    network is used. Without --config, the text is shown as any recipient would get it.

    \b
    Examples:
      kwtsms-bridge bridge explain alert.json --kind alertmanager
      kwtsms-bridge bridge explain - --kind grafana --config config.yaml < alert.json
    """
    target = _target(read_config(config_file), kind, integration) if config_file else None
    try:
        batch = PARSERS[kind](read_request(file, content_type).as_webhook(), _options(target))
    except WebhookRefused as refused:
        fail(f"Refused ({refused.reason}): {refused.detail}.", USAGE, as_json=as_json)
    explanation = explain(batch, target, at=datetime.now(UTC))
    if as_json:
        show_json(as_json_value(explanation, kind, target))
    else:
        show(explanation, kind, target)


@bridge.command()
@json_option
def token(as_json: bool) -> None:  # noqa: FBT001 - click passes it by its name.
    r"""Make a token for a tool that sends alerts, or an application that sends messages.

    \b
    Example:
      kwtsms-bridge bridge token
    """
    made = new_token()
    if as_json:
        show_json({"token": made})
        return
    click.echo(made)
    click.echo(
        "Put it into .env as NAME_TOKEN, write token: ${NAME_TOKEN} below bridge.integrations "
        "or bridge.api in config.yaml, and use it as a Bearer token.",
        err=True,
    )


def new_token() -> str:
    """A new random token."""
    return TOKEN_PREFIX + "".join(secrets.choice(TOKEN_LETTERS) for _ in range(TOKEN_LENGTH))


def _target(config: Config, kind: str, name: str | None) -> Target:
    """The integration of this kind, with the configuration around it.

    Raises:
        InvalidInput: there is none, or more than one.
    """
    if config.bridge is None:
        raise InvalidInput("The configuration has no section bridge.")
    named = config.bridge.integrations.get(name) if name else None
    found = [one for one, settings in config.bridge.integrations.items() if settings.kind == kind]
    if name:
        if named is None or named.kind != kind:
            raise InvalidInput(f"There is no integration {name} of kind {kind}.")
        return Target(name, config.bridge, config.phonebook)
    if not found:
        raise InvalidInput(f"The configuration has no integration of kind {kind}.")
    if len(found) > 1:
        raise InvalidInput(f"Several integrations have this kind: use --integration {found[0]}.")
    return Target(found[0], config.bridge, config.phonebook)


def _options(target: Target | None) -> ParseOptions:
    if target is None:
        return ParseOptions()
    return parse_options(target.bridge.integrations[target.integration])

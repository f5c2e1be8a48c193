"""`kwtsms-bridge doctor`: checks the setup and suggests fixes. Changes nothing."""

import asyncio
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kwtsms_bot.cli.account_client import credential_warnings
from kwtsms_bot.cli.extras import MissingExtra, install_hint
from kwtsms_bot.cli.options import env_option, json_option
from kwtsms_bot.cli.output import report_errors, show_json
from kwtsms_bot.doctor import Finding, FindingLevel
from kwtsms_bot.doctor.files import check as examine_files
from kwtsms_bot.doctor.gateway import ExpectedAccount
from kwtsms_bot.doctor.gateway import check as examine_gateway
from kwtsms_bot.doctor.network import check_certificates
from kwtsms_client import AsyncClient, Credentials
from kwtsms_client.settings import from_environment

if TYPE_CHECKING:
    from kwtsms_bot.config import Config

CONFIGURATION = "Configuration"
PROBLEM = 1  # The exit code where something does not work.
TIMEOUT_SECONDS = 10.0
MARKS = {
    FindingLevel.OK: ("✓", "green"),
    FindingLevel.WARNING: ("!", "yellow"),
    FindingLevel.PROBLEM: ("✗", "red"),
    FindingLevel.SKIPPED: ("–", "bright_black"),
}


@click.command()
@click.option(
    "-c",
    "--config",
    "file",
    metavar="FILE",
    help="Check the bot of this file, not only the account. [default: config.yaml, if it exists]",
)
@env_option
@json_option
@report_errors
def doctor(file: str | None, env_file: str, *, as_json: bool) -> None:
    r"""Check your setup and suggest fixes. Nothing is sent or changed.

    Without config.yaml, it checks your kwtSMS account. With config.yaml, it also checks Slack's
    tokens, scopes, channels and groups, the database, the clock, Apprise URLs and the heartbeat.

    \b
    Examples:
      kwtsms-bridge doctor
      kwtsms-bridge doctor --config /etc/kwtsms-bridge/config.yaml --json

    \b
    Exit codes:
      0  all checks passed (there may be warnings)
      1  a check failed
      2  the configuration isn't valid
    """
    here = Path("config.yaml").exists()
    if file is None and here and find_spec("pydantic"):
        file = "config.yaml"
    certificates = check_certificates(os.environ)
    if any(one.level is FindingLevel.PROBLEM for one in certificates):
        findings: Sequence[Finding] = certificates  # The client cannot be made.
    else:
        rest = asyncio.run(_check_account(env_file) if file is None else check_bot(file))
        findings = [*certificates, *rest]
    if file is None and here:  # The file may belong to another program.
        what = "config.yaml wasn't checked, because the bot isn't installed."
        findings = [
            *findings,
            Finding(CONFIGURATION, FindingLevel.SKIPPED, what, install_hint("bot")),
        ]
    if as_json:
        show_json(findings)
    else:
        show_findings(findings)
    sys.exit(PROBLEM if any(one.level is FindingLevel.PROBLEM for one in findings) else 0)


async def _check_account(env_file: str) -> Sequence[Finding]:
    settings = from_environment(env_file)
    flaws = [
        Finding(CONFIGURATION, FindingLevel.WARNING, warning)
        for warning in credential_warnings(settings.credentials)
    ]
    client = AsyncClient(settings.credentials, base_url=settings.base_url, timeout=TIMEOUT_SECONDS)
    async with client:
        expected = ExpectedAccount(settings.sender_id, settings.test_mode)
        return [*flaws, *await examine_gateway(client, expected)]


async def check_bot(file: str) -> Sequence[Finding]:
    """Runs all checks of the bot, side by side."""
    try:
        from kwtsms_bot.cli.context import read_config  # noqa: PLC0415 - The base install has no YAML.
    except ModuleNotFoundError as error:
        raise MissingExtra("doctor --config", error, "bot") from error
    config = read_config(file)
    groups = await asyncio.gather(
        _check_gateway(config),
        _check_slack(config),
        _check_database(config),
        _check_notifications(config),
        _check_on_call(config),
        _check_endpoint(config),
    )
    return [*_check_config(config, file), *(one for group in groups for one in group)]


async def _check_gateway(config: "Config") -> Sequence[Finding]:
    settings = config.kwtsms
    account = Credentials(settings.username, settings.password.get_secret_value())
    wanted = ExpectedAccount(
        settings.sender_id,
        settings.test_mode,
        settings.default_country,
        config.alerts.balance.critical,
    )
    client = AsyncClient(account, base_url=settings.base_url, timeout=TIMEOUT_SECONDS)
    async with client:
        return await examine_gateway(client, wanted)


async def _check_slack(config: "Config") -> Sequence[Finding]:
    from datetime import UTC, datetime  # noqa: PLC0415 - Used here only.

    from kwtsms_bot.slack.doctor import check  # noqa: PLC0415 - Slack's SDK is slow to load.

    return await check(config, datetime.now(UTC))


async def _check_database(config: "Config") -> Sequence[Finding]:
    from kwtsms_bot.doctor.database import check  # noqa: PLC0415 - Slow to load, too.

    return [await check(config.outbox.database)]


async def _check_notifications(config: "Config") -> Sequence[Finding]:
    """Checks the Apprise URLs of the balance alerts, and the heartbeat's address."""
    from kwtsms_bot.doctor import heartbeat, targets  # noqa: PLC0415 - Slow to load, too.

    urls = [url.get_secret_value() for url in config.alerts.balance.apprise]
    findings = [*await asyncio.to_thread(targets.check, urls)]
    if config.heartbeat.url is not None:
        findings.append(await heartbeat.check(config.heartbeat.url.get_secret_value()))
    return findings


async def _check_on_call(config: "Config") -> Sequence[Finding]:
    from datetime import UTC, datetime  # noqa: PLC0415 - Used here and for Slack only.

    from kwtsms_bot.doctor.on_call import check  # noqa: PLC0415 - Slow to load, too.

    return await check(config, datetime.now(UTC))


async def _check_endpoint(config: "Config") -> Sequence[Finding]:
    from kwtsms_bot.doctor.endpoint import check  # noqa: PLC0415 - Where there is a bridge only.

    return () if config.bridge is None else [await check(config.bridge.listen)]


def _check_config(config: "Config", file: str) -> list[Finding]:
    """Reports settings that are valid but hardly intended, and files that others can read."""
    from kwtsms_bot.doctor.bridge import check as check_bridge  # noqa: PLC0415 - Needs pydantic.
    from kwtsms_bot.doctor.database import database_file  # noqa: PLC0415 - Slow to load, too.

    findings = [Finding(CONFIGURATION, FindingLevel.WARNING, text) for text in config.warnings()]
    findings = findings or [Finding(CONFIGURATION, FindingLevel.OK, f"{file} is valid.")]
    findings += () if config.bridge is None else check_bridge(config.bridge)
    return [*findings, *examine_files(Path(file), database_file(config.outbox.database))]


def show_findings(findings: Sequence[Finding]) -> None:
    """Prints findings for people, each with its remedy."""
    width = max(len(one.check) for one in findings) + 2
    for one in findings:
        mark, colour = MARKS[one.level]
        click.echo(f"{click.style(mark, fg=colour)} {one.check:<{width}}{one.what}")
        if one.remedy:
            click.echo(f"  {'':<{width}}→ {one.remedy}")

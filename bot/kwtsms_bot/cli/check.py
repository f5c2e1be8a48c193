"""`kwtsms-bridge validate`, `pages`: numbers and texts looked at before anything is sent."""

import click

from kwtsms_bot.cli.message import read_text
from kwtsms_bot.cli.output import (
    EXIT_CODES,
    answered,
    country_option,
    env_option,
    facts,
    json_option,
    show_json,
    table,
)
from kwtsms_client import Client, MessageReport, inspect_message, validate_phone_input
from kwtsms_client.report import called


@click.command(epilog=EXIT_CODES)
@click.argument("numbers", nargs=-1, required=True)
@country_option
@click.option("--offline", is_flag=True, help="Judge by form only; do not ask kwtSMS.")
@env_option
@json_option
@answered
def validate(
    numbers: tuple[str, ...], country: str | None, env_file: str, *, offline: bool, as_json: bool
) -> None:
    """Say which numbers can be sent to, and why the others cannot."""
    checks = {one: validate_phone_input(one, default_country=country) for one in numbers}
    verdicts = {one: check.error or "well formed" for one, check in checks.items()}
    if not offline:
        good = [check.normalized for check in checks.values() if check.valid]
        with Client.from_env(env_file) as sms:
            found = sms.validate(good)
        said = dict.fromkeys(found.ok, "ok") | dict.fromkeys(found.er, "refused: malformed")
        said |= dict.fromkeys(found.nr, "refused: no route to this country")
        verdicts = {
            one: said.get(checks[one].normalized, verdict) for one, verdict in verdicts.items()
        }
    if as_json:
        return show_json(verdicts)
    return table(("Number", "Verdict"), list(verdicts.items()))


@click.command(epilog=EXIT_CODES)
@click.argument("text", required=False)
@json_option
@answered
def pages(text: str | None, *, as_json: bool) -> None:
    """Show what a phone would show, and how many pages that takes.

    Without TEXT, or with -, the text is read from standard input.
    """
    report = inspect_message(read_text(text))
    if as_json:
        return show_json(report)
    return show_report(report)


def show_report(report: MessageReport) -> None:
    """The cleaned text, what was removed, and what it takes."""
    click.echo(report.cleaned)
    click.echo()
    facts(
        [
            ("Pages", report.pages),
            ("Encoding", report.encoding.value),
            ("Characters", report.units),
            ("Forces Unicode", ", ".join(map(called, report.forcing[:20])) or None),
            ("Cleaned", report.summary() or None),
            ("May not arrive", " ".join(report.risky) or None),
        ]
    )

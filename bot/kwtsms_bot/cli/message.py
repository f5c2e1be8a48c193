"""`kwtsms-bridge send`, `status`, `dlr`: one message, and what became of it."""

import sys
from dataclasses import asdict

import click

from kwtsms_bot.cli.output import (
    EXIT_CODES,
    OF_OUTCOME,
    answered,
    country_option,
    env_option,
    facts,
    json_option,
    show_json,
    table,
)
from kwtsms_client import Client, InvalidInput, SendResult
from kwtsms_client.preview import SendPreview, preview

MAX_STDIN = 64 * 1024  # A text has at most 1,071 characters; more is a mistake.


@click.command(epilog=EXIT_CODES)
@click.argument("to", metavar="NUMBER[,NUMBER…]")
@click.argument("text", required=False)
@click.option("--from", "sender", metavar="SENDER-ID", help="Another sender ID than the set one.")
@country_option
@click.option("--dry-run", is_flag=True, help="Show what would be sent, and send nothing.")
@env_option
@json_option
@answered
def send(
    to: str,
    text: str | None,
    sender: str | None,
    env_file: str,
    *,
    country: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    r"""Send a text message; without TEXT, or with -, the text is read from standard input.

    \b
    kwtsms-bridge send 96598765432 'Backup failed'
    uptime | kwtsms-bridge send 96598765432
    """
    text = read_text(text)
    if dry_run:
        _show_preview(preview(to, text, default_country=country, balance=None), as_json=as_json)
        return
    with Client.from_env(env_file, default_country=country) as sms:
        result = sms.send(to, text, sender=sender)
    if as_json:
        show_json(result)
    else:
        show_result(result)
    sys.exit(worst(result))


@click.command(epilog=EXIT_CODES)
@click.argument("message_id")
@env_option
@json_option
@answered
def status(message_id: str, env_file: str, *, as_json: bool) -> None:
    """Ask what kwtSMS did with a message."""
    with Client.from_env(env_file) as sms:
        found = sms.status(message_id)
    if as_json:
        return show_json(found)
    return facts([("Status", found.status), ("Description", found.description or None)])


@click.command(epilog=EXIT_CODES)
@click.argument("message_id")
@env_option
@json_option
@answered
def dlr(message_id: str, env_file: str, *, as_json: bool) -> None:
    """Ask for the delivery report of a message (international numbers only)."""
    with Client.from_env(env_file) as sms:
        found = sms.dlr(message_id)
    if as_json:
        return show_json(found)
    return table(("Number", "Status"), [(one.recipient, one.status) for one in found.deliveries])


def show_result(result: SendResult) -> None:
    """What became of each number, and what it cost."""
    rows: list[tuple[str, ...]] = [
        (one.recipient, one.outcome, one.code or "", one.reason or one.message_id or "")
        for one in result.recipients
    ]
    rows += [(one.input, "invalid", "", one.reason) for one in result.invalid]
    table(("Number", "Outcome", "Code", "Detail"), rows)
    facts([("Charged", result.points_charged), ("Balance", result.balance_after)])


def worst(result: SendResult) -> int:
    """The exit code: of the number that fared worst."""
    codes = [OF_OUTCOME[one.outcome] for one in result.recipients]
    return max([*codes, 2 if result.invalid and not codes else 0])


def read_text(text: str | None) -> str:
    """The text given, or what stands on standard input.

    Raises:
        InvalidInput: it is too large, or not UTF-8.
    """
    if text not in (None, "-"):
        return text or ""
    read = sys.stdin.buffer.read(MAX_STDIN + 1)
    if len(read) > MAX_STDIN:
        raise InvalidInput(f"The text is larger than {MAX_STDIN // 1024} KiB.")
    try:
        return read.decode().rstrip("\n")
    except UnicodeDecodeError as error:
        raise InvalidInput("The text is not UTF-8.") from error


def _show_preview(found: SendPreview, *, as_json: bool) -> None:
    if as_json:
        return show_json(asdict(found) | {"credits": found.credits})
    click.echo(f"{found.report.cleaned}\n")
    rows = [(one, "would be sent") for one in found.recipients]
    rows += [(one.input, one.reason) for one in found.invalid]
    table(("Number", "Verdict"), rows)
    cost = f"{found.credits} (one a page in Kuwait, more elsewhere)"
    cleaned = found.report.summary() or None
    return facts([("Pages", found.report.pages), ("Credits", cost), ("Cleaned", cleaned)])

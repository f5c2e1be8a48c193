"""`kwtsms-bridge send`, `status`, `dlr`: sends one message, and asks for its status."""

from dataclasses import asdict, replace
from functools import partial

import click

from kwtsms_bot.cli.interrupt import run_interruptible
from kwtsms_bot.cli.options import (
    country_option,
    default_country,
    env_option,
    json_option,
    read_text,
    sender_option,
)
from kwtsms_bot.cli.output import (
    EXIT_CODE_OF_OUTCOME,
    EXIT_CODES,
    UNKNOWN,
    USAGE,
    echo,
    echo_facts,
    echo_table,
    exit_with,
    fail,
    most_severe,
    report_errors,
    show_json,
)
from kwtsms_client import Client, InvalidInput, SendResult, validate_phone_input
from kwtsms_client.flow import check_sender, warnings
from kwtsms_client.preview import SendPreview, preview

INVALID_NUMBERS = "Nothing is sent. Mend the numbers, or send to the others with --skip-bad."
INTERRUPTED = "Ended before the answer came: it may have been sent."


@click.command(epilog=EXIT_CODES)
@click.argument("to", metavar="NUMBER[,NUMBER…]")
@click.argument("text", required=False)
@sender_option
@country_option
@click.option(
    "--skip-bad", is_flag=True, help="Send to the good numbers although there are bad ones."
)
@click.option("--dry-run", is_flag=True, help="Show what would be sent, and send nothing.")
@env_option
@json_option
@report_errors
def send(
    *,
    to: str,
    text: str | None,
    sender: str | None,
    country: str | None,
    env_file: str,
    skip_bad: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    r"""Send a text message; without TEXT, or with -, the text is read from standard input.

    \b
    kwtsms-bridge send 96598765432 'Backup failed'
    uptime | kwtsms-bridge send 96598765432
    """
    text = read_text(text)
    home = default_country(country, env_file)
    _check_order(to, text, home)
    found = preview(to, text, default_country=home, balance=None)
    if sender is not None:
        check_sender(sender)
    if found.refusal:  # `Client.send` would refuse it, so a dry run does, too.
        raise InvalidInput(found.refusal)
    refused = bool(found.invalid) and not skip_bad
    if dry_run or refused:
        show = partial(_show_preview, found, refused=refused, as_json=as_json)
        exit_with(USAGE if refused else 0, show)
    with Client.from_env(env_file, default_country=home) as sms:
        known = () if as_json else warnings(sender or sms.sender_id, test=sms.test_mode)
        for warning in known:  # Before anything is charged.
            echo(warning, err=True)
        done = run_interruptible(sms, lambda: sms.send(to, text, sender=sender))
        if done.result is None:
            fail(INTERRUPTED, UNKNOWN, as_json=as_json, at_once=True)
        result = replace(
            done.result,
            warnings=tuple(one for one in done.result.warnings if one not in known),
        )
        show = partial(_show_result, result, found.report.summary(), as_json=as_json)
        exit_with(_exit_code(result), show)


@click.command(epilog=EXIT_CODES)
@click.argument("message_id")
@env_option
@json_option
@report_errors
def status(message_id: str, env_file: str, *, as_json: bool) -> None:
    """Ask what kwtSMS did with a message."""
    with Client.from_env(env_file) as sms:
        found = sms.status(message_id)
    if as_json:
        return show_json(found)
    return echo_facts([("Status", found.status), ("Description", found.description or None)])


@click.command(epilog=EXIT_CODES)
@click.argument("message_id")
@env_option
@json_option
@report_errors
def dlr(message_id: str, env_file: str, *, as_json: bool) -> None:
    """Ask for the delivery report of a message (international numbers only)."""
    with Client.from_env(env_file) as sms:
        found = sms.dlr(message_id)
    if as_json:
        return show_json(found)
    return echo_table(
        ("Number", "Status"), [(one.recipient, one.status) for one in found.deliveries]
    )


def _check_order(to: str, text: str, home: str | None) -> None:
    """Rejects a sentence in the place of the number, before a number in the place of the text.

    Raises:
        InvalidInput: the two are swapped, and a number in the sentence would be sent to.
    """
    if any(map(str.isalpha, to)) and validate_phone_input(text, default_country=home).valid:
        raise InvalidInput("The text is a phone number. Write the number first, then the text.")


def _show_result(result: SendResult, cleaned: str, *, as_json: bool) -> None:
    """Shows the outcome for each number, and the cost."""
    if as_json:
        return show_json(asdict(result) | {"cleaned": cleaned or None})
    rows: list[tuple[str, ...]] = [
        (
            one.recipient,
            one.outcome.replace("_", " "),
            one.code or "",
            one.reason or one.message_id or "",
        )
        for one in result.recipients
    ]
    rows += [(one.input, "not sent", "", one.reason) for one in result.invalid]
    echo_table(("Number", "Outcome", "Code", "Detail"), rows)
    echo_facts([("Charged", result.points_charged), ("Balance", result.balance_after)])
    echo_facts([("Cleaned", cleaned or None)])
    for warning in result.warnings:
        echo(warning, err=True)
    return None


def _exit_code(result: SendResult) -> int:
    """The most severe exit code of the numbers."""
    codes = [EXIT_CODE_OF_OUTCOME[one.outcome] for one in result.recipients]
    return most_severe([*codes, UNKNOWN] if result.uncounted else codes)


def _show_preview(found: SendPreview, *, refused: bool, as_json: bool) -> None:
    if as_json:
        return show_json(asdict(found) | {"credits": found.credits})
    echo(f"{found.report.cleaned}\n")
    verdict = "well formed" if refused else "would be sent"
    rows = [(one, verdict) for one in found.recipients]
    rows += [(one.input, one.reason) for one in found.invalid]
    echo_table(("Number", "Verdict"), rows)
    cost = f"{found.credits} (one a page in Kuwait, more elsewhere)"
    cleaned = found.report.summary() or None
    echo_facts([("Pages", found.report.pages), ("Credits", cost), ("Cleaned", cleaned)])
    if refused:
        echo(INVALID_NUMBERS, err=True)
    return None

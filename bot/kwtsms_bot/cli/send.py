"""`kwtsms-bridge send`, `status`, `dlr`: sends one message, and asks for its status."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial

import click

from kwtsms_bot.cli.account_client import open_client
from kwtsms_bot.cli.bridge.send_via import (
    BridgeOrder,
    require_via,
    send_via,
    with_via_options,
)
from kwtsms_bot.cli.interrupt import run_interruptible
from kwtsms_bot.cli.options import (
    country_option,
    defaults_option,
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
from kwtsms_bot.cli.sending_settings import SendingSettings
from kwtsms_client import InvalidInput, SendResult, validate_phone_input
from kwtsms_client.flow import warnings
from kwtsms_client.phone import DECIMAL
from kwtsms_client.preview import SendPreview, preview

INVALID_NUMBERS = "Nothing was sent. Fix the numbers, or use --skip-bad to skip them."
INTERRUPTED = "Stopped before kwtSMS answered: it may have been sent."
# A spreadsheet's number whose decimals have a comma, which would separate two recipients.
_SCIENTIFIC = re.compile(r"\d+,\d+E\+?\d+", re.IGNORECASE)


@click.command(epilog=EXIT_CODES)
@click.argument("to", metavar="NUMBER[,NUMBER…]")
@click.argument("text", required=False)
@sender_option
@country_option
@click.option("-s", "--skip-bad", is_flag=True, help="Skip invalid numbers and send to the others.")
@click.option("-n", "--dry-run", is_flag=True, help="Show what would be sent, and send nothing.")
@with_via_options
@defaults_option
@env_option
@json_option
@report_errors
def send(  # noqa: PLR0913 - click gives each option as a parameter.
    *,
    to: str,
    text: str | None,
    sender: str | None,
    country: str | None,
    config_file: str | None,
    env_file: str,
    skip_bad: bool,
    dry_run: bool,
    via: str | None,
    urgent: bool,
    reference: str | None,
    key: str | None,
    as_json: bool,
) -> None:
    r"""Send an SMS. Without TEXT, or with -, the message is read from standard input.

    \b
    Examples:
      kwtsms-bridge send 98765432 'Backup failed'
      kwtsms-bridge send +96598765432,+971501234567 'Backup failed' --from MY-APP
      uptime | kwtsms-bridge send 98765432
      kwtsms-bridge send @ops 'Backup failed' --via https://bot.example.com
    """
    order = BridgeOrder(
        to=to,
        text=read_text(text),
        sender=sender,
        urgent=urgent,
        reference=reference,
        key=key,
        dry_run=dry_run,
    )
    if via is not None:
        _refuse_with_via({"--country": country, "--config": config_file, "--skip-bad": skip_bad})
        send_via(via, env_file, order, as_json=as_json)
        return
    require_via(order)
    options = DirectSending(env_file, country, config_file, skip_bad=skip_bad, as_json=as_json)
    _send_directly(order, options)


@dataclass(frozen=True, slots=True)
class DirectSending:
    """Options of a message that is sent straight to kwtSMS."""

    env_file: str
    country: str | None
    config_file: str | None
    skip_bad: bool
    as_json: bool


def _refuse_with_via(options: Mapping[str, object]) -> None:
    """Refuses options that have no meaning for a bot, which has its own settings.

    Raises:
        InvalidInput: one of them is given.
    """
    for name, value in options.items():
        if value:
            raise InvalidInput(f"{name} doesn't work with --via: the bot's settings apply.")


def _send_directly(order: BridgeOrder, options: DirectSending) -> None:
    to, text, as_json, env_file = order.to, order.text, options.as_json, options.env_file
    settings = SendingSettings(options.config_file, env_file)
    home, sender = settings.country(options.country), settings.sender_id(order.sender)
    _check_arguments(to, text, home)
    found = preview(to, text, default_country=home, balance=None)
    if found.refusal:  # `Client.send` would refuse it, so a dry run does, too.
        raise InvalidInput(found.refusal)
    refused = bool(found.invalid) and not options.skip_bad
    if order.dry_run or refused:
        show = partial(_show_preview, found, sender, refused=refused, as_json=as_json)
        exit_with(USAGE if refused else 0, show)
    with open_client(env_file, default_country=home) as sms:
        known = () if as_json else warnings(sender, test=sms.test_mode)
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
    r"""Show the status of a message.

    MESSAGE_ID is the ID that kwtSMS gave the message: `send --json` prints it as message_id.

    \b
    Example:
      kwtsms-bridge status f4c841adee210f31307633ceaebff2ec
    """
    with open_client(env_file) as sms:
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
    r"""Show the delivery report of a message. International numbers only.

    Kuwaiti carriers don't confirm delivery to the phone: use `status` for Kuwaiti numbers.

    \b
    Example:
      kwtsms-bridge dlr f4c841adee210f31307633ceaebff2ec
    """
    with open_client(env_file) as sms:
        found = sms.dlr(message_id)
    if as_json:
        return show_json(found)
    return echo_table(
        ("Number", "Status"), [(one.recipient, one.status) for one in found.deliveries]
    )


def _check_arguments(to: str, text: str, home: str | None) -> None:
    """Rejects what would be read as other numbers than those that were meant.

    Raises:
        InvalidInput: number and text are swapped, and a number in the text would be sent to; or a
            spreadsheet spoilt the number.
    """
    if spoilt := _SCIENTIFIC.search(to):
        raise InvalidInput(f"'{spoilt[0]}' isn't a phone number. {DECIMAL}")
    if any(map(str.isalpha, to)) and validate_phone_input(text, default_country=home).valid:
        raise InvalidInput("The message is a phone number. Put the number first.")


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
    echo_facts(
        [
            ("Charged", result.points_charged),
            ("Balance", result.balance_after),
            ("Cleaned", cleaned or None),
        ]
    )
    for warning in result.warnings:
        echo(warning, err=True)
    return None


def _exit_code(result: SendResult) -> int:
    """The most severe exit code of the numbers."""
    codes = [EXIT_CODE_OF_OUTCOME[one.outcome] for one in result.recipients]
    return most_severe([*codes, UNKNOWN] if result.uncounted else codes)


def _show_preview(found: SendPreview, sender: str, *, refused: bool, as_json: bool) -> None:
    if as_json:
        return show_json(asdict(found) | {"credits": found.credits, "sender_id": sender})
    echo(f"{found.report.cleaned}\n")
    verdict = "valid" if refused else "would be sent"
    rows = [(one, verdict) for one in found.recipients]
    rows += [(one.input, one.reason) for one in found.invalid]
    echo_table(("Number", "Result"), rows)
    echo_facts(
        [
            ("Sender ID", sender),
            ("Pages", found.report.pages),
            ("Credits", f"{found.credits} (1 per page in Kuwait, more abroad)"),
            ("Cleaned", found.report.summary() or None),
        ]
    )
    if refused:
        echo(INVALID_NUMBERS, err=True)
    return None

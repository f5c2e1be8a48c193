"""`kwtsms-bridge validate`, `pages`: checks numbers and texts. Sends nothing."""

from collections.abc import Iterable, Mapping
from functools import partial

import click

from kwtsms_bot.cli.account_client import open_client
from kwtsms_bot.cli.options import (
    country_option,
    defaults_option,
    env_option,
    json_option,
    read_text,
)
from kwtsms_bot.cli.output import (
    EXIT_CODE_OF_OUTCOME,
    EXIT_CODES,
    OK,
    REJECTED,
    USAGE,
    echo,
    echo_facts,
    echo_table,
    exit_with,
    most_severe,
    report_errors,
    show_json,
)
from kwtsms_bot.cli.sending_settings import SendingSettings
from kwtsms_client import (
    InvalidInput,
    MessageReport,
    Validation,
    inspect_message,
    split_recipients,
    validate_phone_input,
)
from kwtsms_client.text_report import describe_character

Verdict = tuple[str, int]  # A text about a number, and its exit code.
VALID: Verdict = ("valid", OK)
NOT_ENABLED = "rejected: this country isn't enabled on your account"


@click.command(epilog=EXIT_CODES)
@click.argument("numbers", nargs=-1, required=True)
@country_option
@click.option("--offline", is_flag=True, help="Check the format only; don't ask kwtSMS.")
@defaults_option
@env_option
@json_option
@report_errors
def validate(
    *,
    numbers: tuple[str, ...],
    country: str | None,
    config_file: str | None,
    env_file: str,
    offline: bool,
    as_json: bool,
) -> None:
    r"""Check which numbers can receive SMS. Free of charge.

    Separate NUMBERS with spaces or commas. With -, they are read from standard input.

    \b
    Examples:
      kwtsms-bridge validate 98765432 +971501234567
      kwtsms-bridge validate --offline - < numbers.txt
    """
    home = SendingSettings(config_file, env_file).country(country)
    checks = {
        one: validate_phone_input(one, default_country=home) for one in _typed_numbers(numbers)
    }
    good = [check.normalized for check in checks.values() if check.valid]
    verdict_of = dict.fromkeys(good, VALID)
    if good and not offline:
        with open_client(env_file) as sms:
            verdict_of = _gateway_verdicts(sms.validate(good))
    verdicts = {
        one: verdict_of[check.normalized] if check.valid else (check.error or "", USAGE)
        for one, check in checks.items()
    }
    show = partial(_show_verdicts, verdicts, as_json=as_json)
    exit_with(most_severe(code for _, code in verdicts.values()), show)


@click.command(epilog=EXIT_CODES)
@click.argument("text", required=False)
@json_option
@report_errors
def pages(text: str | None, *, as_json: bool) -> None:
    r"""Preview a message as a phone would show it, and count its pages.

    Without TEXT, or with -, the message is read from standard input.

    \b
    Examples:
      kwtsms-bridge pages 'Backup failed'
      kwtsms-bridge pages < message.txt
    """
    report = inspect_message(read_text(text))
    if as_json:
        return show_json(report)
    return _show_report(report)


def _show_report(report: MessageReport) -> None:
    """Shows the cleaned text, its pages, and what was removed."""
    echo(f"{report.cleaned}\n")
    echo_facts(
        [
            ("Pages", report.pages),
            ("Encoding", report.encoding.value),
            ("Characters", report.units),
            ("Forces Unicode", ", ".join(map(describe_character, report.forcing[:20])) or None),
            ("Cleaned", report.summary() or None),
            ("May not display", " ".join(report.risky) or None),
        ]
    )


def _typed_numbers(words: Iterable[str]) -> list[str]:
    """The numbers that were typed, each once.

    Raises:
        InvalidInput: there is none.
    """
    typed = [read_text(word) if word == "-" else word for word in words]
    if not any(numbers := list(dict.fromkeys(split_recipients(typed)))):
        raise InvalidInput("Add at least one phone number.")
    return numbers


def _gateway_verdicts(found: Validation) -> dict[str, Verdict]:
    """The verdict of kwtSMS on each number, or the reason why there is none."""
    verdicts: dict[str, Verdict] = dict.fromkeys(found.ok, ("ok", OK))
    verdicts |= dict.fromkeys(found.er, ("rejected: not a valid number", REJECTED))
    verdicts |= dict.fromkeys(
        found.nr, ("rejected: this country isn't enabled on your account", REJECTED)
    )
    return verdicts | {
        one.recipient: (one.reason or "", EXIT_CODE_OF_OUTCOME[one.outcome])
        for one in found.unanswered
    }


def _show_verdicts(verdicts: Mapping[str, Verdict], *, as_json: bool) -> None:
    texts = {number: what for number, (what, _) in verdicts.items()}
    if as_json:
        show_json(texts)
    else:
        echo_table(("Number", "Result"), list(texts.items()))

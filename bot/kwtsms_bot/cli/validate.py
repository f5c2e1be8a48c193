"""`kwtsms-bridge validate`, `pages`: checks numbers and texts. Sends nothing."""

from collections.abc import Iterable, Mapping
from functools import partial

import click

from kwtsms_bot.cli.options import (
    country_option,
    default_country,
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
from kwtsms_client import (
    Client,
    InvalidInput,
    MessageReport,
    Validation,
    inspect_message,
    split_recipients,
    validate_phone_input,
)
from kwtsms_client.text_report import describe_character

Verdict = tuple[str, int]  # A text about a number, and its exit code.
WELL_FORMED: Verdict = ("well formed", OK)


@click.command(epilog=EXIT_CODES)
@click.argument("numbers", nargs=-1, required=True)
@country_option
@click.option("--offline", is_flag=True, help="Judge by form only; do not ask kwtSMS.")
@env_option
@json_option
@report_errors
def validate(
    numbers: tuple[str, ...], country: str | None, env_file: str, *, offline: bool, as_json: bool
) -> None:
    """Say which numbers can be sent to, and why the others cannot.

    NUMBERS are separated by blanks or commas; with -, they are read from standard input.
    """
    home = default_country(country, env_file)
    checks = {
        one: validate_phone_input(one, default_country=home) for one in _typed_numbers(numbers)
    }
    good = [check.normalized for check in checks.values() if check.valid]
    verdict_of = dict.fromkeys(good, WELL_FORMED)
    if good and not offline:
        with Client.from_env(env_file) as sms:
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
    """Show what a phone would show, and how many pages that takes.

    Without TEXT, or with -, the text is read from standard input.
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
            ("May not arrive", " ".join(report.risky) or None),
        ]
    )


def _typed_numbers(words: Iterable[str]) -> list[str]:
    """The numbers that were typed, each once.

    Raises:
        InvalidInput: there is none.
    """
    typed = [read_text(word) if word == "-" else word for word in words]
    if not any(numbers := list(dict.fromkeys(split_recipients(typed)))):
        raise InvalidInput("There is no number.")
    return numbers


def _gateway_verdicts(found: Validation) -> dict[str, Verdict]:
    """The verdict of kwtSMS on each number, or the reason why there is none."""
    verdicts: dict[str, Verdict] = dict.fromkeys(found.ok, ("ok", OK))
    verdicts |= dict.fromkeys(found.er, ("refused: malformed", REJECTED))
    verdicts |= dict.fromkeys(found.nr, ("refused: no route to this country", REJECTED))
    return verdicts | {
        one.recipient: (one.reason or "", EXIT_CODE_OF_OUTCOME[one.outcome])
        for one in found.unanswered
    }


def _show_verdicts(verdicts: Mapping[str, Verdict], *, as_json: bool) -> None:
    texts = {number: what for number, (what, _) in verdicts.items()}
    if as_json:
        show_json(texts)
    else:
        echo_table(("Number", "Verdict"), list(texts.items()))

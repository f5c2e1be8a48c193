"""`kwtsms-bridge validate`, `pages`: numbers and texts looked at before anything is sent."""

from collections.abc import Iterable, Mapping
from functools import partial

import click

from kwtsms_bot.cli.output import (
    EXIT_CODES,
    OF_OUTCOME,
    OK,
    REJECTED,
    USAGE,
    answered,
    end,
    facts,
    show_json,
    table,
    tell,
    worst,
)
from kwtsms_bot.cli.words import country_option, env_option, json_option, read_text
from kwtsms_client import (
    Client,
    InvalidInput,
    MessageReport,
    Validation,
    inspect_message,
    split_recipients,
    validate_phone_input,
)
from kwtsms_client.report import called

Verdict = tuple[str, int]  # What is said of a number, and the exit code that goes with it.
WELL_FORMED: Verdict = ("well formed", OK)


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
    """Say which numbers can be sent to, and why the others cannot.

    NUMBERS are separated by blanks or commas; with -, they are read from standard input.
    """
    checks = {one: validate_phone_input(one, default_country=country) for one in _listed(numbers)}
    good = [check.normalized for check in checks.values() if check.valid]
    said = dict.fromkeys(good, WELL_FORMED)
    if good and not offline:
        with Client.from_env(env_file) as sms:
            said = _said(sms.validate(good))
    verdicts = {
        one: said[check.normalized] if check.valid else (check.error or "", USAGE)
        for one, check in checks.items()
    }
    show = partial(_show_verdicts, verdicts, as_json=as_json)
    end(worst(code for _, code in verdicts.values()), show)


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
    return _show_report(report)


def _show_report(report: MessageReport) -> None:
    """The cleaned text, what was removed, and what it takes."""
    tell(f"{report.cleaned}\n")
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


def _listed(words: Iterable[str]) -> list[str]:
    """The numbers that were typed, each once.

    Raises:
        InvalidInput: there is none.
    """
    typed = [read_text(word) if word == "-" else word for word in words]
    if not any(numbers := list(dict.fromkeys(split_recipients(typed)))):
        raise InvalidInput("There is no number.")
    return numbers


def _said(found: Validation) -> dict[str, Verdict]:
    """What kwtSMS says of each number that it was asked about, or why it says nothing."""
    said: dict[str, Verdict] = dict.fromkeys(found.ok, ("ok", OK))
    said |= dict.fromkeys(found.er, ("refused: malformed", REJECTED))
    said |= dict.fromkeys(found.nr, ("refused: no route to this country", REJECTED))
    return said | {
        one.recipient: (one.reason or "", OF_OUTCOME[one.outcome]) for one in found.unanswered
    }


def _show_verdicts(verdicts: Mapping[str, Verdict], *, as_json: bool) -> None:
    said = {number: what for number, (what, _) in verdicts.items()}
    if as_json:
        show_json(said)
    else:
        table(("Number", "Verdict"), list(said.items()))

"""`kwtsms-bridge bulk FILE.csv`: many messages, judged before, shown while, resumed after."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import click

from kwtsms_bot.cli.journal import IN_FLIGHT, Journal
from kwtsms_bot.cli.output import (
    EXIT_CODES,
    OF_OUTCOME,
    USAGE,
    answered,
    facts,
    show_json,
    table,
)
from kwtsms_bot.cli.rows import NUMBER_COLUMNS, TEXT_COLUMNS, Row, Sheet, calls, column, read, sheet
from kwtsms_bot.cli.words import country_option, env_option, json_option
from kwtsms_client import API_ERRORS, Client, Outcome, mask

MAX_SHOWN = 20
FATAL_STOPS = "The rest was not tried; run the same command again when it is mended."


@dataclass(slots=True)
class Tally:
    """What has become of the rows of this run."""

    counts: dict[str, int]
    charged: Decimal = Decimal(0)

    @property
    def code(self) -> int:
        """The exit code: of the row that fared worst."""
        return max((OF_OUTCOME[Outcome(one)] for one, n in self.counts.items() if n), default=0)


@click.command(epilog=EXIT_CODES)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--text", "template", metavar="TEXT", help="The text; {name} takes a column's value.")
@click.option("--to", metavar="COLUMN", help="The column of the numbers [default: to, phone, …].")
@click.option("--from", "sender", metavar="SENDER-ID", help="Another sender ID than the set one.")
@country_option
@click.option("--skip-bad", is_flag=True, help="Send the good rows although there are bad ones.")
@click.option("--dry-run", is_flag=True, help="Judge and count, and send nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before sending.")
@env_option
@json_option
@answered
def bulk(  # noqa: PLR0913 - click gives each option as a parameter.
    *,
    file: Path,
    template: str | None,
    to: str | None,
    sender: str | None,
    country: str | None,
    env_file: str,
    skip_bad: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    r"""Send a text to every row of a CSV file, whose first line names the columns.

    \b
    kwtsms-bridge bulk guests.csv --text 'Dear {name}, the hall opens at {time}.'
    kwtsms-bridge bulk messages.csv           (with the columns: to, text)

    Interrupted, the same command goes on where it stopped and sends no row twice: what was sent
    is kept in FILE.csv.journal.
    """
    columns, rows = read(file)
    number = column(columns, to, NUMBER_COLUMNS, "the numbers (--to)")
    if template is None:
        template = "{" + column(columns, None, TEXT_COLUMNS, "the text (--text)") + "}"
    found = sheet(rows, number, template, country)
    if found.mistakes and not skip_bad:
        _show_mistakes(file, found, as_json=as_json)
        sys.exit(USAGE)
    if dry_run:
        _show_preview(found, as_json=as_json)
        return
    with Client.from_env(env_file) as sms, Journal(_beside(file)) as journal:
        chosen = sender or sms.sender_id
        rest = [row for row in found.rows if not journal.done(row.key(chosen))]
        if not as_json:
            _show_preview(found, already=len(found.rows) - len(rest), as_json=False)
        if rest and not yes:
            click.confirm(f"Send {len(rest)} messages from {chosen}?", abort=True, err=True)
        tally = _send(sms, journal, rest, chosen, quiet=as_json)
        unknown = journal.unknown(row.key(chosen) for row in found.rows)
    _show_tally(tally, unknown, as_json=as_json)
    sys.exit(tally.code)


def _send(sms: Client, journal: Journal, rows: list[Row], sender: str, *, quiet: bool) -> Tally:
    tally = Tally({outcome.value: 0 for outcome in Outcome})
    with _progress(len(rows), quiet=quiet) as advance:
        for group in calls(rows):
            keys = {row.number: row.key(sender) for row in group}
            journal.note(keys.values(), IN_FLIGHT)
            result = sms.send(list(keys), group[0].text, sender=sender)
            for outcome in Outcome:
                journal.note((keys[number] for number in result.of(outcome)), outcome.value)
                tally.counts[outcome.value] += len(result.of(outcome))
            tally.charged += result.points_charged
            advance(len(group))
            if any(_is_fatal(one.code) for one in result.recipients):
                click.echo(f"{result.recipients[0].reason}\n{FATAL_STOPS}", err=True)
                break
    return tally


@contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A progress bar on a terminal, and nothing elsewhere."""
    if quiet or not total or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 - loaded only when something is drawn.
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("Sending", total=total)
        yield lambda count: bar.advance(task, count)


def _is_fatal(code: str | None) -> bool:
    known = API_ERRORS.get(code or "")
    return known is not None and known.fatal


def _beside(file: Path) -> Path:
    return file.with_name(file.name + ".journal")


def _show_mistakes(file: Path, found: Sheet, *, as_json: bool) -> None:
    if as_json:
        show_json({"mistakes": found.mistakes})
        return
    for mistake in found.mistakes[:MAX_SHOWN]:
        click.echo(f"{file}:{mistake.line}: {mistake.reason}", err=True)
    more = len(found.mistakes) - MAX_SHOWN
    if more > 0:
        click.echo(f"… and {more} more.", err=True)
    remedy = "Mend them, or send the others with --skip-bad."
    click.echo(f"{len(found.mistakes)} bad rows; nothing was sent. {remedy}", err=True)


def _show_preview(found: Sheet, *, already: int = 0, as_json: bool) -> None:
    if as_json:
        counts = {"messages": len(found.rows), "credits": found.credits}
        show_json({**counts, "repeated": found.repeated, "mistakes": found.mistakes})
        return
    shown = [(row.line, mask(row.number), row.pages, row.text[:60]) for row in found.rows[:3]]
    table(("Line", "Number", "Pages", "Text"), shown)
    facts(
        [
            ("Messages", f"{len(found.rows):,}"),
            ("Credits", f"{found.credits:,} (one a page in Kuwait, more elsewhere)"),
            ("Written twice", f"{found.repeated:,}, sent once" if found.repeated else None),
            ("Bad rows", f"{len(found.mistakes):,}" if found.mistakes else None),
            ("Sent before", f"{already:,}, not sent again" if already else None),
        ]
    )


def _show_tally(tally: Tally, unknown: int, *, as_json: bool) -> None:
    if as_json:
        show_json({**tally.counts, "unknown_in_all": unknown, "points_charged": tally.charged})
        return
    facts([(name.replace("_", " ").capitalize(), n) for name, n in tally.counts.items() if n])
    facts([("Charged", tally.charged)])
    if unknown:
        click.echo(
            f"{unknown} may or may not have been sent. They are not sent again: look them up in "
            "the archive at kwtsms.com."
        )

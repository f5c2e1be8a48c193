"""`kwtsms-bridge bulk FILE.csv`: validates the rows, sends them, and resumes when interrupted."""

import sys
from pathlib import Path

import click

from kwtsms_bot.cli.bulk import report
from kwtsms_bot.cli.bulk.csv_file import Table, read
from kwtsms_bot.cli.bulk.journal import Journal
from kwtsms_bot.cli.bulk.rows import (
    NUMBER_COLUMNS,
    TEXT_COLUMNS,
    RowFormat,
    Template,
    find_column,
    parse_batch,
    parse_template,
)
from kwtsms_bot.cli.bulk.runner import BulkOptions, BulkRunner, refuse
from kwtsms_bot.cli.options import (
    country_option,
    default_country,
    env_option,
    json_option,
    read_text,
    sender_option,
)
from kwtsms_bot.cli.output import EXIT_CODES, report_errors
from kwtsms_client import Client, InvalidInput
from kwtsms_client.flow import check_sender


@click.command(epilog=EXIT_CODES)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--text",
    metavar="TEXT",
    help="The text; {name} takes a column's value. With -, it is read from standard input.",
)
@click.option("--to", metavar="COLUMN", help="The column of the numbers [default: to, phone, …].")
@sender_option
@country_option
@click.option("--skip-bad", is_flag=True, help="Send the good rows although there are bad ones.")
@click.option("--dry-run", is_flag=True, help="Judge and count, and send nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before sending.")
@env_option
@json_option
@report_errors
def bulk(  # noqa: PLR0913 - click gives each option as a parameter.
    *,
    file: Path,
    text: str | None,
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
    options = BulkOptions(file, skip_bad, yes, as_json)
    if sender is not None:
        check_sender(sender)
    table = read(file)
    number = find_column(table, to, NUMBER_COLUMNS, "the numbers (--to)")
    template, home = _text_template(text, table), default_country(country, env_file)
    batch = parse_batch(table, RowFormat(number, template, home))
    refuse(batch, options)
    if dry_run:
        report.show_preview(batch, file=file, as_json=as_json)
        return
    if not (yes or _has_terminal()):
        if not as_json:
            report.show_preview(batch, file=file)  # With its bad rows.
        raise InvalidInput("There is no terminal to ask at. Add --yes.")
    with (
        Client.from_env(env_file, check_coverage=False) as sms,
        Journal(_journal_path(file)) as journal,
    ):
        BulkRunner(sms, journal, sender or sms.sender_id, options).send(batch)


def _text_template(text: str | None, table: Table) -> Template:
    if text is None:
        return (find_column(table, None, TEXT_COLUMNS, "the text (--text)"),)
    return parse_template(read_text(text), table)


def _has_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _journal_path(file: Path) -> Path:
    """The path of the file's journal; the same one through every symbolic link to the file."""
    real = file.resolve()
    return real.with_name(real.name + ".journal")

"""`kwtsms-bridge bulk FILE.csv`: validates the rows, sends them, and resumes when interrupted."""

import sys
from pathlib import Path

import click

from kwtsms_bot.cli.account_client import open_client
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
    defaults_option,
    env_option,
    json_option,
    read_text,
    sender_option,
    yes_option,
)
from kwtsms_bot.cli.output import EXIT_CODES, NO_TERMINAL, report_errors
from kwtsms_bot.cli.sending_settings import SendingSettings
from kwtsms_client import InvalidInput


@click.command(epilog=EXIT_CODES)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "-t",
    "--text",
    metavar="TEXT",
    help="Send this message; {name} inserts that column's value. With -, read from standard input.",
)
@click.option(
    "--to", metavar="COLUMN", help="Read phone numbers from this column. [default: to, phone, …]"
)
@sender_option
@country_option
@click.option("-s", "--skip-bad", is_flag=True, help="Skip invalid rows and send the others.")
@click.option("-n", "--dry-run", is_flag=True, help="Show what would be sent, and send nothing.")
@yes_option
@defaults_option
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
    config_file: str | None,
    env_file: str,
    skip_bad: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    r"""Send an SMS to every row of a CSV file. The first line of the file names the columns.

    If it's interrupted, run the same command again: it continues where it stopped and sends no
    row twice. FILE.csv.journal records the rows that were sent.

    \b
    Examples:
      kwtsms-bridge bulk guests.csv --text 'Dear {name}, doors open at {time}.'
      kwtsms-bridge bulk messages.csv --dry-run   (columns: to, text)
    """
    options = BulkOptions(file, skip_bad, yes, as_json)
    settings = SendingSettings(config_file, env_file)
    home, sender = settings.country(country), settings.sender_id(sender)
    table = read(file)
    number = find_column(table, to, NUMBER_COLUMNS, "phone numbers (--to)")
    template = _text_template(text, table)
    batch = parse_batch(table, RowFormat(number, template, home))
    refuse(batch, options)
    if dry_run:
        report.show_preview(batch, file=file, as_json=as_json)
        return
    if not (yes or _has_terminal()):
        if not as_json:
            report.show_preview(batch, file=file)  # With its bad rows.
        raise InvalidInput(f"{NO_TERMINAL} Use --yes.")
    with (
        open_client(env_file, check_coverage=False) as sms,
        Journal(_journal_path(file)) as journal,
    ):
        BulkRunner(sms, journal, sender, options).send(batch)


def _text_template(text: str | None, table: Table) -> Template:
    if text is None:
        return (find_column(table, None, TEXT_COLUMNS, "messages (--text)"),)
    return parse_template(read_text(text), table)


def _has_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _journal_path(file: Path) -> Path:
    """The path of the file's journal; the same one through every symbolic link to the file."""
    real = file.resolve()
    return real.with_name(real.name + ".journal")

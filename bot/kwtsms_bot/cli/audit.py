"""`kwtsms-bridge audit export`: exports the audit ledger as a file. Changes nothing.

Only one page of the ledger is in memory at a time. Numbers are already masked in the ledger.
"""

import csv
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import click

from kwtsms_bot.cli.command_group import CommandGroup
from kwtsms_bot.cli.context import read_config, run_with_database
from kwtsms_bot.cli.options import config_option
from kwtsms_bot.csv_escape import escape_formula
from kwtsms_bot.database import Database
from kwtsms_bot.kuwait_time import KUWAIT_TZ
from kwtsms_bot.outbox.store import Audit, AuditEntry

# The columns, in their order; docs/privacy.md says what they mean. New ones come at the end.
COLUMNS: dict[str, Callable[[AuditEntry], str]] = {
    "id": lambda entry: str(entry.id),
    "at": lambda entry: entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
    "actor": lambda entry: entry.actor,
    "team": lambda entry: entry.team,
    "channel": lambda entry: entry.channel,
    "action": lambda entry: entry.action,
    "decision": lambda entry: entry.decision,
    "subject": lambda entry: entry.subject,
    "detail": lambda entry: entry.detail,
    "request": lambda entry: entry.request,
}


def _parse_time(_ctx: click.Context, _param: click.Parameter, value: str | None) -> datetime | None:
    """Parses a date or a date and time; in Kuwait time unless it has an offset."""
    if value is None:
        return None
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(
            f"{value!r} isn't a date or time. Use 2026-11-24 or 2026-11-24T09:00."
        ) from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=KUWAIT_TZ)


@click.group(cls=CommandGroup)
def audit() -> None:
    r"""Export the audit log: who did what, when, and whether it was allowed.

    \b
    Example:
      kwtsms-bridge audit export --since 2026-11-01 -o audit.csv
    """


@audit.command()
@config_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "jsonl"]),
    default="csv",
    show_default=True,
    help="Write comma-separated values, or one JSON object per line.",
)
@click.option("--since", callback=_parse_time, metavar="TIME", help="Start at this time.")
@click.option("--until", callback=_parse_time, metavar="TIME", help="Stop before this time.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Write to this file, which only you can read. [default: standard output]",
)
def export(
    file: str, form: str, *, since: datetime | None, until: datetime | None, output: str | None
) -> None:
    r"""Export the audit log: who did what, when, and whether it was allowed.

    TIME is a date (2026-11-24, from midnight) or a date and time (2026-11-24T09:00). It's Kuwait
    time unless it has an offset (2026-11-24T06:00Z). The log has no message texts, and its phone
    numbers are masked.

    \b
    Examples:
      kwtsms-bridge audit export --since 2026-11-01 -o audit.csv
      kwtsms-bridge audit export --format jsonl | jq .action
    """
    config = read_config(file)

    async def work(database: Database) -> int:
        write = _write_csv if form == "csv" else _write_json_lines
        with _open_output(output) as out:
            return await write(Audit(database).export(since, until), out)

    count = run_with_database(config, work)
    if output not in (None, "-"):
        click.echo(
            f"Exported {count} {'entry' if count == 1 else 'entries'} to {output}.", err=True
        )


async def _write_csv(entries: AsyncIterator[AuditEntry], out: TextIO) -> int:
    rows = csv.writer(out)
    rows.writerow(COLUMNS)
    count = 0
    async for entry in entries:
        rows.writerow([escape_formula(read(entry)) for read in COLUMNS.values()])
        count += 1
    return count


async def _write_json_lines(entries: AsyncIterator[AuditEntry], out: TextIO) -> int:
    count = 0
    async for entry in entries:
        line = {name: read(entry) for name, read in COLUMNS.items()}
        out.write(json.dumps({**line, "id": entry.id}, ensure_ascii=False) + "\n")
        count += 1
    return count


@contextmanager
def _open_output(output: str | None) -> Iterator[TextIO]:
    """Yields the stream to write to; a file appears complete or not at all."""
    if output in (None, "-"):
        sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
        yield sys.stdout
        return
    path = Path(str(output))
    try:
        # A unique new file: no existing file is written to, and no symbolic link is followed.
        descriptor, temporary = tempfile.mkstemp(
            prefix=f"{path.name}.", suffix=".part", dir=path.parent
        )
    except OSError as error:
        raise _write_error(path, error) from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as out:
            yield out
        Path(temporary).replace(path)
    except OSError as error:
        raise _write_error(path, error) from error
    finally:
        Path(temporary).unlink(missing_ok=True)


def _write_error(path: Path, error: OSError) -> click.ClickException:
    return click.ClickException(f"Can't write {path}: {error.strerror}.")

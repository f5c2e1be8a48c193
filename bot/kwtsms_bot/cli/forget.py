"""`kwtsms-bridge forget`: erases a number from the bot's database, and says what it cannot erase.

Messages still to be sent are kept, unless --cancel is given. Asks first, and shows no whole number.
"""

import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime

import click

from kwtsms_bot.cli.context import USAGE, actor, read_config, run_with_database
from kwtsms_bot.cli.options import config_option, json_option, yes_option
from kwtsms_bot.cli.output import NO_TERMINAL, echo_facts, show_json
from kwtsms_bot.config import Config
from kwtsms_bot.database import Database
from kwtsms_bot.outbox.store import Erased, open_outbox
from kwtsms_client import InvalidInput, parse_phone

MAX_COMPACT_BYTES = 256 * 1024 * 1024  # Takes a few seconds, for which a running bot can wait.
INCOMPLETE = 1  # The exit code where something is kept, or nothing was done.
ELSEWHERE = (
    "Slack: what people wrote, files and exports (a running bot updates its own cards)",
    "kwtSMS: your archive of sent messages at kwtsms.com",
    "phones: messages that were delivered",
    "backups of the database, and PostgreSQL's files until autovacuum has run",
    "other files, such as the CSV files of bulk messages, and logs of other programs",
)


@click.command()
@click.argument("number")
@config_option
@click.option("-n", "--dry-run", is_flag=True, help="Show what would be erased, and erase nothing.")
@click.option("--cancel", is_flag=True, help="Cancel its queued messages, and erase them too.")
@yes_option
@json_option
def forget(
    number: str, file: str, *, dry_run: bool, cancel: bool, yes: bool, as_json: bool
) -> None:
    r"""Erase NUMBER from the bot's database, with the messages that only it received.

    With -, NUMBER is read from standard input, so that it doesn't stay in your shell's history.
    The audit log keeps its entries, in which numbers are masked.

    \b
    Examples:
      kwtsms-bridge forget 98765432 --dry-run
      kwtsms-bridge forget - --yes < number.txt

    \b
    Exit codes:
      0  nothing of it is left
      1  not done, or messages that are still to be sent were kept
      2  wrong input or setup
    """
    config = read_config(file)
    phone = _parse_number(number, config)
    names = _phonebook_names(config, phone)

    async def rehearse(database: Database) -> Erased:
        return await open_outbox(database).eraser.preview_erasure(
            phone, datetime.now(UTC), cancel=cancel
        )

    found = run_with_database(config, rehearse)
    if dry_run:
        _show_result(found, names, done=False, as_json=as_json)
        return
    if not (yes or found.is_empty):
        _confirm(found, as_json=as_json)
    found, compacted = run_with_database(config, _erase(phone, cancel=cancel))
    _show_result(found, names, done=True, as_json=as_json)
    if not compacted:
        click.echo(
            "Erased from all tables. The SQLite file was busy or is larger than "
            f"{MAX_COMPACT_BYTES >> 20} MB, so its unused parts may still have fragments. "
            "To remove them, compact the file (docs/privacy.md).",
            err=True,
        )
    sys.exit(INCOMPLETE if found.kept else 0)


def _erase(phone: str, *, cancel: bool) -> Callable[[Database], Awaitable[tuple[Erased, bool]]]:
    async def work(database: Database) -> tuple[Erased, bool]:
        outbox = open_outbox(database)
        found = await outbox.eraser.erase_number(
            phone, datetime.now(UTC), actor=actor(), cancel=cancel
        )
        return found, await database.compact(MAX_COMPACT_BYTES)

    return work


def _parse_number(number: str, config: Config) -> str:
    written = sys.stdin.readline() if number == "-" else number
    try:
        return parse_phone(written, default_country=config.kwtsms.default_country)
    except InvalidInput as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(USAGE)


def _phonebook_names(config: Config, phone: str) -> list[str]:
    """The number's names in config.yaml, which only the file's owner can erase."""
    return sorted(name for name, one in config.phonebook.contacts.items() if one.number == phone)


def _confirm(found: Erased, *, as_json: bool) -> None:
    """Shows what would be erased and asks for confirmation; exits without it."""
    if as_json or not sys.stdin.isatty():
        click.echo(
            f"Error: {NO_TERMINAL} Use --yes or --dry-run.",
            err=True,
        )
        sys.exit(USAGE)
    _echo_counts(found)
    click.confirm("Erase it? You can't undo this", abort=True)


def _show_result(found: Erased, names: list[str], *, done: bool, as_json: bool) -> None:
    if as_json:
        show_json({**asdict(found), "done": done, "phonebook": names, "elsewhere": ELSEWHERE})
        return
    if found.is_empty:
        click.echo(f"Nothing is stored about {found.phone}.")
    else:
        click.echo(f"{found.phone} {'was' if done else 'would be'} erased:")
        _echo_counts(found)
    for one in found.kept:
        click.echo(f"Kept: {one.ref} is {one.state.replace('_', ' ')}. Try again when it's done.")
    if any(one.state == "queued" for one in found.kept):
        click.echo("To cancel its queued messages, use --cancel.")
    if names:
        click.echo(f"Remove it from the phonebook in config.yaml: {', '.join(names)}.")
    click.echo(
        "Not erased, because the bot can't reach it:\n" + "\n".join(f"- {one}" for one in ELSEWHERE)
    )


def _echo_counts(found: Erased) -> None:
    shared = found.messages - found.texts
    echo_facts(
        [
            ("Messages", found.messages),
            ("Texts erased", found.texts),
            ("Texts kept for others", shared or None),
            ("Unknown, won't be sent again", found.unknown or None),
            ("Other texts that mention it", found.named),
            ("Alerts that mention it", found.alerts),
            ("Answers to applications that mention it", found.answers or None),
            ("Drafts deleted", found.drafts),
            ("Cancelled", found.cancelled or None),
        ]
    )

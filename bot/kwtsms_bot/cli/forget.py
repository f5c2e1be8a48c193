"""`kwtsms-bridge forget`: erases a number from the bot's database, and says what it cannot erase.

What is still to be sent is kept unless it is told to cancel. It asks first, and shows no number.
"""

import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime

import click

from kwtsms_bot.cli.common import USAGE, actor, config_option, read_config
from kwtsms_bot.cli.output import facts, show_json
from kwtsms_bot.cli.stored import in_database
from kwtsms_bot.cli.words import json_option
from kwtsms_bot.config import Config
from kwtsms_bot.database import Database
from kwtsms_bot.outbox.store import Forgotten, Store
from kwtsms_client import InvalidInput, parse_phone

AT_MOST_BYTES = 256 * 1024 * 1024  # A few seconds, for which a running bot can wait.
NOT_ALL = 1  # The exit code where something is kept, or nothing was done.
ELSEWHERE = (
    "Slack: what people wrote there, files, exports (a running bot rewrites its own cards)",
    "kwtSMS: its archive of sent messages, at kwtsms.com",
    "phones: the messages that arrived",
    "the database's back-ups, and PostgreSQL's files until autovacuum has passed",
    "files that people made, such as the CSV of a bulk, and logs of other programs",
)


@click.command()
@click.argument("number")
@config_option
@click.option("--dry-run", is_flag=True, help="Say what would be erased, and erase nothing.")
@click.option("--cancel", is_flag=True, help="Take back what is queued to it, and erase that too.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def forget(
    number: str, file: str, *, dry_run: bool, cancel: bool, yes: bool, as_json: bool
) -> None:
    """Erase NUMBER, and the texts that went to it alone, from the bot's database.

    NUMBER is written in any way; - reads it from standard input, which no history of a shell
    keeps. The ledger keeps its lines, in which the number is masked.

    Exit code 0: nothing of it is left. 1: not done, or something is still to be sent and kept.
    2: wrong input or set-up.
    """
    config = read_config(file)
    phone = _read(number, config)
    names = _names(config, phone)

    async def rehearse(database: Database) -> Forgotten:
        return await Store(database).rehearse_forgetting(phone, datetime.now(UTC), cancel=cancel)

    found = in_database(config, rehearse)
    if dry_run:
        _tell(found, names, done=False, as_json=as_json)
        return
    if not (yes or found.nothing):
        _ask(found, as_json=as_json)
    found, on_disk = in_database(config, _forgetting(phone, cancel=cancel))
    _tell(found, names, done=True, as_json=as_json)
    if not on_disk:
        click.echo(
            "The tables are done. SQLite's file was busy or is larger than "
            f"{AT_MOST_BYTES >> 20} MB: fragments may stand in unused parts of it "
            "until it is compacted (docs/privacy.md).",
            err=True,
        )
    sys.exit(NOT_ALL if found.kept else 0)


def _forgetting(
    phone: str, *, cancel: bool
) -> Callable[[Database], Awaitable[tuple[Forgotten, bool]]]:
    async def work(database: Database) -> tuple[Forgotten, bool]:
        store = Store(database)
        found = await store.forget(phone, datetime.now(UTC), actor=actor(), cancel=cancel)
        return found, await database.compact(AT_MOST_BYTES)

    return work


def _read(number: str, config: Config) -> str:
    written = sys.stdin.readline() if number == "-" else number
    try:
        return parse_phone(written, default_country=config.kwtsms.default_country)
    except InvalidInput as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(USAGE)


def _names(config: Config, phone: str) -> list[str]:
    """What config.yaml calls it; only its owner can erase that."""
    return sorted(name for name, known in config.phonebook.contacts.items() if known == phone)


def _ask(found: Forgotten, *, as_json: bool) -> None:
    """Shows what would be erased and waits for a yes; ends where there is none."""
    if as_json or not sys.stdin.isatty():
        click.echo("Error: nobody is here to ask. Add --yes, or look with --dry-run.", err=True)
        sys.exit(USAGE)
    _facts(found)
    click.confirm("Erase it? There is no way back", abort=True)


def _tell(found: Forgotten, names: list[str], *, done: bool, as_json: bool) -> None:
    if as_json:
        show_json({**asdict(found), "done": done, "phonebook": names, "elsewhere": ELSEWHERE})
        return
    if found.nothing:
        click.echo(f"Nothing of {found.phone} is stored.")
    else:
        click.echo(f"{found.phone} {'was' if done else 'would be'} erased:")
        _facts(found)
    for one in found.kept:
        click.echo(f"Kept: {one.ref} is {one.state}. Come again when it is settled.")
    if any(one.state == "queued" for one in found.kept):
        click.echo("What is queued to it is taken back with --cancel.")
    if names:
        click.echo(f"config.yaml has it in the phonebook as {', '.join(names)}: remove it there.")
    click.echo("This does not reach:\n" + "\n".join(f"- {one}" for one in ELSEWHERE))


def _facts(found: Forgotten) -> None:
    shared = found.messages - found.texts
    facts(
        [
            ("Messages to it", found.messages),
            ("Texts erased", found.texts),
            ("Texts kept for others", shared or None),
            ("Unknown, not to be sent again", found.unknown or None),
            ("Texts to others that named it", found.named),
            ("Drafts thrown away", found.drafts),
            ("Taken back", found.cancelled or None),
        ]
    )

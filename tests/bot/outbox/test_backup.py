"""The backups that docs/operations.md describes are complete and can be restored."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from kwtsms_bot.outbox.retention.restore import RestoreStore
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import Audit, AuditEntry
from support.database import AT, new_message, opened, outbox_in
from support.postgres import Postgres

BEFORE, AFTER = "96598765431", "96598765432"


async def written(url: str, phone: str) -> None:
    """Adds a message, and an entry to the audit log."""
    async with outbox_in(url) as outbox:
        await outbox.intake.accept(new_message(phone), AT)
        line = AuditEntry(AT, "U1", "send", "refused", "send", phone[-3:])
        await Audit(outbox.database).record(line)


async def found(url: str) -> tuple[list[str], list[str]]:
    """The first number of each message, and the details in the audit log."""
    async with outbox_in(url) as outbox:
        messages = await outbox.messages.recent(None, 10)
        lines = await Audit(outbox.database).entries()
    return [one.first_phone for one in messages], [
        one.detail for one in lines if one.subject == "send"
    ]


async def run(program: Path, *words: str, given: bytes = b"") -> bytes:
    """Runs a program that must succeed; returns its output."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(program, *words, stdin=pipe, stdout=pipe)
    answer, _ = await process.communicate(given)
    assert process.returncode == 0
    return answer


async def test_sqlite_is_backed_up_while_it_is_open(tmp_path: Path) -> None:
    """A backup includes rows that are still in the write-ahead log only."""
    file, copy = tmp_path / "live.sqlite3", tmp_path / "back-up.sqlite3"
    url = f"sqlite:///{file}"
    async with opened(url):  # Keeps the log from being written into the file.
        await written(url, BEFORE)
        with closing(sqlite3.connect(file)) as beside:
            beside.execute(f"VACUUM INTO '{copy}'")
        await written(url, AFTER)

    assert await found(f"sqlite:///{copy}") == ([BEFORE], ["431"])


async def test_a_postgresql_restore_replaces_later_rows(postgres_databases: Postgres) -> None:
    """pg_restore --clean works despite the audit log's triggers; queued messages become unknown."""
    url = postgres_databases.new_database()
    programs = Path(postgres_databases.programs)
    await written(url, BEFORE)
    dump = await run(programs / "pg_dump", "--format=custom", url)
    await written(url, AFTER)
    restore = ("--clean", "--if-exists", f"--dbname={url}")
    await run(programs / "pg_restore", *restore, given=dump)
    async with opened(url) as database:
        marked = await RestoreStore(database).mark_unknown("shell:sara", AT)
    async with outbox_in(url) as outbox:
        (message,) = await outbox.messages.recent(None, 10)

    assert await found(url) == ([BEFORE], ["431"])
    assert marked.messages == 1
    assert set(message.counts) == {State.UNKNOWN}

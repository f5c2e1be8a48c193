"""SQLite's file under a running bot: one that was removed, replaced or overwritten is noticed."""

import shutil
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from kwtsms_bot.database import Database, DatabaseError, DatabaseFileLost, open_database
from kwtsms_bot.database.engine import STARTS_KEPT
from kwtsms_bot.outbox.store import open_outbox
from support.database import AT, NUMBER, OTHER, new_message, prepare_database


def remove(file: Path) -> None:
    """Removes the file and leaves those beside it."""
    file.unlink()


def remove_all(file: Path) -> None:
    """Removes the file and those that SQLite has beside it."""
    for one in (file, *file.parent.glob(f"{file.name}-*")):
        one.unlink()


def replace_by_copy(file: Path) -> None:
    """Replaces the file by a copy of itself, as an editor or `sed -i` would."""
    copy = file.with_name("copy")
    shutil.copy(file, copy)
    copy.rename(file)


def replace_by_empty(file: Path) -> None:
    """Replaces the file by an empty one."""
    file.unlink()
    file.touch()


def overwrite_by_other(file: Path) -> None:
    """Writes another database of the bot into the file."""
    other = file.with_name("other")
    prepare_database(other)
    file.write_bytes(other.read_bytes())


def overwrite_by_junk(file: Path) -> None:
    """Writes something else into the file, of the same length."""
    file.write_bytes(b"junk" * (file.stat().st_size // 4))


def truncate(file: Path) -> None:
    """Empties the file in place."""
    file.write_bytes(b"")


def names(folder: Path) -> set[str]:
    """The names of the files in a folder."""
    return {file.name for file in folder.iterdir()}


LOSSES: list[tuple[Callable[[Path], None], str]] = [
    (remove, "was removed"),
    (remove_all, "was removed"),
    (replace_by_copy, "was replaced"),
    (replace_by_empty, "was replaced"),
    (overwrite_by_other, "was overwritten"),
    (overwrite_by_junk, "was overwritten"),
    (truncate, "was overwritten"),
]


@asynccontextmanager
async def watched(file: Path) -> AsyncIterator[Database]:
    """The database as the bot opens it."""
    prepare_database(file)
    database = await open_database(f"sqlite:///{file}", watch_file=True)
    try:
        yield database
    finally:
        await database.close()


@pytest.mark.parametrize(("lose", "reason"), LOSSES, ids=[one.__name__ for one, _ in LOSSES])
async def test_nothing_is_written_to_a_file_that_is_not_the_opened_one(
    tmp_path: Path, lose: Callable[[Path], None], reason: str
) -> None:
    """Small and large messages and every other write are refused; the error names the file."""
    file = tmp_path / "outbox.sqlite3"
    async with watched(file) as database:
        intake = open_outbox(database).intake
        await intake.accept(new_message(), AT)
        lose(file)

        many = [str(96550000000 + number) for number in range(300)]
        for new in (new_message(OTHER, text="second"), new_message(*many, text="many")):
            with pytest.raises(DatabaseFileLost, match=f"outbox.sqlite3 {reason}"):
                await intake.accept(new, AT)
        with pytest.raises(DatabaseFileLost, match=reason):
            async with database.transaction():
                pass


async def test_an_older_copy_of_the_same_database_is_noticed(tmp_path: Path) -> None:
    """A back-up that is written over the file lacks the token of the current start."""
    file, backup = tmp_path / "outbox.sqlite3", tmp_path / "backup"
    async with watched(file):
        with closing(sqlite3.connect(file)) as other:
            other.execute("VACUUM INTO ?", [str(backup)])
    async with watched(file) as database:
        file.write_bytes(backup.read_bytes())

        with pytest.raises(DatabaseFileLost, match="was overwritten"):
            await open_outbox(database).intake.accept(new_message(), AT)


async def test_a_file_that_is_back_is_written_again(tmp_path: Path) -> None:
    """A file that was only moved away for a moment is still the opened one."""
    file = tmp_path / "outbox.sqlite3"
    async with watched(file) as database:
        intake = open_outbox(database).intake
        file.rename(tmp_path / "away")
        with pytest.raises(DatabaseFileLost, match="was removed"):
            await intake.accept(new_message(), AT)
        (tmp_path / "away").rename(file)

        assert (await intake.accept(new_message(), AT)).fresh


async def test_a_lost_file_is_not_created_again(tmp_path: Path) -> None:
    """New connections, for reading too, create no file where the old one was."""
    file = tmp_path / "outbox.sqlite3"
    async with watched(file) as database:
        remove_all(file)
        for _ in range(3):
            with pytest.raises(DatabaseFileLost):
                async with database.reading(), database.reading(), database.reading():
                    await database.now()

    assert not file.exists()


@pytest.mark.parametrize("lose", [remove, remove_all, replace_by_empty, truncate])
async def test_a_start_does_not_replace_a_database_that_was_in_use(
    tmp_path: Path, lose: Callable[[Path], None]
) -> None:
    """The error names the file, and the record whose removal allows an empty database."""
    file = tmp_path / "outbox.sqlite3"
    async with watched(file) as database:
        await open_outbox(database).intake.accept(new_message(), AT)
    lose(file)

    for _ in range(2):
        with pytest.raises(DatabaseFileLost, match=rf"{file}.*outbox\.sqlite3\.created"):
            await open_database(f"sqlite:///{file}", watch_file=True)
    (tmp_path / "outbox.sqlite3.created").unlink()
    async with watched(file) as database:
        assert (await open_outbox(database).intake.accept(new_message(NUMBER), AT)).fresh


async def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    """Another program's database in its place is neither migrated nor changed."""
    file = tmp_path / "outbox.sqlite3"
    async with watched(file):
        pass
    file.unlink()
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE theirs (id INTEGER)")

    with pytest.raises(DatabaseFileLost, match="none of the bot's tables"):
        await open_database(f"sqlite:///{file}", watch_file=True)
    with closing(sqlite3.connect(file)) as other:
        tables = other.execute("SELECT name FROM sqlite_schema").fetchall()
    assert tables == [("theirs",)]


async def test_many_starts_leave_few_tokens(tmp_path: Path) -> None:
    """Old tokens are deleted, and a process that started a while ago is still recognised."""
    file = tmp_path / "outbox.sqlite3"
    async with watched(file) as first:
        for _ in range(STARTS_KEPT - 1):
            async with watched(file):
                pass
        assert (await open_outbox(first).intake.accept(new_message(), AT)).fresh
    async with watched(file):
        pass

    with closing(sqlite3.connect(file)) as other:
        assert other.execute("SELECT count(*) FROM database_start").fetchone() == (STARTS_KEPT,)


@pytest.mark.parametrize("name", ["a b.sqlite3", "50%.sqlite3", "c#d.sqlite3", "بيانات.sqlite3"])
async def test_any_file_name_is_opened(tmp_path: Path, name: str) -> None:
    """Blanks, signs and Arabic in the name lead to this very file."""
    file = tmp_path / name
    async with watched(file) as database:
        await open_outbox(database).intake.accept(new_message(), AT)

    assert names(tmp_path) == {name, f"{name}.created"}


async def test_a_file_that_cannot_be_read_is_not_called_lost(tmp_path: Path) -> None:
    """A lock is a passing error, and no reason to look for another file."""
    file = tmp_path / "outbox.sqlite3"
    async with watched(file) as database:
        await database.now()
        with closing(sqlite3.connect(file)) as other:
            other.execute("PRAGMA busy_timeout=0")
            other.execute("BEGIN IMMEDIATE")
            await database.verify_file()  # Readers go on.
        with pytest.raises(DatabaseError) as caught:
            async with database.transaction():
                raise DatabaseError("passing")

    assert not isinstance(caught.value, DatabaseFileLost)

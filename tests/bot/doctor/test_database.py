"""The doctor's findings about the database, and that the check neither creates nor changes one."""

from pathlib import Path

import pytest

from kwtsms_bot.doctor import FindingLevel
from kwtsms_bot.doctor.database import check
from support.database import opened

CLOSED = "postgresql://bot:the-password@127.0.0.1:1/none"


async def test_one_that_is_up_to_date(database_url: str) -> None:
    """Each database kind is reported by its name."""
    async with opened(database_url):
        found = await check(database_url)

    assert found.level is FindingLevel.OK
    assert found.what == f"{database_url.split(':', maxsplit=1)[0]}, and its tables are up to date."


async def test_one_of_a_newer_version(database_url: str) -> None:
    """A database of a newer version is a problem, and the remedy is to run that version."""
    async with opened(database_url) as database, database.transaction() as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'newer'")
    found = await check(database_url)

    assert found.level is FindingLevel.PROBLEM
    assert "newer kwtsms-bridge" in found.what
    assert "Run that version" in found.remedy


async def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """A missing file is not created: normal before the first start, later the path is wrong."""
    url = f"sqlite:///{tmp_path / 'mistyped.sqlite3'}"
    found = [await check(url), await check(url)]

    assert [one.level for one in found] == [FindingLevel.WARNING] * 2
    assert "mistyped.sqlite3 does not exist" in found[1].what
    assert "fix the path" in found[1].remedy


@pytest.mark.integration
async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """A file that is not a database is a problem, and the check does not change it."""
    file = tmp_path / "bridge.sqlite3"
    file.write_text("a letter " * 1000)
    found = await check(f"sqlite:///{file}")

    assert found.level is FindingLevel.PROBLEM
    assert "can be written to" in found.remedy
    assert file.read_text() == "a letter " * 1000


async def test_a_server_that_does_not_answer() -> None:
    """The remedy for an unreachable server names PostgreSQL, and no finding shows the password."""
    found = await check(CLOSED)

    assert found.level is FindingLevel.PROBLEM
    assert "PostgreSQL accepts" in found.remedy
    assert "the-password" not in found.what + found.remedy

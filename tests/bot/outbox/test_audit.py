"""The audit log: entries are added and never changed; an export has all of them in order."""

import tracemalloc
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, text

from kwtsms_bot.database import DatabaseError
from kwtsms_bot.database.tables import audit
from kwtsms_bot.outbox.audit import PAGE_SIZE
from kwtsms_bot.outbox.store import Audit, AuditEntry
from support.database import AT, NUMBER, OTHER, new_message, opened, outbox_in

MINUTE = timedelta(minutes=1)
CHANGES = {
    "update": "UPDATE audit SET actor = 'nobody'",
    "delete": "DELETE FROM audit WHERE id = 1",
    "replace": (
        "INSERT OR REPLACE INTO audit "
        "SELECT id, at, 'nobody', team, channel, action, decision, subject, detail, request"
        " FROM audit"
    ),
    "truncate": "TRUNCATE audit",
}


def entry(at: datetime = AT, actor: str = "U1") -> AuditEntry:
    """An entry of the audit log."""
    return AuditEntry(at, actor, "send", "refused", "send", "needs one of: sender")


def rows(count: int) -> list[dict[str, object]]:
    """Rows of the audit log that were not written in the order of time."""
    one = {"actor": "U1", "team": "T1", "channel": "C1", "action": "send", "decision": "refused"}
    return [
        {**one, "subject": "s", "detail": str(n), "request": "", "at": AT + (n * 7 % 50) * MINUTE}
        for n in range(count)
    ]


@pytest.mark.parametrize("change", ["update", "delete"])
async def test_the_database_refuses_to_change_the_ledger(database_url: str, change: str) -> None:
    """No code that uses the database can change or remove an entry."""
    await refused(database_url, change)


async def test_sqlite_refuses_to_replace_a_line(tmp_path: Path) -> None:
    """INSERT OR REPLACE cannot change an entry either."""
    await refused(tmp_path, "replace")


async def test_postgresql_refuses_to_empty_the_ledger(postgres_url: str) -> None:
    """TRUNCATE is refused too, although it fires no row trigger."""
    await refused(postgres_url, "truncate")


async def refused(location: Path | str, change: str) -> None:
    """Checks that the statement fails and the audit log is unchanged."""
    async with opened(location) as database:
        ledger = Audit(database)
        await ledger.record(entry())
        before = await ledger.entries()
        with pytest.raises(DatabaseError) as error:
            async with database.transaction() as connection:
                await connection.execute(text(CHANGES[change]))

        assert "the ledger is append-only" in str(error.value.__cause__)
        assert await ledger.entries() == before


async def test_a_message_is_in_the_ledger_without_its_text_and_numbers(database_url: str) -> None:
    """The entry has actor, place, size and request; the numbers are masked."""
    async with outbox_in(database_url) as outbox:
        asked = new_message(NUMBER, OTHER, text="the-secret-text", team="T1", request="0123abcd")
        message = (await outbox.intake.accept(asked, AT)).message
        (line,) = await Audit(outbox.database).entries()

    assert (line.actor, line.team, line.channel, line.request) == ("U1", "T1", "C1", "0123abcd")
    assert (line.subject, line.action, line.decision) == (message.ref, "send", "allowed")
    assert line.detail == "2 to 965•••••432, 965•••••567; pages 1, characters 15"


async def test_an_export_has_every_line_once_in_the_order_of_time(database_url: str) -> None:
    """Also over several pages, with many entries of the same moment."""
    count = 2 * PAGE_SIZE + 7
    async with opened(database_url) as database:
        async with database.transaction() as connection:
            await connection.execute(insert(audit), rows(count))
        found = [one async for one in Audit(database).export()]

    assert found == sorted(found, key=lambda one: (one.at, one.id))
    assert sorted(int(one.detail) for one in found) == list(range(count))


async def test_an_export_may_begin_and_end(database_url: str) -> None:
    """An export includes `since` and excludes `until`."""
    async with opened(database_url) as database:
        ledger = Audit(database)
        for minute in range(5):
            await ledger.record(entry(AT + minute * MINUTE))
        found = [one.at async for one in ledger.export(AT + MINUTE, AT + 3 * MINUTE)]

    assert found == [AT + MINUTE, AT + 2 * MINUTE]


async def test_an_export_reads_by_an_index(tmp_path: Path) -> None:
    """A page is one index look-up, however long the audit log is."""
    query = "SELECT * FROM audit WHERE at >= 1 AND (at, id) > (1, 1) ORDER BY at, id LIMIT 500"
    async with opened(tmp_path) as database, database.reading() as connection:
        plan = (await connection.execute(text(f"EXPLAIN QUERY PLAN {query}"))).all()

    assert [step.detail for step in plan] == ["SEARCH audit USING INDEX ix_audit_at_id (at>?)"]


async def test_a_long_ledger_needs_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    """An export holds one page in memory, not the whole audit log."""
    peaks = []
    async with opened(tmp_path) as database:
        ledger = Audit(database)
        for more in (4 * PAGE_SIZE, 40 * PAGE_SIZE):
            async with database.transaction() as connection:
                await connection.execute(insert(audit), rows(more))
            tracemalloc.start()
            async for _ in ledger.export():
                pass
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()

    short, long = peaks
    assert long < 1.5 * short


@pytest.mark.parametrize("said", ["a\0b", "\ud800", "x" * 5000, "<!channel>\u202e"])
async def test_any_text_from_outside_is_recorded(database_url: str, said: str) -> None:
    """A refusal is recorded whatever its actor, place and subject are, as far as it fits."""
    line = AuditEntry(AT, said, said, "refused", said, said, team=said, channel=said, request=said)
    async with opened(database_url) as database:
        await Audit(database).record(line)
        (found,) = await Audit(database).entries()

    stored = said.replace("\0", "").replace("\ud800", "?")
    assert (found.actor, found.channel, found.detail) == (stored[:80], stored[:40], stored[:500])

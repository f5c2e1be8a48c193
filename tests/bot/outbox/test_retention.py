"""After the retention time, and not before, no text and no number is left anywhere."""

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import text

from kwtsms_bot.outbox.intake.draft import DraftKind
from kwtsms_bot.outbox.retention.jobs import MAX_COMPACT_BYTES, PURGE_INTERVAL, RetentionJob
from kwtsms_bot.outbox.retention.purge_store import BATCH_SIZE
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import Outbox
from support.database import ACTOR, AT, new_message, outbox_in, record_statements
from support.leak_search import on_disk, traces
from support.message_states import (
    LEASE,
    Secret,
    cancelled,
    deferred,
    draft,
    drafted,
    in_flight,
    rejected,
    secret,
    sent,
    unknown,
)

RETENTION = timedelta(days=1)
HOUR = timedelta(hours=1)
LATER = AT + RETENTION + HOUR


def retention_job(outbox: Outbox) -> RetentionJob:
    """The scheduled erasure of this outbox."""
    return RetentionJob(outbox.database, outbox.purge, outbox.drafts)


SCENARIOS: tuple[Callable[[Outbox, Secret], Awaitable[None]], ...] = (
    sent,
    rejected,
    unknown,
    deferred,
    cancelled,
    drafted,
)


async def test_texts_and_numbers_are_gone_within_an_hour(database_url: str) -> None:
    """Of hourly messages, nothing older than a day and an hour is left anywhere."""
    async with outbox_in(database_url) as outbox:
        secrets = []
        for hour in range(40):
            now = AT + hour * HOUR
            secrets.append(secret(hour, now))
            await SCENARIOS[hour % len(SCENARIOS)](outbox, secrets[-1])
            await retention_job(outbox).purge(RETENTION, now)
            old = [one for one in secrets if one.at <= now - RETENTION - HOUR]
            words = [word for one in old for word in one.forbidden]

            assert await traces(outbox.database, *words) == set()


async def test_an_unapproved_request_is_erased_when_its_author_is_notified(
    database_url: str,
) -> None:
    """An expired request is deleted when it is popped for the notification."""
    one = secret(1)
    async with outbox_in(database_url) as outbox:
        await outbox.drafts.save_draft(replace(draft(one), kind=DraftKind.APPROVE))
        (expired,) = await outbox.drafts.pop_expired_requests(LATER)

        assert expired.message.text == one.text
        assert await traces(outbox.database, *one.forbidden) == set()


async def test_nothing_is_erased_before_its_time(database_url: str) -> None:
    """A minute before the retention time is over, everything is still there."""
    async with outbox_in(database_url) as outbox:
        for count, scenario in enumerate(SCENARIOS[:-1]):
            await scenario(outbox, secret(count))
        await retention_job(outbox).purge(RETENTION, AT + RETENTION - timedelta(minutes=1))

        for count in range(len(SCENARIOS) - 1):
            one = secret(count)
            assert await traces(outbox.database, one.text) >= {"message.text"}
            assert await traces(outbox.database, one.phone) >= {"recipient.phone"}


async def test_the_files_contain_nothing_of_it_either(tmp_path: Path) -> None:
    """Freed pages and the write-ahead log are clean too, while the bot runs."""
    secrets = [secret(count) for count in range(90)]
    words = [word for one in secrets for word in (one.phone, one.text)]
    async with outbox_in(tmp_path) as outbox:
        for count, one in enumerate(secrets):
            await SCENARIOS[count % len(SCENARIOS)](outbox, one)
        assert on_disk(tmp_path, *words) == set(words)
        await retention_job(outbox).purge(RETENTION, LATER)

        assert on_disk(tmp_path, *words) == set()


async def test_author_and_outcome_are_kept(database_url: str) -> None:
    """Author, states, pages, credits and the gateway ID outlive text and number."""
    async with outbox_in(database_url) as outbox:
        await sent(outbox, secret(1))
        await retention_job(outbox).purge(RETENTION, LATER)
        found = await outbox.messages.find("f4c8")

        assert found
        assert (found.author, found.pages, found.points) == ("U1", 1, Decimal(1))
        assert found.counts == {State.SENT: 1}
        assert (found.text, found.first_phones) == (None, ("#1",))


async def test_an_overdue_message_expires_and_is_shown(database_url: str) -> None:
    """A message that no worker expired, as in a pause, is expired by the erasure."""
    async with outbox_in(database_url) as outbox:
        await deferred(outbox, secret(1))
        message = await outbox.messages.latest("U1")
        assert message
        await outbox.cards.record_shown(message.id, message.revision, None)
        await retention_job(outbox).purge(RETENTION, LATER)
        found = await outbox.messages.get(message.id)

        assert found
        assert found.counts == {State.EXPIRED: 1}
        assert await outbox.cards.outdated_cards(10) == (message.id,)


async def test_what_is_in_hand_is_kept(database_url: str) -> None:
    """A message in flight keeps its text, however old it is."""
    async with outbox_in(database_url) as outbox:
        await in_flight(outbox, secret(1))
        await retention_job(outbox).purge(RETENTION, LATER)

        assert await traces(outbox.database, secret(1).text) == {"message.text"}


async def test_an_erased_message_is_not_sent_again(database_url: str) -> None:
    """An erased unknown message can only be marked as sent, and its card is updated."""
    async with outbox_in(database_url) as outbox:
        await unknown(outbox, secret(1))
        message = await outbox.messages.latest("U1")
        assert message
        await outbox.cards.record_shown(message.id, message.revision, None)
        await retention_job(outbox).purge(RETENTION, LATER)

        assert await outbox.cards.outdated_cards(10) == (message.id,)
        assert await outbox.decisions.send_again(message.ref, LATER, ACTOR) == 0
        assert await outbox.claims.claim("one", LEASE, LATER) is None
        assert await outbox.decisions.treat_as_sent(message.ref, LATER, ACTOR) == 1


async def test_what_was_just_decided_is_kept(database_url: str) -> None:
    """A message that is to be sent again keeps its text, even if it was decided just before."""
    async with outbox_in(database_url) as outbox:
        await unknown(outbox, secret(1))
        (message,) = await outbox.messages.recent("U1", 1)
        await outbox.decisions.send_again(message.ref, LATER, ACTOR)

        assert await outbox.purge.erase(LATER) == 0
        assert await outbox.claims.claim("one", LEASE, LATER)


async def test_a_message_to_many_is_erased_completely(database_url: str) -> None:
    """All numbers are erased, even more than one transaction can erase."""
    many = [f"9655{count:07d}" for count in range(2 * BATCH_SIZE + 1)]
    async with outbox_in(database_url) as outbox:
        message = (await outbox.intake.accept(new_message(*many), AT)).message
        await outbox.cancellation.cancel(message.ref, AT, ACTOR)

        assert await outbox.purge.erase(LATER) == 1
        assert await traces(outbox.database, *many[::BATCH_SIZE], "hello") == set()
        assert await outbox.purge.erase(LATER) == 0


async def test_a_purge_scans_no_table(tmp_path: Path) -> None:
    """Every statement of a purge finds its rows by an index."""
    async with outbox_in(tmp_path) as outbox:
        for count, scenario in enumerate(SCENARIOS):
            await scenario(outbox, secret(count))
        with record_statements(outbox.database) as said:
            await retention_job(outbox).purge(RETENTION, LATER)
        plans = [await plan(outbox, *statement) for statement in said]

    assert len(plans) > len(SCENARIOS)
    assert [step for step in plans if "SCAN" in step] == []


async def plan(outbox: Outbox, said: str, values: Any) -> str:
    """The statement with SQLite's query plan."""
    async with outbox.database.reading() as connection:
        rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}", values)
        return said + " | ".join(str(row.detail) for row in rows)


async def test_the_log_cannot_be_emptied_under_a_reader(tmp_path: Path) -> None:
    """The log is not emptied while a reader needs it, and is emptied afterwards."""
    async with outbox_in(tmp_path) as outbox:
        await sent(outbox, secret(1))
        async with outbox.database.reading() as connection:
            await connection.execute(text("SELECT * FROM message"))
            await outbox.purge.erase(LATER)
            assert not await outbox.database.empty_wal()

        assert await outbox.database.empty_wal()


async def test_a_file_is_written_anew_without_fragments(tmp_path: Path) -> None:
    """Compacting removes fragments from unused parts of pages; a large file is skipped."""
    async with outbox_in(tmp_path) as outbox:
        for count in range(5):
            await sent(outbox, secret(count))
        careless(tmp_path / "outbox.sqlite3")
        fragment = secret(3).text
        assert on_disk(tmp_path, fragment) == {fragment}
        assert not await outbox.database.compact(max_bytes=1)
        assert on_disk(tmp_path, fragment) == {fragment}
        await retention_job(outbox).compact()

        assert on_disk(tmp_path, fragment) == set()
        assert await traces(outbox.database, secret(2).text) == {"message.text"}


def careless(file: Path) -> None:
    """Leaves a text in an unused page, as SQLite may where it moved rows."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA secure_delete=OFF")
        connection.execute("UPDATE message SET text = NULL WHERE text = ?", (secret(3).text,))
        connection.execute("CREATE TABLE moved (text)")
        connection.execute("INSERT INTO moved VALUES (?)", (secret(3).text,))
        connection.execute("DROP TABLE moved")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def test_a_file_that_others_write_is_left_for_another_night(tmp_path: Path) -> None:
    """A file that another process writes to is not compacted."""
    async with outbox_in(tmp_path) as outbox:
        with closing(sqlite3.connect(tmp_path / "outbox.sqlite3", timeout=0)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert not await outbox.database.compact(MAX_COMPACT_BYTES)

        assert await outbox.database.compact(MAX_COMPACT_BYTES)


def test_purges_come_often_enough() -> None:
    """A failed purge is repeated within the hour."""
    assert 2 * PURGE_INTERVAL < HOUR

"""The database has the overrides, calendars and notices of schedules: SQLite and PostgreSQL."""

import asyncio
from datetime import timedelta

import pytest

from kwtsms_bot.bridge.on_call.duty_roster import Override
from kwtsms_bot.bridge.on_call.notices import NoticeKey, OnCallNoticeKind
from kwtsms_bot.bridge.on_call.store import RETENTION, OnCallStore
from support.database import ACTOR, AT, opened
from support.on_call import HOUR

MINUTE = timedelta(minutes=1)
KEY = NoticeKey("ops", OnCallNoticeKind.HANDOVER, AT)


async def test_one_replica_announces_a_notice(database_url: str) -> None:
    """Of several at once; after a release, another may."""
    async with opened(database_url) as database:
        store = OnCallStore(database)
        claims = await asyncio.gather(*(store.claim_notice(KEY, AT) for _ in range(5)))
        await store.release_notice(KEY)
        again = await store.claim_notice(KEY, AT)

    assert sorted(claims) == [False] * 4 + [True]
    assert again


async def test_overrides_are_kept_in_their_order(database_url: str) -> None:
    """Until long after they have ended; those that are ended by hand end at once."""
    first = Override("ops", "noura", AT, AT + HOUR, ACTOR.id)
    second = Override("ops", "fahad", AT + MINUTE, AT + 2 * HOUR, ACTOR.id)
    async with opened(database_url) as database:
        store = OnCallStore(database)
        for one in (first, second):
            await store.add_override(one, ACTOR)
        found = await store.overrides(AT)
        ended = await store.end_overrides("ops", AT + 2 * MINUTE, ACTOR)
        after = await store.overrides(AT)
        late = await store.overrides(AT + RETENTION + HOUR)

    assert found == (first, second)
    assert (ended, {one.ends_at for one in after}) == (2, {AT + 2 * MINUTE})
    assert late == ()


async def test_a_failure_is_reported_once_and_so_is_its_end(database_url: str) -> None:
    """After an hour; the copy of the same address is kept through it."""
    async with opened(database_url) as database:
        store = OnCallStore(database)
        await store.record_fetched("net", "hash", AT, body="BEGIN", etag="v1")
        for minutes in (10, 20):
            await store.record_failure("net", "hash", AT + minutes * MINUTE, failure="no answer")
        copy = (await store.copies())["net"]
        early = await store.claim_failure("net", AT, AT)
        claims = [await store.claim_failure("net", AT + HOUR, AT + HOUR) for _ in range(2)]
        await store.record_fetched("net", "hash", AT + 2 * HOUR, body=None, etag="v1")
        recoveries = [await store.claim_recovery("net") for _ in range(2)]
        body = await store.copy_body("net")

    assert (copy.fetched_at, copy.failed_since, copy.etag) == (AT, AT + 10 * MINUTE, "v1")
    assert (early, claims, recoveries, body) == (False, [True, False], [True, False], "BEGIN")


async def test_another_address_has_no_copy(database_url: str) -> None:
    """A copy of the address before does not serve for it, nor for a schedule that is gone."""
    async with opened(database_url) as database:
        store = OnCallStore(database)
        await store.record_fetched("net", "hash", AT, body="BEGIN", etag="v1")
        await store.record_failure("net", "other", AT, failure="no answer")
        copy = (await store.copies())["net"]
        body = await store.copy_body("net")
        await store.delete_copies(except_for=["ops"])
        left = await store.copies()

    assert (copy.source_hash, copy.fetched_at, copy.etag, body) == ("other", None, None, None)
    assert left == {}


@pytest.mark.parametrize("phones", [(), ("96598765432",)])
async def test_nobody_was_texted_by_an_empty_outbox(
    database_url: str, phones: tuple[str, ...]
) -> None:
    """Also for no numbers at all."""
    async with opened(database_url) as database:
        assert await OnCallStore(database).texted(phones) == frozenset()

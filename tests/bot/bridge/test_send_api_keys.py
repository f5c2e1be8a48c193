"""Idempotency keys of the send API: a retry never sends twice, whatever happened before it."""

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from kwtsms_bot.database.tables import message, request_key
from kwtsms_bot.outbox.retention.jobs import RetentionJob
from support.api_bench import SECTIONS, ApiBench, api_bench, api_config
from support.database import AT, NUMBER, OTHER, prepare_database
from support.leak_search import traces
from support.relay import Break, relayed

HOURS_24 = timedelta(hours=24)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database for the test, on SQLite."""
    return prepare_database(tmp_path / "outbox.sqlite3")


async def count_messages(bench: ApiBench) -> int:
    """The number of messages in the outbox."""
    async with bench.database.reading() as connection:
        return len((await connection.execute(select(message.c.id))).all())


async def retry_until_done(bench: ApiBench, key: str) -> httpx.Response:
    """Posts until the answer is no 409 any more."""
    answer = await bench.post(key=key)
    while answer.status_code == 409:
        answer = await bench.post(key=key)
    return answer


async def test_200_requests_with_one_key(database_url: str) -> None:
    """Of 200 at once one is sent; the others get its answer, or wait until they can."""
    async with api_bench(database_url) as bench:
        answers = await asyncio.gather(*(bench.post(key="k1") for _ in range(200)))
        later = await bench.post(key="k1")
        messages = await count_messages(bench)

    by_status = Counter(one.status_code for one in answers)
    assert messages == 1
    assert set(by_status) <= {201, 409}
    assert {one.json()["id"] for one in answers if one.status_code == 201} == {later.json()["id"]}
    assert {one.headers.get("Retry-After") for one in answers if one.status_code == 409} <= {"1"}


async def test_two_replicas_with_one_key(postgres_url: str) -> None:
    """Two replicas that get the same request at once send it once."""
    async with api_bench(postgres_url) as one, api_bench(postgres_url) as other:
        answers = await asyncio.gather(
            *(retry_until_done(bench, f"k{n}") for n in range(5) for bench in (one, other))
        )
        messages = await count_messages(one)

    assert {answer.status_code for answer in answers} == {201}
    assert messages == 5


async def test_the_same_again(database_url: str) -> None:
    """A repeat with its fields in another order get the first answer, and say so."""
    async with api_bench(database_url) as bench:
        first = await bench.post(key="k1", reference="r1")
        body = {"reference": "r1", "text": "Your code is 4821", "to": f"+{NUMBER}"}
        again = await bench.post(body, key="k1")
        in_body = await bench.post({**body, "idempotency_key": "k1"})
        messages = await count_messages(bench)

    assert [one.json() for one in (again, in_body)] == [first.json()] * 2
    assert [one.headers.get("Idempotent-Replayed") for one in (first, again)] == [None, "true"]
    assert again.headers["Location"] == first.headers["Location"]
    assert messages == 1


async def test_another_request_with_the_key(database_url: str) -> None:
    """A key used for something else is a conflict; so are two keys in one request."""
    async with api_bench(database_url) as bench:
        first = await bench.post(key="k1")
        other = await bench.post(key="k1", text="Your code is 4822")
        wrong = await bench.post(key="k1", to="1234")
        two = await bench.post(key="k1", idempotency_key="k2")
        messages = await count_messages(bench)

    assert first.status_code == 201
    assert [one.json()["error"]["code"] for one in (other, wrong)] == ["idempotency_conflict"] * 2
    assert (other.status_code, two.status_code) == (422, 400)
    assert messages == 1


async def test_a_refusal_is_remembered(url: str) -> None:
    """A request that is refused for its contents stays refused under its key."""
    async with api_bench(url) as bench:
        first = await bench.post(key="k1", urgent=True)
    async with api_bench(url, api_config(urgent=True)) as bench:
        again = await bench.post(key="k1", urgent=True)
        without = await bench.post(urgent=True)

    assert (first.status_code, again.json()) == (403, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    assert without.status_code == 201


async def test_a_limit_is_not_remembered(url: str) -> None:
    """A request that is refused only for now is accepted under the same key later."""
    async with api_bench(url, api_config(credits_per_day=1)) as bench:
        await bench.post()
        refused = await bench.post(key="k1")
        bench.now += HOURS_24
        accepted = await bench.post(key="k1")

    assert (refused.status_code, accepted.status_code) == (429, 201)


async def test_keys_of_two_applications(url: str) -> None:
    """A key belongs to its application: the same key of another one is another request."""
    tokens = {"shop": "kwb_token-of-the-shop", "bank": "kwb_token-of-the-bank"}
    api = {name: {"token": token} for name, token in tokens.items()}
    config = type(api_config()).model_validate({**SECTIONS, "bridge": {"api": api}})
    answers = []
    async with api_bench(url, config) as bench:
        for token in tokens.values():
            bench.token = token
            answers.append((await bench.post(key="k1")).json())
        messages = await count_messages(bench)

    assert messages == 2
    assert answers[0]["id"] != answers[1]["id"]


async def test_a_key_lasts_a_day(url: str) -> None:
    """After 24 hours the key can be used again, whether its row is erased by then or not."""
    async with api_bench(url) as bench:
        first = await bench.post(key="k1")
        bench.now += HOURS_24 - timedelta(seconds=1)
        repeat = await bench.post(key="k1")
        bench.now += timedelta(seconds=1)
        new = await bench.post(key="k1", text="another text")

    assert first.json()["id"] == repeat.json()["id"] != new.json()["id"]


async def test_the_answer_survives_the_process(database_url: str) -> None:
    """A process that dies after the commit has answered nobody: the retry gets its answer."""
    async with api_bench(database_url) as bench:
        body = {"to": NUMBER, "text": "Your code is 4821"}
        first = await bench.post(body, key="k1")
    async with api_bench(database_url) as bench:
        again = await bench.post(body, key="k1")
        messages = await count_messages(bench)

    assert again.json() == first.json()
    assert messages == 1


@pytest.mark.parametrize(
    ("when", "status", "stored"),
    [(Break.AFTER, 201, 1), (Break.BEFORE, 503, 0), (Break.PERMANENTLY, 503, 1)],
)
async def test_a_commit_whose_answer_is_lost(
    postgres_url: str, when: Break, status: int, stored: int
) -> None:
    """The message is looked for: it is there, or it isn't, or the application has to retry."""
    async with relayed(postgres_url) as (relay, url), api_bench(url) as bench:
        relay.break_at_commit(when)
        first = await bench.post(key="k1")
    async with api_bench(postgres_url) as bench:
        messages = await count_messages(bench)
        again = await bench.post(key="k1")
        in_the_end = await count_messages(bench)

    assert (first.status_code, messages) == (status, stored)
    assert (again.status_code, in_the_end) == (201, 1)
    assert again.headers.get("Idempotent-Replayed") == ("true" if stored else None)


async def test_answers_are_erased_after_a_day(url: str) -> None:
    """Answers hold numbers and texts, so they go after a day; references go with the text."""
    retention = timedelta(days=30)
    async with api_bench(url) as bench:
        await bench.post(key="k1", reference="order-118")
        job = RetentionJob(bench.database, bench.outbox.purge, bench.outbox.drafts)
        await job.purge(retention, AT + HOURS_24)
        after_a_day = await traces(bench.database, NUMBER, "order-118")
        await job.purge(timedelta(hours=1), AT + timedelta(days=31))
        await job.purge(timedelta(hours=1), AT + timedelta(days=31))
        in_the_end = await traces(bench.database, NUMBER, "4821", "order-118")

    assert after_a_day == {"recipient.phone", "api_message.reference"}
    assert in_the_end == set()


async def test_a_number_is_erased_from_answers(database_url: str) -> None:
    """At a person's request the number goes, while the key still keeps a retry from sending."""
    async with api_bench(database_url) as bench:
        await bench.post(key="k1", reference=f"call {NUMBER[3:]}", to=[NUMBER, OTHER])
        found = await bench.outbox.eraser.erase_number(NUMBER, AT, actor="U1", cancel=True)
        traced = await traces(bench.database, NUMBER, NUMBER[3:])
        again = await bench.post(key="k1", reference="another", to=OTHER)
        async with bench.database.reading() as connection:
            hashes = set((await connection.execute(select(request_key.c.body_hash))).scalars())
        messages = await count_messages(bench)

    assert (found.answers, found.is_empty) == (2, False)
    assert traced == set()
    assert "" in hashes
    assert [one["to"] for one in again.json()["recipients"]] == [None, OTHER]
    assert again.json()["text"] is None
    assert messages == 1

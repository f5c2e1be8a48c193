"""The send API: what applications may send, and what they are answered."""

import asyncio
import sqlite3
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kwtsms_bot.bridge.send_api.errors import ERRORS, ErrorCode
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.quota.admission import day_of
from kwtsms_bot.outbox.quota.usage_store import spent_on
from kwtsms_bot.outbox.states import State
from support.api_bench import (
    ApiBench,
    api_bench,
    api_config,
)
from support.database import ACTOR, AT, NUMBER, OTHER, prepare_database

LEASE = timedelta(seconds=30)
LONG_AGO = AT - timedelta(days=365)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database for the test, on SQLite."""
    return prepare_database(tmp_path / "outbox.sqlite3")


async def send(bench: ApiBench, settlement: Settlement) -> None:
    """Carries the next call to kwtSMS, which has this outcome."""
    call = await bench.outbox.claims.claim("test", LEASE, AT)
    assert call is not None
    assert await bench.outbox.settlements.put_in_flight(call, LEASE, AT)
    await bench.outbox.settlements.settle(call, settlement, AT)


async def test_a_message_is_accepted(database_url: str) -> None:
    """The answer names the message, what the phone will show and what it will cost."""
    async with api_bench(database_url) as bench:
        answer = await bench.post(text="Your code is 4821 🔑", reference="order-118")
        content = answer.json()
        ref, request = content["id"], content["request"]
        stored = await bench.outbox.messages.find(ref)

    assert (answer.status_code, answer.headers["Location"]) == (201, f"/v1/messages/{ref}")
    assert content == {
        "id": ref,
        "status": "queued",
        "reference": "order-118",
        "sender_id": "MY-APP",
        "text": "Your code is 4821",
        "changes": [{"kind": "emoji", "count": 1}],
        "pages": 1,
        "credits": 1,
        "test": False,
        "recipients": [{"to": NUMBER, "status": "queued", "code": None, "reason": None}],
        "created_at": "2026-11-23T12:00:00Z",
        "expires_at": "2026-11-24T12:00:00Z",
        "request": request,
    }
    assert stored is not None
    assert (stored.author, stored.source, stored.card_location) == ("api:shop", "api", None)
    assert bench.changes == [None]


async def test_the_status_of_a_message(database_url: str) -> None:
    """An application sees its message change, by its ID and by its reference."""
    async with api_bench(database_url) as bench:
        ref = (await bench.post(reference="order-118")).json()["id"]
        await bench.post(reference="order-119", to=OTHER)
        await send(bench, Settlement(State.SENT, AT, gateway_id="a1"))
        shown = (await bench.get(f"/{ref}")).json()
        listed = (await bench.get(reference="order-118")).json()["messages"]
        nothing = (await bench.get(reference="order-120")).json()["messages"]

    assert (shown["status"], shown["recipients"][0]["status"]) == ("sent", "sent")
    assert [(one["id"], one["status"]) for one in listed] == [(ref, "sent")]
    assert nothing == []


async def test_a_message_is_cancelled_before_it_left(database_url: str) -> None:
    """Cancelling twice is the same as once, and gives the credits back; what was sent stays."""
    async with api_bench(database_url) as bench:
        first = (await bench.post()).json()["id"]
        cancelled = [await bench.post(path=f"/{first}/cancel") for _ in range(2)]
        second = (await bench.post()).json()["id"]
        await send(bench, Settlement(State.SENT, AT, gateway_id="a1"))
        too_late = await bench.post(path=f"/{second}/cancel")
        unknown = await bench.post(path="/MXXXXXXX/cancel")
        async with bench.database.reading() as connection:
            spent = await spent_on(connection, day_of(AT), "api:shop")

    assert [(one.status_code, one.json()["status"]) for one in cancelled] == [
        (200, "cancelled"),
        (200, "cancelled"),
    ]
    assert (too_late.status_code, too_late.json()["error"]["code"]) == (409, "already_sent")
    assert unknown.status_code == 404
    assert spent == 1


async def test_a_dry_run_stores_nothing(url: str) -> None:
    """The answer is that of the message, without an ID; nothing is stored under its key."""
    async with api_bench(url) as bench:
        answer = await bench.post(dry_run=True, to=["@noura"], key="k1")
        checked = await bench.post(dry_run=True, to=["98765432", OTHER], text="سلام")
        sent = await bench.post(key="k1")

    assert (answer.status_code, answer.json()["error"]["param"]) == (403, "to[0]")
    assert (checked.status_code, checked.json()["credits"]) == (200, 2)
    assert "id" not in checked.json()
    assert sent.status_code == 201


WRONG: tuple[tuple[dict[str, Any], str, str | None], ...] = (
    ({"body": b"{"}, "invalid_json", None),
    ({"body": b'{"to": 1, "to": 2}'}, "invalid_json", None),
    ({"body": b'["to"]'}, "invalid_json", None),
    ({"body": b'{"to": "98765432", "text": NaN}'}, "invalid_json", None),
    ({"body": b'{"to": "98765432", "text": "\\ud800"}'}, "invalid_json", None),
    ({"body": b"[" * 100_000}, "invalid_json", None),
    ({"body": {"to": NUMBER}}, "missing", "text"),
    ({"body": {"text": "hello"}}, "missing", "to"),
    ({"to": []}, "missing", "to"),
    ({"txt": "hello"}, "unknown_field", "txt"),
    ({"urgent": "yes"}, "invalid_value", "urgent"),
    ({"text": 7}, "invalid_value", "text"),
    ({"sender_id": "TWELVE-CHARS"}, "invalid_value", "sender_id"),
    ({"reference": "a\nb"}, "invalid_value", "reference"),
    ({"expires_in": "10 minutes"}, "invalid_value", "expires_in"),
    ({"expires_in": "2d"}, "invalid_value", "expires_in"),
    ({"expires_in": "999999d"}, "invalid_value", "expires_in"),
    ({"to": ["98765432", OTHER, "+9651234"]}, "invalid_recipient", "to[2]"),
    ({"to": 96598765432}, "invalid_recipient", "to"),
    ({"text": " "}, "invalid_text", "text"),
    ({"text": "🔑"}, "invalid_text", "text"),
    ({"text": "a" * 1_100}, "invalid_text", "text"),
    ({"text": "a" * 10_001}, "invalid_text", "text"),
    ({"to": [f"9655{n:07}" for n in range(51)]}, "too_many_recipients", "to"),
    ({"to": "+971501234567"}, "country_not_allowed", "to"),
    ({"to": "@noura"}, "recipient_not_allowed", "to"),
    ({"sender_id": "OTHER"}, "sender_id_not_allowed", "sender_id"),
    ({"urgent": True}, "urgent_not_allowed", "urgent"),
    ({"idempotency_key": ""}, "invalid_value", "idempotency_key"),
)


async def test_a_wrong_request_sends_nothing(url: str) -> None:
    """Each mistake is named by its code and its place, and nothing of the request is sent."""
    async with api_bench(url) as bench:
        answers = [await bench.post(**request) for request, _, _ in WRONG]
        pending = await bench.outbox.messages.recent(None, 10)

    found = [(one.json()["error"]["code"], one.json()["error"]["param"]) for one in answers]
    assert found == [(code, param) for _, code, param in WRONG]
    assert [one.status_code for one in answers] == [
        ERRORS[ErrorCode(code)].status for _, code, _ in WRONG
    ]
    assert pending == ()


SCOPES: tuple[tuple[dict[str, Any], dict[str, Any], str | None], ...] = (
    ({"phonebook": True}, {"to": "@ops"}, None),
    ({"phonebook": True}, {"to": "@nobody"}, "invalid_recipient"),
    ({"to": ["noura"]}, {"to": NUMBER}, None),
    ({"to": ["noura"]}, {"to": [NUMBER, OTHER]}, "recipient_not_allowed"),
    ({"to": [f"+{OTHER}"]}, {"to": OTHER}, None),
    ({"urgent": True}, {"urgent": True}, None),
    ({"sender_ids": ["SHOP", "SALE"]}, {"sender_id": "SALE"}, None),
    ({"sender_ids": ["SHOP"]}, {"sender_id": "MY-APP"}, "sender_id_not_allowed"),
    ({"recipients": 1}, {"to": [NUMBER, OTHER]}, "too_many_recipients"),
    ({"recipients": 1}, {"to": [NUMBER, f"00{NUMBER}"]}, None),
    ({"allow": ["10.0.0.0/8"]}, {}, "unauthorized"),
    ({"allow": ["127.0.0.0/8"]}, {}, None),
)


@pytest.mark.parametrize(("settings", "request_fields", "refused"), SCOPES)
async def test_the_scope_of_a_token(
    url: str, settings: dict[str, Any], request_fields: dict[str, Any], refused: str | None
) -> None:
    """A token may do what its settings say, and nothing else."""
    async with api_bench(url, api_config(**settings)) as bench:
        content = (await bench.post(**request_fields)).json()

    assert content.get("error", {}).get("code") == refused


async def test_sender_id_priority_and_card(url: str) -> None:
    """The first sender ID is the usual one; urgent overtakes; a card is in the token's channel."""
    settings = {"sender_ids": ["SHOP"], "urgent": True, "channel": "C0123SHOP"}
    async with api_bench(url, api_config(**settings)) as bench:
        ref = (await bench.post(urgent=True)).json()["id"]
        stored = await bench.outbox.messages.find(ref)
        cards = await bench.outbox.cards.outdated_cards(10)

    assert stored is not None
    assert stored.card_location is not None
    assert (stored.sender_id, stored.priority, stored.card_location.channel) == (
        "SHOP",
        0,
        "C0123SHOP",
    )
    assert cards == (stored.id,)


async def test_the_budget_of_a_token(database_url: str) -> None:
    """A token has a budget of its own a day: people's is not touched, and midnight renews it."""
    async with api_bench(database_url, api_config(credits_per_day=2)) as bench:
        await bench.post(to=[NUMBER, OTHER])
        refused = await bench.post()
        async with bench.database.reading() as connection:
            people = await spent_on(connection, day_of(AT))
        bench.now += timedelta(hours=10)
        accepted = await bench.post()

    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "credits_exhausted")
    assert int(refused.headers["Retry-After"]) == 9 * 3600 + 1  # Midnight in Kuwait.
    assert people == 0
    assert accepted.status_code == 201


async def test_limits_apply_to_requests_at_once(database_url: str) -> None:
    """Requests that share a transaction count for one another."""
    config = api_config(credits_per_day=6, per_number_per_hour=3)
    async with api_bench(database_url, config) as bench:
        to_one = await asyncio.gather(*(bench.post() for _ in range(5)))
        to_many = await asyncio.gather(*(bench.post(to=f"9655{n:07}") for n in range(5)))

    assert Counter(one.status_code for one in to_one) == {201: 3, 429: 2}
    assert Counter(one.status_code for one in to_many) == {201: 3, 429: 2}


async def test_the_limit_of_a_number(database_url: str) -> None:
    """A phone gets only so many of its messages in an hour; what was cancelled doesn't count."""
    async with api_bench(database_url, api_config(per_number_per_hour=1)) as bench:
        first = (await bench.post()).json()["id"]
        refused = await bench.post()
        other = await bench.post(to=OTHER)
        await bench.post(path=f"/{first}/cancel")
        again = await bench.post()

    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "number_limit")
    assert refused.headers["Retry-After"] == "3601"
    assert (other.status_code, again.status_code) == (201, 201)


async def test_while_sending_is_paused(url: str) -> None:
    """A pause is a 503, which is not remembered: the same request is accepted after it."""
    async with api_bench(url) as bench:
        await bench.outbox.kill_switch.pause("maintenance", AT, ACTOR)
        refused = await bench.post(key="k1")
        await bench.outbox.kill_switch.resume(AT, ACTOR)
        accepted = await bench.post(key="k1")

    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "paused")
    assert refused.headers["Retry-After"] == "60"
    assert accepted.status_code == 201


async def test_a_repeated_recipient_gets_one_message(url: str) -> None:
    """A number or group that is named again, also in another notation, is sent to once."""
    to = ["@ops"] * 5_000 + [NUMBER, f"+{NUMBER}", "@noura"]
    async with api_bench(url, api_config(phonebook=True)) as bench:
        answer = await bench.post(to=to)

    assert [one["to"] for one in answer.json()["recipients"]] == [NUMBER, OTHER]


async def test_a_database_that_does_not_answer_in_time(url: str) -> None:
    """The application is asked to try again; the work goes on, and the retry gets its answer."""
    async with api_bench(url, accept_seconds=0.2) as bench:
        lock = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        first = await bench.post(key="k1")
        meanwhile = await bench.post(key="k1")
        lock.execute("ROLLBACK")
        lock.close()
        answer = await bench.post(key="k1")
        while answer.status_code == 409:
            answer = await bench.post(key="k1")
        messages = await bench.outbox.messages.recent(None, 10)

    assert (first.status_code, first.json()["error"]["code"]) == (503, "database")
    assert (meanwhile.status_code, meanwhile.headers["Retry-After"]) == (409, "1")
    assert answer.headers["Idempotent-Replayed"] == "true"
    assert [one.ref for one in messages] == [answer.json()["id"]]

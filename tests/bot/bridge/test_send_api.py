"""The send API: what applications may send, and what they are answered."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from kwtsms_bot.bridge.send_api.errors import ERRORS
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.quota.admission import day_of
from kwtsms_bot.outbox.quota.usage_store import spent_on
from kwtsms_bot.outbox.states import State
from support.api_bench import HOOK_TOKEN, SECOND_TOKEN, SECTIONS, ApiBench, api_bench, api_config
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


WRONG = (
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
    assert [one.status_code for one in answers] == [ERRORS[code].status for _, code, _ in WRONG]
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


async def test_tokens_are_not_exchangeable(url: str) -> None:
    """A hook's token, a wrong one and none get the same answer; both of two tokens work."""
    answers = []
    async with api_bench(url) as bench:
        for token in (HOOK_TOKEN, "wrong", "a b"):
            bench.token = token
            answers.append(await bench.post())
        bench.token = SECOND_TOKEN
        accepted = await bench.post()

    bodies = [one.json()["error"] for one in answers]
    assert [one.status_code for one in answers] == [401] * 3
    assert bodies == [bodies[0]] * 3
    assert answers[0].headers["WWW-Authenticate"] == "Bearer"
    assert accepted.status_code == 201


async def test_an_address_that_guesses_tokens_waits(url: str) -> None:
    """After 30 wrong tokens, the right one is refused, too, until some time has passed."""
    async with api_bench(url) as bench:
        right, bench.token = bench.token, "wrong"
        for _ in range(30):
            await bench.post()
        bench.token = right
        refused = await bench.post()
        bench.now += timedelta(minutes=2)
        accepted = await bench.post()

    assert (refused.status_code, accepted.status_code) == (401, 201)


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


async def test_messages_of_others_are_not_found(url: str) -> None:
    """An application finds its own messages only, also where somebody else's has that ID."""
    async with api_bench(url) as bench:
        ref = (await bench.post(reference="r1")).json()["id"]
        sections = {**SECTIONS, "bridge": {"api": {"bank": {"token": "kwb_token-of-the-bank"}}}}
    async with api_bench(url, type(api_config()).model_validate(sections)) as bench:
        bench.token = "kwb_token-of-the-bank"
        shown, listed = await bench.get(f"/{ref}"), await bench.get(reference="r1")
        cancelled = await bench.post(path=f"/{ref}/cancel")

    assert (shown.status_code, cancelled.status_code) == (404, 404)
    assert listed.json()["messages"] == []


async def test_other_addresses_and_methods(url: str) -> None:
    """An unknown address is a 404 in JSON, another method a 405 that names the right ones."""
    async with api_bench(url) as bench:
        unknown = await bench.client.get("/v1/senders")
        wrong = await bench.client.delete("/v1/messages")
        form = await bench.client.post(
            "/v1/messages", headers=bench._headers(), data={"to": NUMBER}
        )
        zipped = await bench.client.post(
            "/v1/messages",
            headers=bench._headers() | {"Content-Encoding": "gzip"},
            json={"to": NUMBER},
        )
        large = await bench.post(b"x" * 300_000)

    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "not_found")
    assert (wrong.status_code, wrong.headers["Allow"]) == (405, "GET, POST")
    assert (form.status_code, zipped.status_code, large.status_code) == (415, 415, 413)

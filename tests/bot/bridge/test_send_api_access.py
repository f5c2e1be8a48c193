"""Access to the send API: tokens, addresses, and messages of other applications."""

from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from support.api_bench import HOOK_TOKEN, SECOND_TOKEN, SECTIONS, TOKEN, api_bench, api_config
from support.bridge_endpoint import running_endpoint
from support.database import NUMBER, prepare_database


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database for the test, on SQLite."""
    return prepare_database(tmp_path / "outbox.sqlite3")


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


async def test_an_odd_id_is_not_found(database_url: str) -> None:
    """An ID that no database could hold is one of no message."""
    async with api_bench(database_url) as bench:
        answers = [await bench.get(f"/{ref}") for ref in ("%00", "%ff", "m7k2q9xa", "M" * 99)]

    assert [one.status_code for one in answers] == [404] * 4


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


async def test_a_token_of_an_application_posts_no_alert(tmp_path: Path) -> None:
    """An application's token opens no integration, by whatever header it comes."""
    bridge = {
        "integrations": {"scripts": {"kind": "native", "token": HOOK_TOKEN}},
        "receivers": {"quiet": {"to": [], "channel": "C0123ALERT"}},
        "api": {"shop": {"token": TOKEN}},
    }
    headers = ({"Authorization": f"Bearer {TOKEN}"}, {"X-Api-Key": TOKEN})
    async with (
        running_endpoint(tmp_path, bridge) as endpoint,
        httpx.AsyncClient(base_url=f"http://{endpoint.at}") as client,
    ):
        answers = [
            await client.post("/hooks/scripts", headers=one, json={"title": "x"}) for one in headers
        ]
        stored = await endpoint.alerts("title")

    assert [one.status_code for one in answers] == [401, 401]
    assert stored == []

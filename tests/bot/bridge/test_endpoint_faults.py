"""The endpoint in trouble: the database is away, or a body makes no sense."""

import random
import time
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

import httpx

from kwtsms_bot.bridge.integrations.table import PARSERS
from support.bridge import FORM_TYPE, JSON_TYPE, SAMPLES
from support.bridge_bench import BRIDGE, NOURA
from support.bridge_endpoint import RunningEndpoint, running_endpoint
from support.logged import logged
from support.postgres import postgres

ANSWERED_WITHIN = 2.5  # Seconds: 2 for the answer, and some for a busy machine.
AWAY = timedelta(minutes=5)
TOKEN = "demo-native-token"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
KEYS = ("first", "second", "third")
PRIVATE = "96599887766", "a private text"  # Part of each body.
SIGNED = ("github", "netdata", "sentry", "sns")  # Their requests need more than a token.
KINDS = sorted(PARSERS.keys() - set(SIGNED))
BODIES = 12  # Of each kind.


def client_of(running: RunningEndpoint) -> httpx.AsyncClient:
    """A client of an endpoint."""
    return httpx.AsyncClient(base_url=f"http://{running.at}", trust_env=False, timeout=10)


async def post(client: httpx.AsyncClient, key: str) -> tuple[int, float]:
    """Posts an alert; returns the answer's status and how long it took."""
    begun = time.monotonic()
    body = {"title": f"{key} is down", "key": key}
    answer = await client.post("/hooks/scripts", json=body, headers=BEARER)
    return answer.status_code, time.monotonic() - begun


async def test_while_postgresql_is_away_tools_try_again() -> None:
    """Each answer is 503 within two seconds; five minutes later each alert is sent once."""
    async with postgres() as server, running_endpoint(server.url, BRIDGE) as running:
        async with client_of(running) as client:
            before, _ = await post(client, KEYS[0])
            await server.stop()
            away = [await post(client, key) for key in KEYS]
            await server.start()
            running.bench.now += AWAY
            running.bench.tick()
            again = [await post(client, key) for key in KEYS * 2]
        texts = await running.bench.advance(300, step=10)
        counted = await running.bench.counted()

    assert before == HTTPStatus.OK
    assert {status for status, _ in away} == {HTTPStatus.SERVICE_UNAVAILABLE}
    assert max(seconds for _, seconds in away) < ANSWERED_WITHIN
    assert {status for status, _ in again} == {HTTPStatus.OK}
    assert counted == len(KEYS)
    assert len(texts) <= len(KEYS)


def hostile_body(kind: str, chance: random.Random) -> bytes:
    """A sample that was cut, and in which bytes were changed."""
    names = sorted(SAMPLES.glob(f"{kind.replace('-', '_')}*.json")) or sorted(SAMPLES.iterdir())
    private = ", ".join(PRIVATE).encode()
    body = bytearray(chance.choice(names).read_bytes().replace(b'": "', b'": "' + private, 3))
    for _ in range(chance.choice((0, 0, 1, 5))):
        body[chance.randrange(len(body))] = chance.randrange(256)
    if chance.random() < 0.5:
        del body[chance.randrange(len(body)) :]
    return bytes(body)


async def test_hostile_bodies_are_refused_and_logged_nowhere(tmp_path: Path) -> None:
    """No answer is 5xx, and no traceback, token, number or text is in the log."""
    chance = random.Random(17)
    integrations = {kind: {"kind": kind, "token": f"{TOKEN}-{kind}"} for kind in KINDS}
    with logged(level="debug", format="json") as log:
        bridge = BRIDGE | {"integrations": integrations}
        async with running_endpoint(tmp_path, bridge) as running, client_of(running) as client:
            answers = [
                await client.post(
                    f"/hooks/{kind}",
                    content=hostile_body(kind, chance),
                    headers={
                        "Authorization": f"Bearer {TOKEN}-{kind}",
                        "Content-Type": chance.choice((JSON_TYPE, FORM_TYPE)),
                    },
                )
                for kind in KINDS
                for _ in range(BODIES)
            ]
            await client.post("/hooks/scripts", json={"title": PRIVATE[1]}, headers=BEARER)
            texts = await running.bench.advance(60, step=5)
    written = log.getvalue()

    assert max(one.status_code for one in answers) < HTTPStatus.INTERNAL_SERVER_ERROR
    assert {HTTPStatus.OK, HTTPStatus.BAD_REQUEST} <= {one.status_code for one in answers}
    assert [word for word in (TOKEN, NOURA, *PRIVATE, "Traceback", *texts) if word in written] == []

"""Alerts of other tools reach a phone through the bot, and each is stored before it is answered."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from kwtsms_bot.demo.environment import LocalEnvironment
from kwtsms_sandbox.slack.demo_workspace import OPS
from support.bot import NUMBER, send_requests, wait_for_text
from support.bridge_waits import short_settle
from support.operator_pages import get, monitored_env

__all__ = ["short_settle"]
pytestmark = pytest.mark.usefixtures("short_settle")
TOKENS = {
    "scripts": "scripts-token-0000000000",
    "prometheus": "prometheus-token-000000",
    "grafana": "grafana-token-000000000000",
    "kuma": "kuma-token-00000000000000",
    "apprise": "apprise-token-000000000000",
}
HMAC_KEY = "a-secret-of-grafana"
KINDS = {"scripts": "native", "prometheus": "alertmanager", "kuma": "uptime-kuma"}
BRIDGE: dict[str, Any] = {
    "listen": "127.0.0.1:0",
    "channel": OPS.id,
    "integrations": {
        name: {"kind": KINDS.get(name, name), "token": token} for name, token in TOKENS.items()
    },
    "receivers": {"ops": {"to": ["noura"]}},
}
BRIDGE["integrations"]["grafana"] |= {"hmac": HMAC_KEY, "timestamp_header": "X-Time"}
ALERT = {"title": "/var on db01 is 96% full", "key": "disk", "severity": "critical"}


@asynccontextmanager
async def bridge_env(
    folder: Path, **changes: Any
) -> AsyncIterator[tuple[LocalEnvironment, httpx.AsyncClient]]:
    """Runs the bot with a bridge; the client is one of its endpoint."""
    phonebook = {"contacts": {"noura": f"+{NUMBER}"}}
    async with (
        monitored_env(folder, bridge=BRIDGE | changes, phonebook=phonebook) as env,
        httpx.AsyncClient(base_url=env.bridge_address, trust_env=False) as client,
    ):
        yield env, client


def bearer(name: str) -> dict[str, str]:
    """The header with the token of an integration."""
    return {"Authorization": f"Bearer {TOKENS[name]}"}


def sent_texts(env: LocalEnvironment) -> list[str]:
    """The texts that phones have got."""
    return [one.text for one in env.gateway.ledger]


async def test_an_alert_reaches_the_phone(tmp_path: Path) -> None:
    """A script posts an alert: the answer names its incident, and the phone gets one page."""
    async with bridge_env(tmp_path) as (env, client):
        answer = await client.post("/hooks/scripts", json=ALERT, headers=bearer("scripts"))
        again = await client.post("/hooks/scripts", json=ALERT, headers=bearer("scripts"))
        await env.gateway.until(lambda: bool(sent_texts(env)), timeout=15)

        (notified,) = answer.json()["alerts"]
        assert answer.status_code == 200
        assert (notified["outcome"], notified["sms"]) == ("new", "due")
        assert again.json()["alerts"][0]["outcome"] == "repeat"
        (text,) = sent_texts(env)
        assert text.startswith("CRIT /var on db01 is 96% full")
        assert text.endswith(notified["ref"])


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/hooks/scripts", {}, 401),
        ("POST", "/hooks/scripts", {"Authorization": "Bearer wrong"}, 401),
        ("POST", "/hooks/nobody", bearer("scripts"), 401),
        ("POST", "/hooks/kuma", bearer("scripts"), 401),
        ("POST", f"/hooks/scripts/{TOKENS['scripts']}", {}, 401),
        ("POST", f"/notify/{TOKENS['scripts']}", {}, 401),
        ("GET", "/hooks/scripts", bearer("scripts"), 405),
        ("POST", "/hooks/scripts", {"X-Api-Key": TOKENS["scripts"]}, 200),
        ("PUT", "/hooks/scripts", bearer("scripts"), 200),
        ("POST", f"/notify/{TOKENS['apprise']}", {}, 200),
    ],
)
async def test_only_the_integration_itself_is_accepted(
    tmp_path: Path, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    """A token opens its own integration, in the allowed ways; all else is refused alike."""
    async with bridge_env(tmp_path) as (_, client):
        answer = await client.request(method, path, json=ALERT, headers=headers)

        assert answer.status_code == status
        assert TOKENS["scripts"] not in answer.text


async def test_basic_credentials_name_the_integration(tmp_path: Path) -> None:
    """Name and token are both checked when they come as user and password."""
    async with bridge_env(tmp_path) as (_, client):
        found = []
        for user in ("scripts", "kuma"):
            word = base64.b64encode(f"{user}:{TOKENS['scripts']}".encode()).decode()
            headers = {"Authorization": f"Basic {word}"}
            found.append(await client.post("/hooks/scripts", json=ALERT, headers=headers))

        assert [one.status_code for one in found] == [200, 401]


@pytest.mark.parametrize(
    ("body", "headers", "status", "error"),
    [
        (b"{", {}, 400, "invalid_body"),
        (b"[" * 40 + b"]" * 40, {}, 400, "invalid_body"),
        (b"{}", {}, 400, "unknown_shape"),
        (b"{}", {"Content-Encoding": "gzip"}, 415, "unsupported_encoding"),
        (b" " * (4 * 1024 * 1024 + 1), {}, 413, "too_large"),
    ],
)
async def test_what_cannot_be_read_is_refused(
    tmp_path: Path, body: bytes, headers: dict[str, str], status: int, error: str
) -> None:
    """A refusal says one word, quotes nothing, and leaves the endpoint at work."""
    kind = {"Content-Type": "application/json"}
    async with bridge_env(tmp_path) as (_, client):
        answer = await client.post(
            "/hooks/scripts", content=body, headers=bearer("scripts") | kind | headers
        )
        after = await client.post("/hooks/scripts", json=ALERT, headers=bearer("scripts"))

        assert (answer.status_code, answer.json()["error"]) == (status, error)
        assert after.status_code == 200


@pytest.mark.parametrize(
    ("age", "flipped", "statuses"),
    [(0, b"", [200, 200]), (0, b" ", [401, 401]), (301, b"", [401, 401])],
)
async def test_a_signature_covers_body_and_time(
    tmp_path: Path, age: int, flipped: bytes, statuses: list[int]
) -> None:
    """Grafana's signature is checked; the same request again has no effect."""
    body = json.dumps({"alerts": [{"status": "firing", "labels": {"alertname": "Disk"}}]}).encode()
    stamp = str(int(time.time()) - age)
    signed = hmac.new(HMAC_KEY.encode(), f"{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    headers = bearer("grafana") | {
        "X-Time": stamp,
        "X-Grafana-Alerting-Signature": signed,
        "Content-Type": "application/json",
    }
    async with bridge_env(tmp_path) as (env, client):
        answers = [
            await client.post("/hooks/grafana", content=body + flipped, headers=headers)
            for _ in range(2)
        ]
        accepted = [len(one.json().get("alerts", [])) for one in answers]

        assert [one.status_code for one in answers] == statuses
        assert accepted == ([1, 0] if statuses[0] == 200 else [0, 0])
        assert len(send_requests(env)) <= 1


async def test_an_address_that_guesses_waits(tmp_path: Path) -> None:
    """After thirty wrong tokens each further one is answered a second later, and not looked at."""
    async with bridge_env(tmp_path) as (_, client):
        headers = {"Authorization": "Bearer guess"}
        statuses = [
            (await client.post("/hooks/scripts", json=ALERT, headers=headers)).status_code
            for _ in range(30)
        ]
        begun = time.monotonic()
        right = await client.post("/hooks/scripts", json=ALERT, headers=bearer("scripts"))

        assert set(statuses) == {401}
        assert right.status_code == 401
        assert time.monotonic() - begun >= 0.9


async def test_a_restart_sends_what_was_answered(tmp_path: Path) -> None:
    """An alert is answered, and the bot stops at once: after its start the phone gets it, once."""
    async with bridge_env(tmp_path) as (env, client):
        answer = await client.post("/hooks/scripts", json=ALERT, headers=bearer("scripts"))
        await env.stop_bot()
        before = sent_texts(env)
        await env.start_bot()
        await env.gateway.until(lambda: bool(sent_texts(env)), timeout=20)

        assert answer.status_code == 200
        assert before == []
        assert len(sent_texts(env)) == 1


async def test_the_bridge_is_watched(tmp_path: Path) -> None:
    """Alerts and refusals are counted, and /readyz has a part for the bridge."""
    async with bridge_env(tmp_path) as (env, client):
        await client.post("/hooks/scripts", json=ALERT, headers=bearer("scripts"))
        await client.post("/hooks/scripts", content=b"{", headers=bearer("scripts"))
        await client.post("/hooks/nobody", json=ALERT)
        await client.post("/hooks/kuma", json=ALERT)
        shown = (await get(f"{env.watched_at}/metrics")).text
        parts = (await get(f"{env.watched_at}/readyz")).json()["parts"]

    def count(series: str) -> float:
        (line,) = [one for one in shown.splitlines() if one.startswith(f"kwtsms_bridge_{series} ")]
        return float(line.split()[-1])

    assert count('alerts_total{integration="scripts",outcome="new"}') == 1
    assert count('alerts_total{integration="scripts",outcome="repeat"}') == 0
    assert count('refused_total{integration="scripts",reason="invalid_body"}') == 1
    assert count('refused_total{integration="kuma",reason="unauthorized"}') == 1
    assert count('refused_total{integration="other",reason="unauthorized"}') == 1
    assert count("webhook_seconds_count") == 2
    assert count('incidents{state="firing"}') == 1
    assert count('notifications_waiting{reason="settling"}') == 1
    assert '"nobody"' not in shown
    assert parts["bridge"]["ok"]


async def test_a_body_that_was_refused_reaches_people(tmp_path: Path) -> None:
    """The tool won't send it again, so one text says what to change, however many there are."""
    kind = {"Content-Type": "application/json"}
    body = b" " * (4 * 1024 * 1024 + 1)
    async with bridge_env(tmp_path) as (env, client):
        for _ in range(2):
            answer = await client.post(
                "/hooks/prometheus", content=body, headers=bearer("prometheus") | kind
            )
        await env.gateway.until(lambda: bool(sent_texts(env)), timeout=15)

        assert answer.status_code == 413
        (text,) = sent_texts(env)
        assert text.startswith("ERR prometheus: a body of 5 MiB was refused; set max_alerts: 1000")


async def test_many_unreadable_bodies_are_an_incident(tmp_path: Path) -> None:
    """Twenty of them are one incident, and further ones change nothing."""
    async with bridge_env(tmp_path) as (env, client):
        for _ in range(25):
            await client.post("/hooks/scripts", content=b"{", headers=bearer("scripts"))
        shown = (await get(f"{env.watched_at}/metrics")).text

    assert 'kwtsms_bridge_incidents{state="firing"} 1.0' in shown
    assert 'kwtsms_bridge_refused_total{integration="scripts",reason="invalid_body"} 25.0' in shown


async def test_the_channel_gets_a_notice_at_the_limit(tmp_path: Path) -> None:
    """At the limit of the day, a notice comes, and the next alert is held with the reason."""
    async with bridge_env(tmp_path, credits_per_day=1) as (env, client):
        await client.post("/hooks/scripts", json=ALERT, headers=bearer("scripts"))
        await wait_for_text(env, "Today's credits for alerts are used up", timeout=20)
        other = {"title": "db02 is down", "key": "db02"}
        answer = await client.post("/hooks/scripts", json=other, headers=bearer("scripts"))

        (alert,) = answer.json()["alerts"]
        assert (alert["sms"], alert["why"]) == ("held", "over_budget")

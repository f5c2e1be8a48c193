"""The first hour with the smallest configuration: what a person tries first works."""

from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest

from kwtsms_bot.bridge.webhooks import UNKNOWN_NAME
from support.bridge_bench import NOURA
from support.bridge_endpoint import RunningEndpoint, running_endpoint

KUMA, GRAFANA, SCRIPTS = "first-kuma-token", "first-grafana-token", "first-script-token"
SMALLEST = {
    "channel": "C0123ALERT",
    "integrations": {
        "kuma": {"kind": "uptime-kuma", "token": KUMA},
        "grafana": {"kind": "grafana", "token": GRAFANA},
        "scripts": {"kind": "native", "token": SCRIPTS},
    },
    "receivers": {"me": {"to": ["noura"]}},
}
# What their buttons *Test* send.
KUMA_TEST = {"heartbeat": None, "monitor": None, "msg": "My alerts Testing"}
GRAFANA_TEST = {
    "receiver": "kwtsms",
    "status": "firing",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "TestAlert", "instance": "Grafana"},
            "annotations": {"summary": "Notification test"},
            "startsAt": "2026-11-02T11:02:13.417Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "fingerprint": "57c6d9296de2ad39",
        }
    ],
    "groupKey": "test-57c6d9296de2ad39-1730545333",
    "version": "1",
}


async def post(running: RunningEndpoint, name: str, token: str, body: object) -> httpx.Response:
    """Posts a body as a tool does."""
    async with httpx.AsyncClient(base_url=f"http://{running.at}", trust_env=False) as client:
        headers = {"Authorization": f"Bearer {token}"}
        return await client.post(f"/hooks/{name}", json=body, headers=headers)


@pytest.mark.parametrize(
    ("name", "token", "body"),
    [("kuma", KUMA, KUMA_TEST), ("grafana", GRAFANA, GRAFANA_TEST)],
)
async def test_a_test_button_rings_each_time(
    tmp_path: Path, name: str, token: str, body: dict[str, Any]
) -> None:
    """Pressed twice, it rings twice: a test is never a repeat."""
    async with running_endpoint(tmp_path, SMALLEST) as running:
        answers = [await post(running, name, token, body) for _ in range(2)]
        texts = await running.bench.advance(240, step=5)

    assert [one.status_code for one in answers] == [HTTPStatus.OK] * 2
    assert [one.json()["alerts"][0]["sms"] for one in answers] == ["due", "due"]
    assert [text.partition(" ")[0] for text in texts] == ["TEST", "TEST"]


async def test_an_alert_without_a_severity_rings(tmp_path: Path) -> None:
    """A title alone is texted, so that a fresh integration is not silent."""
    async with running_endpoint(tmp_path, SMALLEST) as running:
        answer = await post(running, "scripts", SCRIPTS, {"title": "The backup failed"})
        (text,) = await running.bench.advance(10)

    assert answer.json()["alerts"][0]["sms"] == "due"
    assert text.startswith("ERR The backup failed")
    assert running.bench.sent[0][1] == NOURA


async def test_a_wrong_token_is_explained_to_nobody_but_admins(tmp_path: Path) -> None:
    """The answer is that for an unknown name; the reason is kept for /sms integrations."""
    async with running_endpoint(tmp_path, SMALLEST) as running:
        answers = [
            await post(running, *request, {"title": "x"})
            for request in (("kuma", SCRIPTS), ("kuma", "no-token-of-ours"), ("typo", KUMA))
        ]
        found = running.activity.pop_pending()

    assert {one.status_code for one in answers} == {HTTPStatus.UNAUTHORIZED}
    bodies = [{**one.json(), "request": ""} for one in answers]
    assert bodies[0] == bodies[1] == bodies[2]
    reasons = [one.refusal for one in found["kuma"].requests]
    assert reasons == ["the token of scripts", "unknown token", UNKNOWN_NAME]

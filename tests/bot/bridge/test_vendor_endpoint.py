"""The endpoint as the tools see it: their paths, tokens, signatures and answers."""

import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio.to_thread
import httpx
import pytest

from kwtsms_bot.cli.bridge.request_file import read_request
from support.bridge import SAMPLES, sample
from support.bridge_endpoint import RunningEndpoint, running_endpoint
from support.sns import TOPIC, CertificateAuthority

TOKENS = {kind: f"token-of-{kind}-0123456789" for kind in ("zabbix", "prtg", "checkmk", "netdata")}
EVENTS, SNS, SECRET = "token-of-events-0123456789", "token-of-sns-0123456789", "a-secret-of-github"
AUTHORITY = CertificateAuthority()
SCRIPT = Path(__file__).parents[3] / "deploy" / "checkmk" / "kwtsms_bridge"


def bridge() -> dict[str, Any]:
    """A bridge with an integration of each kind that is not ours."""
    kinds = {kind: {"kind": kind, "token": one} for kind, one in TOKENS.items()}
    return {
        "channel": "C0123ALERT",
        "integrations": kinds
        | {
            "zabbix": kinds["zabbix"] | {"url_token": True},
            "prtg": kinds["prtg"] | {"url_token": True},
            "netdata": kinds["netdata"] | {"hmac": SECRET},
            "events": {"kind": "pagerduty", "token": EVENTS},
            "github": {"kind": "github", "hmac": SECRET},
            "sentry": {"kind": "sentry", "hmac": SECRET},
            "aws": {
                "kind": "sns",
                "token": SNS,
                "topics": [TOPIC],
                "certificate": AUTHORITY.certificate(
                    ends=datetime(2090, 1, 1, tzinfo=UTC)
                ).decode(),
            },
        },
        "receivers": {"ops": {"to": ["noura"]}},
    }


@asynccontextmanager
async def endpoint(folder: Path) -> AsyncIterator[tuple[RunningEndpoint, httpx.AsyncClient]]:
    """The endpoint, and a client of it."""
    async with (
        running_endpoint(folder, bridge()) as running,
        httpx.AsyncClient(base_url=f"http://{running.at}", trust_env=False) as client,
    ):
        yield running, client


def bearer(kind: str) -> dict[str, str]:
    """The header with an integration's token."""
    return {"Authorization": f"Bearer {TOKENS[kind]}"}


def digits(body: bytes) -> str:
    """The signature of a body by the secret."""
    return hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


def outcomes(*answers: httpx.Response) -> list[tuple[int, str]]:
    """The status and the outcome of the only alert of each answer."""
    return [(one.status_code, one.json()["alerts"][0]["outcome"]) for one in answers]


async def test_zabbix_problem_update_and_recovery_are_one_incident(tmp_path: Path) -> None:
    """A problem fires, its acknowledgement is taken over, and its recovery ends it (14)."""
    problem = sample("zabbix")
    update = {"event_update_status": "1", "update_action": "acknowledged"}
    async with endpoint(tmp_path) as (running, client):
        answers = [
            await client.post("/hooks/zabbix", json=problem | changes, headers=bearer("zabbix"))
            for changes in ({}, update, {"event_value": "0"})
        ]

        assert outcomes(*answers) == [(200, "new"), (200, "acknowledged"), (200, "resolved")]
        assert len({one.json()["alerts"][0]["ref"] for one in answers}) == 1
        assert await running.incidents("state", "acked_by") == [("resolved", "zabbix")]


@pytest.mark.parametrize("slash", ["", "/"])
async def test_zabbixs_stock_media_type_needs_another_address_only(
    tmp_path: Path, slash: str
) -> None:
    """The token is in the address, with the slash at its end that Zabbix has there (15)."""
    path = f"/hooks/zabbix/{TOKENS['zabbix']}{slash}"
    async with endpoint(tmp_path) as (_, client):
        fired = await client.post(path, json=sample("zabbix_oncall"))
        ended = await client.post(path, json=sample("zabbix_oncall") | {"state": "ok"})

        assert outcomes(fired, ended) == [(200, "new"), (200, "resolved")]


async def test_pagerduty_trigger_acknowledge_and_resolve(tmp_path: Path) -> None:
    """Each event is answered as PagerDuty does; an unknown key is no mistake (16)."""
    event = sample("pagerduty_v2_trigger") | {"routing_key": EVENTS}
    later = {"routing_key": EVENTS, "dedup_key": event["dedup_key"]}
    unknown = {"routing_key": EVENTS, "dedup_key": "no such key", "event_action": "resolve"}
    async with endpoint(tmp_path) as (running, client):
        answers = [
            await client.post("/v2/enqueue", json=one)
            for one in (event, later | {"event_action": "acknowledge"}, unknown)
        ]
        acknowledged = await running.incidents("state")
        answers.append(await client.post("/v2/enqueue", json=later | {"event_action": "resolve"}))

        assert [one.status_code for one in answers] == [202] * 4
        assert answers[0].json() == {
            "status": "success",
            "message": "Event processed",
            "dedup_key": "db01/disk/var",
        }
        assert answers[2].json()["dedup_key"] == "no such key"
        assert (acknowledged, await running.incidents("state")) == (
            [("acknowledged",)],
            [("resolved",)],
        )


async def test_pagerduty_makes_a_key(tmp_path: Path) -> None:
    """A trigger without dedup_key gets one, by which it can be resolved (16)."""
    event = sample("pagerduty_v2_trigger") | {"routing_key": EVENTS}
    del event["dedup_key"]
    async with endpoint(tmp_path) as (running, client):
        key = (await client.post("/v2/enqueue", json=event)).json()["dedup_key"]
        end = {"routing_key": EVENTS, "event_action": "resolve", "dedup_key": key}
        await client.post("/v2/enqueue", json=end)

        assert await running.incidents("state") == [("resolved",)]


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"routing_key": ""}, 400, "'routing_key' is missing or blank"),
        ({"event_action": "snooze"}, 400, "'event_action' is missing or blank"),
        ({"payload": {}}, 400, "'payload.summary' is missing or blank"),
        ({"routing_key": "wrong-key-0123456789"}, 401, "unauthorized"),
        ({"routing_key": TOKENS["prtg"]}, 401, "unauthorized"),
    ],
)
async def test_pagerduty_refusals(
    tmp_path: Path, changes: dict[str, Any], status: int, error: str
) -> None:
    """A refusal names the key as PagerDuty does; a token of another kind opens nothing."""
    event = sample("pagerduty_v2_trigger") | {"routing_key": EVENTS} | changes
    async with endpoint(tmp_path) as (running, client):
        answer = await client.post("/v2/enqueue", json=event)

        assert (answer.status_code, answer.json()["errors"]) == (status, [error])
        assert EVENTS not in answer.text
        assert await running.incidents("id") == []


async def test_pagerduty_bodies_have_limits(tmp_path: Path) -> None:
    """A body without JSON is 400, and one that PagerDuty would refuse is 413."""
    async with endpoint(tmp_path) as (_, client):
        broken = await client.post("/v2/enqueue", content=b"{")
        large = await client.post("/v2/enqueue", content=b" " * (512 * 1024 + 1))

        assert (broken.status_code, broken.json()["status"]) == (400, "invalid event")
        assert large.status_code == 413


async def test_pagerduty_change_events_are_stored_nowhere(tmp_path: Path) -> None:
    """A change event is 202 for a right key, and no alert."""
    change = {"routing_key": EVENTS, "payload": {"summary": "Deployed", "source": "ci"}}
    async with endpoint(tmp_path) as (running, client):
        done = await client.post("/v2/change/enqueue", json=change)
        wrong = await client.post("/v2/change/enqueue", json=change | {"routing_key": "wrong-key"})

        assert (done.status_code, done.json()["status"]) == (202, "success")
        assert wrong.status_code == 401
        assert wrong.headers["WWW-Authenticate"].startswith("Basic ")  # Some clients wait for it.
        assert await running.alerts("id") == []


async def test_prtg_posts_a_form_with_a_token_in_the_address(tmp_path: Path) -> None:
    """`Down` fires, and `Down ended (now: Up)` ends it (17)."""
    fields = dict(json.loads((SAMPLES / "prtg_form.json").read_text())["_fields"])
    path = f"/hooks/prtg/{TOKENS['prtg']}"
    async with endpoint(tmp_path) as (_, client):
        fired = await client.post(path, data=fields)
        ended = await client.post(
            path,
            data=fields | {"status": "Down ended (now: Up)", "since": "02/11/2026 14:31:43"},
        )

        assert outcomes(fired, ended) == [(200, "new"), (200, "resolved")]


@pytest.mark.parametrize(
    ("path", "name", "header", "prefix"),
    [
        ("/hooks/github", "github_workflow_run", "X-Hub-Signature-256", "sha256="),
        ("/hooks/sentry", "sentry_metric_alert", "Sentry-Hook-Signature", ""),
    ],
)
async def test_a_signature_is_enough(
    tmp_path: Path, path: str, name: str, header: str, prefix: str
) -> None:
    """GitHub and Sentry can't send a token: their signature of the raw body names them."""
    saved = read_request(str(SAMPLES / f"{name}.json"))
    headers = {**saved.headers, header: prefix + digits(saved.body)}
    async with endpoint(tmp_path) as (_, client):
        answers = [
            await client.post(path, content=content, headers=headers | changes)
            for content, changes in (
                (saved.body, {}),
                (saved.body + b" ", {}),
                (saved.body, {header: ""}),
                (saved.body, {"Authorization": "Bearer wrong"}),
            )
        ]

        assert [one.status_code for one in answers] == [200, 401, 401, 401]
        assert {one.json()["error"] for one in answers[1:]} == {"unauthorized"}


async def test_a_delivery_that_comes_again_is_a_repeat(tmp_path: Path) -> None:
    """GitHub names each delivery: sent again by hand, it changes nothing."""
    saved = read_request(str(SAMPLES / "github_workflow_run.json"))
    headers = {**saved.headers, "X-Hub-Signature-256": f"sha256={digits(saved.body)}"}
    async with endpoint(tmp_path) as (_, client):
        answers = [
            await client.post("/hooks/github", content=saved.body, headers=headers)
            for _ in range(2)
        ]

        assert outcomes(*answers) == [(200, "new"), (200, "repeat")]


async def test_unsigned_requests_use_up_the_tries_of_an_address(tmp_path: Path) -> None:
    """A stranger can neither guess on nor fill the bot's own alerts with large bodies."""
    async with endpoint(tmp_path) as (running, client):
        large = await client.post("/hooks/github", content=b" " * (4 * 1024 * 1024 + 1))
        for _ in range(30):
            await client.post("/hooks/github", json={})
        right = await client.post("/hooks/zabbix", json=sample("zabbix"), headers=bearer("zabbix"))

        assert (large.status_code, right.status_code) == (413, 401)
        assert await running.alerts("id") == []


async def test_netdata_checks_the_address_by_a_challenge(tmp_path: Path) -> None:
    """The answer proves that we know the secret; without a token, nothing else is answered."""
    proof = base64.b64encode(hmac.new(SECRET.encode(), b"abc", hashlib.sha256).digest()).decode()
    async with endpoint(tmp_path) as (_, client):
        answer = await client.get("/hooks/netdata", params={"crc_token": "abc"})
        others = [
            await client.get("/hooks/netdata"),
            await client.get("/hooks/netdata", headers=bearer("netdata")),
            await client.get("/hooks/zabbix", params={"crc_token": "abc"}),
        ]

        assert answer.json() == {"response_token": f"sha256={proof}"}
        assert [one.status_code for one in others] == [401, 405, 401]


async def test_sns_needs_token_and_signature(tmp_path: Path) -> None:
    """SNS shows the token as Basic credentials or in the address; Amazon's signature counts."""
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}.000Z"
    body = AUTHORITY.signed("sns_notification_cloudwatch", Timestamp=now)
    old = AUTHORITY.signed("sns_notification_cloudwatch")
    headers = {"Content-Type": "text/plain; charset=UTF-8"}
    async with endpoint(tmp_path) as (_, client):
        fired = await client.post("/hooks/aws", content=body, headers=headers, auth=("aws", SNS))
        others = [
            await client.post("/hooks/aws", content=body, headers=headers),
            await client.post("/hooks/aws", content=old, headers=headers, auth=("aws", SNS)),
            await client.post(
                "/hooks/aws",
                content=body.replace(b"cpu-high", b"cpu-low"),
                headers=headers,
                auth=("aws", SNS),
            ),
        ]

        assert outcomes(fired) == [(200, "new")]
        assert [one.status_code for one in others] == [401, 401, 401]


def notify(at: str, **variables: str) -> tuple[int, str]:
    """Runs the script as Checkmk does; returns its exit code and what it prints."""
    written = {
        "WHAT": "SERVICE",
        "NOTIFICATIONTYPE": "PROBLEM",
        "HOSTNAME": "db01",
        "SERVICEDESC": "Filesystem /var",
        "SERVICESTATE": "CRIT",
        "SERVICEOUTPUT": "96.0% used",
        "MICROTIME": "1793617333417000",
        "PARAMETER_1": f"http://{at}/hooks/checkmk",
        "PARAMETER_2": TOKENS["checkmk"],
    } | variables
    clean = {name: one for name, one in os.environ.items() if "proxy" not in name.lower()}
    environment = clean | {f"NOTIFY_{name}": one for name, one in written.items()}
    ran = subprocess.run(
        [sys.executable, SCRIPT],
        env=environment | {"OMD_SITE": "prod"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr


async def run_script(at: str, **variables: str) -> tuple[int, str]:
    """Runs the script beside the endpoint."""
    return await anyio.to_thread.run_sync(lambda: notify(at, **variables))


async def test_checkmks_script_posts_problems_and_recoveries(tmp_path: Path) -> None:
    """A problem fires and a recovery ends it; the token may be in a file."""
    token = tmp_path / "token"
    token.write_text(TOKENS["checkmk"] + "\n")
    recovery = {
        "NOTIFICATIONTYPE": "RECOVERY",
        "SERVICESTATE": "OK",
        "MICROTIME": "1793619333417000",
    }
    async with endpoint(tmp_path) as (running, _):
        problem = await run_script(running.at)
        alerts = await running.alerts("key", "title", "status", "labels")
        end = await run_script(running.at, PARAMETER_2=f"file:{token}", **recovery)

        assert (problem, end) == ((0, "kwtsms-bridge: accepted\n"),) * 2
        assert alerts[0][:3] == ("db01/Filesystem /var", "Filesystem /var on db01", "firing")
        assert alerts[0][3]["site"] == "prod"
        assert await running.incidents("state") == [("resolved",)]


@pytest.mark.parametrize(
    ("variables", "code", "words"),
    [
        ({"PARAMETER_2": "wrong"}, 2, "refused with status 401"),
        ({"HOSTNAME": ""}, 2, "refused with status 400"),
        ({"PARAMETER_1": ""}, 2, "expected the address and the token"),
        ({"PARAMETER_2": "file:/nowhere/token"}, 2, "FileNotFoundError"),
        ({"PARAMETER_1": "http://127.0.0.1:1/hooks/checkmk"}, 1, "no answer"),
    ],
)
async def test_checkmks_script_says_whether_to_try_again(
    tmp_path: Path, variables: dict[str, str], code: int, words: str
) -> None:
    """1 makes Checkmk try again, 2 is final; the token is never printed."""
    async with endpoint(tmp_path) as (running, _):
        ended, printed = await run_script(running.at, **variables)

        assert (ended, words in printed) == (code, True)
        assert TOKENS["checkmk"] not in printed
        assert "Traceback" not in printed

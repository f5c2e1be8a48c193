"""The demo runs with a bridge: an alert of each tool reaches its own phone."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from kwtsms_bot.bridge.hooks.signatures import sign
from kwtsms_bot.cli.bridge.request_file import read_request
from kwtsms_bot.commands.router import COMMANDS
from kwtsms_bot.config.bridge import BridgeSettings
from kwtsms_bot.config.bridge_integrations import TOKENLESS_KINDS
from kwtsms_bot.demo.alert_samples import BODIES
from kwtsms_bot.demo.alert_tools import AlertTools
from kwtsms_bot.demo.bridge import KINDS, alert_contacts, bridge_section
from kwtsms_bot.demo.tour import ALERT_BUTTONS, config_overrides, guide
from kwtsms_bot.i18n.translator import language
from kwtsms_sandbox.http_server import serve
from kwtsms_sandbox.page import PageServer
from kwtsms_sandbox.slack import ALERTS, OPS, SARA
from support.bot import local_env, wait_for_text
from support.bridge import SAMPLES
from support.bridge_waits import SHORT_SECONDS, short_settle
from support.browser import Browser, browser, chromium
from support.forked import ENVIRONMENT, fork_command

__all__ = ["browser", "chromium", "short_settle"]
POSTED = {
    "alertmanager": ("alertmanager_firing", "CRIT /var on db02 is 96% full."),
    "apprise": ("apprise_form", "ERR Backup failed."),
    "checkmk": ("checkmk", "CRIT Filesystem /var on db01."),
    "github": ("github_workflow_run", "ERR Deploy failed on main."),
    "grafana": ("grafana", "CRIT 5% of checkouts fail."),
    "healthchecks": ("healthchecks_template", "ERR Example check is down."),
    "native": ("bridge_native_firing", "CRIT /var on db01 is 96% full."),
    "netdata": ("netdata_cloud_alert", "CRIT 10min_cpu_usage on db01."),
    "pagerduty": ("pagerduty_v2_trigger", "CRIT /var on db01 is 96% full."),
    "prtg": ("prtg_form", "CRIT core-sw-1 Ping Down."),
    "sentry": ("sentry_metric_alert", "CRIT Too many errors."),
    "sns": ("sns_notification_cloudwatch", "ERR cpu-high."),
    "uptime-kuma": ("uptime_kuma_json_down", "CRIT Shop is down."),
    "zabbix": ("zabbix", "CRIT High CPU utilization on core-sw-1."),
}


def ref_of(answer: dict[str, Any]) -> str | None:
    """The reference in an answer; PagerDuty's has none."""
    return answer["alerts"][0]["ref"] if "alerts" in answer else None


async def run_demo(*options: str) -> list[dict[str, Any]]:
    """Runs the demo with a script; returns its lines of JSON."""
    process = await fork_command(
        *("demo", "--json", *options),
        folder=Path.cwd(),
        env=ENVIRONMENT,
        waits={"settle": SHORT_SECONDS},
    )
    out, err = await asyncio.wait_for(process.communicate(), timeout=120)
    assert (process.returncode, err) == (0, b"")
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.usefixtures("short_settle")
async def test_an_alert_of_each_tool_reaches_its_own_phone(tmp_path: Path) -> None:
    """Each kind's request is accepted, texted to the kind's phone, and shown in #alerts."""
    async with (
        local_env(tmp_path, **config_overrides("en")) as env,
        AlertTools(env.bridge_address) as tools,
    ):
        requests = {
            kind: read_request(str(SAMPLES / f"{name}.json")) for kind, (name, _) in POSTED.items()
        }
        answers = {kind: await tools.post(kind, one) for kind, one in requests.items()}
        await env.gateway.until(lambda: len(env.gateway.ledger) == len(POSTED), timeout=30)
        phones = env.gateway.inboxes()
        refs = {kind: ref_of(one.content) for kind, one in answers.items()}

        for kind, (_, begin) in POSTED.items():
            (sms,) = phones[alert_contacts()[kind].removeprefix("+")]
            ref = sms.text.split()[-1]
            assert (answers[kind].is_accepted, sms.sender) == (True, "MY-APP")
            assert sms.text.startswith(begin)
            assert refs[kind] in (ref, None)
            await wait_for_text(env, ref, where=ALERTS, timeout=40)  # A card a second.


async def test_posts_and_commands_keep_their_order(tmp_path: Path) -> None:
    """A second alert waits for the phone's slot, and what can't be read is refused."""
    body = tmp_path / "broken.json"
    body.write_text("{")
    firing, other = SAMPLES / "bridge_native_firing.json", SAMPLES / "gatus.json"
    results = await run_demo(
        *(f"--post=native={firing}", "--exec=/sms balance"),
        *(f"--post=native={other}", f"--post=native={body}"),
    )
    kinds = [one.get("post") or one.get("command") for one in results]

    assert kinds == ["native", "/sms balance", "native", "native"]
    assert [len(one["phone"]) for one in results] == [1, 0, 0, 0]
    assert [one.get("waiting") for one in results] == [0, None, 1, 1]
    assert (results[3]["status"], results[3]["answer"]["error"]) == (400, "invalid_body")


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("native", "expected KIND=FILE"),
        ("zabbix9=a.json", "is unknown. Use one of"),
        ("native=/nowhere/a.json", "can't be read"),
    ],
)
async def test_a_wrong_post_is_found_before_anything_starts(written: str, words: str) -> None:
    """The exit code is 2, and the message names what is wrong."""
    process = await fork_command("demo", "--post", written, folder=Path.cwd(), env=ENVIRONMENT)
    _, err = await asyncio.wait_for(process.communicate(), timeout=30)

    assert process.returncode == 2
    assert words in err.decode()


async def test_programs_get_the_addresses_on_one_line() -> None:
    """`demo --json` prints where page, gateway and bridge are, and goes on running."""
    process = await fork_command(
        *("demo", "--json"),
        folder=Path.cwd(),
        env=ENVIRONMENT,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout
    try:
        facts = json.loads(await asyncio.wait_for(process.stdout.readline(), timeout=30))
        async with httpx.AsyncClient(trust_env=False) as http:
            page = await http.get(facts["page"])
            account = {name: facts["gateway"][name] for name in ("username", "password")}
            balance = await http.post(facts["gateway"]["base_url"] + "balance/", json=account)
            answers = [
                await http.post(
                    f"{facts['bridge']['url']}/hooks/{kind}",
                    headers={
                        "Authorization": f"Bearer {token}",
                        **(sign(kind, token, b"{}") if kind in TOKENLESS_KINDS else {}),
                    },
                    content=b"{}",
                )
                for kind, token in facts["bridge"]["tokens"].items()
            ]
    finally:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), timeout=20) == 0

    assert page.status_code == 200
    assert balance.json()["result"] == "OK"
    assert facts["gateway"]["admin_url"].endswith("/admin/")
    assert facts["bridge"]["tokens"] == {kind: f"demo-{kind}" for kind in KINDS}
    assert [answer.json()["error"] for answer in answers] == ["unknown_shape"] * len(KINDS)


@pytest.mark.usefixtures("short_settle")
async def test_each_button_sends_an_alert_that_ends(tmp_path: Path) -> None:
    """Each tool's sample rings its phone, and after *Resolve all* nothing is open."""
    async with (
        local_env(tmp_path, **config_overrides("en")) as env,
        AlertTools(env.bridge_address) as tools,
    ):
        for kind in KINDS:
            await tools.fire(kind)
        await env.gateway.until(lambda: len(env.gateway.ledger) == len(KINDS), timeout=30)
        await tools.resolve_all()
        await env.slack.command(SARA, OPS, "/sms", "alerts")

        assert set(BODIES) == set(ALERT_BUTTONS) == set(KINDS)
        assert await wait_for_text(env, "No incident is open")


def test_the_demo_has_no_warnings_about_its_tokens() -> None:
    """Short tokens are fine on a port that changes each time."""
    section = bridge_section()
    public = section | {"listen": "127.0.0.1:8090"}
    found = [
        BridgeSettings.model_validate(one).warnings(language("en"), "MY-APP")
        for one in (section, public)
    ]

    assert [len(one) for one in found] == [0, len(KINDS)]


@pytest.mark.browser
@pytest.mark.usefixtures("short_settle")
async def test_the_panel_sends_alerts(tmp_path: Path, browser: Browser) -> None:
    """A button sends an alert to the phone, and another one ends it."""
    async with (
        local_env(tmp_path, **config_overrides("en")) as env,
        AlertTools(env.bridge_address) as tools,
    ):
        server = PageServer(
            gateway=env.gateway,
            slack=env.slack,
            guide=guide("/sms", COMMANDS, "en"),
            alert_tools=tools,
        )
        async with serve(server.app()) as served:
            await browser.open(served.url)
            await browser.until("document.querySelector('[data-alert=grafana]')")
            await browser.click("[data-alert=grafana]")
            await env.gateway.until(lambda: bool(env.gateway.ledger), timeout=30)
            await browser.wait_for_text("#thread .bubble", "5% of checkouts fail in shop 1")
            await browser.click("#resolve-alerts")
            await browser.until("!document.getElementById('resolve-alerts').disabled")

            assert await browser.count("#alert-samples button") == len(KINDS)
            assert browser.console_errors() == []

"""The demo runs with a bridge: an alert of each tool reaches its own phone."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from kwtsms_bot.commands.router import COMMANDS
from kwtsms_bot.config.bridge import BridgeSettings
from kwtsms_bot.demo.alert_samples import BODIES
from kwtsms_bot.demo.alert_tools import AlertTools
from kwtsms_bot.demo.bridge import KINDS, alert_contacts, bridge_section
from kwtsms_bot.demo.tour import ALERT_BUTTONS, config_overrides, guide
from kwtsms_bot.i18n.translator import language
from kwtsms_sandbox.http_server import serve
from kwtsms_sandbox.page import PageServer
from kwtsms_sandbox.slack import OPS, SARA
from support.bot import COMMAND, ENVIRONMENT, local_env, wait_for_text
from support.bridge import SAMPLES
from support.browser import Browser, browser, chromium

__all__ = ["browser", "chromium"]
POSTED = {
    "alertmanager": ("alertmanager_firing", "CRIT /var on db02 is 96% full."),
    "apprise": ("apprise_form", "ERR Backup failed."),
    "grafana": ("grafana", "CRIT 5% of checkouts fail."),
    "healthchecks": ("healthchecks_template", "ERR Example check is down."),
    "native": ("bridge_native_firing", "CRIT /var on db01 is 96% full."),
    "uptime-kuma": ("uptime_kuma_json_down", "CRIT Shop is down."),
}


async def run_demo(*options: str) -> list[dict[str, Any]]:
    """Runs the demo with a script; returns its lines of JSON."""
    process = await asyncio.create_subprocess_exec(
        *(str(COMMAND), "demo", "--json", *options),
        env=ENVIRONMENT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), timeout=120)
    assert (process.returncode, err) == (0, b"")
    return [json.loads(line) for line in out.splitlines()]


async def test_an_alert_of_each_tool_reaches_its_own_phone() -> None:
    """Each kind's request is accepted, texted to the kind's phone, and shown in #alerts."""
    options = [f"--post={kind}={SAMPLES / f'{name}.json'}" for kind, (name, _) in POSTED.items()]
    results = await run_demo(*options, "--exec", "/sms balance")
    posts = results[:-1]

    assert [(one["post"], one["status"], one["waiting"]) for one in posts] == [
        (kind, 200, 0) for kind in POSTED
    ]
    contacts = alert_contacts()
    for one, (kind, (_, begin)) in zip(posts, POSTED.items(), strict=True):
        (sms,) = one["phone"]
        ref = one["answer"]["alerts"][0]["ref"]
        assert (f"+{sms['to']}", sms["from"]) == (contacts[kind], "MY-APP")
        assert sms["text"].startswith(begin)
        assert sms["text"].endswith(ref)
        assert any(ref in reply for reply in one["replies"])
    assert "994 credits left" in results[-1]["replies"][0]


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
    process = await asyncio.create_subprocess_exec(
        *(str(COMMAND), "demo", "--post", written),
        env=ENVIRONMENT,
        stderr=asyncio.subprocess.PIPE,
    )
    _, err = await asyncio.wait_for(process.communicate(), timeout=30)

    assert process.returncode == 2
    assert words in err.decode()


async def test_programs_get_the_addresses_on_one_line() -> None:
    """`demo --json` prints where page, gateway and bridge are, and goes on running."""
    process = await asyncio.create_subprocess_exec(
        *(str(COMMAND), "demo", "--json"), env=ENVIRONMENT, stdout=asyncio.subprocess.PIPE
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
                    headers={"Authorization": f"Bearer {token}"},
                    content=b"{}",
                )
                for kind, token in facts["bridge"]["tokens"].items()
            ]
    finally:
        process.terminate()
        assert await asyncio.wait_for(process.wait(), timeout=20) == 0

    assert page.status_code == 200
    assert balance.json()["result"] == "OK"
    assert facts["gateway"]["admin_url"].endswith("/admin/")
    assert facts["bridge"]["tokens"] == {kind: f"demo-{kind}" for kind in KINDS}
    assert [answer.json()["error"] for answer in answers] == ["unknown_shape"] * len(KINDS)


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

"""The real bot reads a team's calendar, texts who is on call, and lets a person step in."""

from pathlib import Path

import httpx
import pytest

from kwtsms_bot.demo.environment import LocalEnvironment
from kwtsms_sandbox.slack import ALERTS, OPS, SARA
from support.bot import local_env, wait_for_text
from support.bridge_waits import short_settle
from support.on_call import PHONEBOOK, event, write_calendar

__all__ = ["short_settle"]
TOKEN = "scripts-token-0000000000"


async def post(env: LocalEnvironment, title: str) -> None:
    """A script posts an alert."""
    async with httpx.AsyncClient(base_url=env.bridge_address, trust_env=False) as client:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        await client.post("/hooks/scripts", json={"title": title}, headers=headers)


@pytest.mark.usefixtures("short_settle")
async def test_an_alert_is_texted_to_the_person_on_call(tmp_path: Path) -> None:
    """The calendar's person; after a swap in Slack, which the channel sees, the other one."""
    file = write_calendar(tmp_path, event("Noura", ":20200101T080000", "DTEND:20500101T080000"))
    phonebook = PHONEBOOK.model_dump()
    phonebook["contacts"]["sara"]["slack"] = SARA.id
    bridge = {
        "listen": "127.0.0.1:0",
        "channel": ALERTS.id,
        "integrations": {"scripts": {"kind": "native", "token": TOKEN}},
        "oncall": {"net": {"calendar": file, "fallback": "lead"}},
        "receivers": {"ops": {"to": ["oncall.net"]}},
    }
    async with local_env(tmp_path, bridge=bridge, phonebook=phonebook) as env:
        await env.slack.command(SARA, OPS, "/sms", "oncall net")
        await wait_for_text(env, "On call for net: noura")
        await post(env, "The disk is full")
        await wait_for_text(env, "Texted noura", where=ALERTS, timeout=20)
        await env.slack.command(SARA, OPS, "/sms", "oncall net @sara for 4h")
        swapped = await wait_for_text(env, "On call for net: sara", where=ALERTS, timeout=15)
        await post(env, "The link is down")
        await wait_for_text(env, "Texted sara", where=ALERTS, timeout=20)

        assert "Changed by" in env.slack.plain(swapped)
        assert [number for one in env.gateway.ledger for number in one.numbers] == [
            PHONEBOOK.contacts[name].number for name in ("noura", "sara")
        ]

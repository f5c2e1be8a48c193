"""A person takes an incident in Slack: on its card, on App Home or by a command, and it stops."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from kwtsms_bot.commands import action_ids
from kwtsms_bot.demo.environment import LocalEnvironment
from kwtsms_sandbox.slack import OPS, SARA, YOUSEF
from support.bot import NUMBER, local_env, wait_for_text
from support.bridge_waits import short_settle

__all__ = ["short_settle"]
TOKEN, OTHER_NUMBER = "scripts-token-0000000000", "96551234567"
BRIDGE = {
    "listen": "127.0.0.1:0",
    "channel": OPS.id,
    "integrations": {"scripts": {"kind": "native", "token": TOKEN}},
    "receivers": {"ops": {"to": ["noura"]}},
}


@asynccontextmanager
async def bridge_env(folder: Path) -> AsyncIterator[LocalEnvironment]:
    """Runs the bot with a bridge."""
    phonebook = {"contacts": {"noura": f"+{NUMBER}"}}
    async with local_env(folder, bridge=BRIDGE, phonebook=phonebook) as env:
        yield env


async def post(env: LocalEnvironment, key: str, **changes: object) -> str:
    """A script posts an alert; returns the reference of its incident."""
    async with httpx.AsyncClient(base_url=env.bridge_address, trust_env=False) as client:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        body = {"title": f"{key} is down", "key": key, **changes}
        answer = await client.post("/hooks/scripts", json=body, headers=headers)
    return str(answer.json()["alerts"][0]["ref"])


async def test_an_acknowledgement_on_the_card_stops_the_sms(tmp_path: Path) -> None:
    """The card turns amber with the name of the person, and nothing is texted."""
    async with bridge_env(tmp_path) as env:
        ref = await post(env, "disk")
        card = await wait_for_text(env, "disk is down")
        await env.slack.press(YOUSEF, card, action_ids.INCIDENT_ACKNOWLEDGE)
        acked = env.slack.plain(await wait_for_text(env, "Acknowledged by @yousef", timeout=15))
        await env.slack.command(SARA, OPS, "/sms", f"ack {ref}")
        await wait_for_text(env, f"{ref} is already acknowledged.")

        assert "Withdraw acknowledgement" in acked
        assert "Texted" not in acked
        assert env.gateway.ledger == []


@pytest.mark.usefixtures("short_settle")
async def test_a_person_who_was_texted_acknowledges_in_the_direct_message(tmp_path: Path) -> None:
    """The other person's SMS, which waits for its slot, isn't sent any more."""
    contacts = {
        "noura": {"number": f"+{NUMBER}", "slack": SARA.id},
        "fahad": {"number": f"+{OTHER_NUMBER}"},
    }
    two = BRIDGE | {
        "receivers": {"both": {"to": ["noura", "fahad"]}, "second": {"to": ["fahad"]}},
        "routes": [{"when": {"team": "second"}, "to": "second"}, {"to": "both"}],
    }
    async with local_env(tmp_path, bridge=two, phonebook={"contacts": contacts}, access={}) as env:
        await post(env, "link", labels={"team": "second"})
        await env.slack.until(lambda: len(env.gateway.ledger) == 1, timeout=20)
        ref = await post(env, "disk")
        direct = await env.slack.until(
            lambda: next(iter(env.slack.visible(SARA, env.slack.dm(SARA))), None), timeout=20
        )
        before = env.slack.plain(direct)
        await env.slack.until(lambda: len(env.gateway.ledger) == 2)
        await env.slack.press(SARA, direct, action_ids.INCIDENT_ACKNOWLEDGE)
        await wait_for_text(env, "Acknowledged by @sara", timeout=15)
        await env.slack.until(
            lambda: "Withdraw" in env.slack.plain(env.slack.visible(SARA, env.slack.dm(SARA))[0])
        )
        card = env.slack.plain(await wait_for_text(env, "Texted noura", timeout=15))

        assert ref in before
        assert "fahad" not in card
        assert len(env.gateway.ledger) == 2


async def test_details_are_shown_to_one_person(tmp_path: Path) -> None:
    """The button's answer is for the person who pressed it."""
    async with bridge_env(tmp_path) as env:
        ref = await post(env, "disk")
        card = await wait_for_text(env, "disk is down")
        await env.slack.press(SARA, card, action_ids.INCIDENT_DETAILS)
        details = await wait_for_text(env, f"Incident {ref}")

        assert details.ephemeral_to == SARA.id


async def test_home_lists_open_incidents(tmp_path: Path) -> None:
    """A press on App Home acts, and the view shows the result."""
    async with bridge_env(tmp_path) as env:
        ref = await post(env, "disk")
        await env.slack.open_home(SARA)
        view = await env.slack.until(lambda: env.slack.home(SARA))
        before = env.slack.plain(view)
        await env.slack.press(SARA, view, action_ids.INCIDENT_ACKNOWLEDGE)
        await env.slack.until(
            lambda: "acknowledged by sara" in env.slack.plain(env.slack.home(SARA) or view)
        )

        assert "1 open incident" in before
        assert f"Acknowledge {ref}" in before


async def test_a_silence_begins_and_ends_on_the_card(tmp_path: Path) -> None:
    """The form asks for how long and why; what still fires is texted at the end."""
    async with bridge_env(tmp_path) as env:
        await post(env, "disk")
        card = await wait_for_text(env, "disk is down")
        await env.slack.press(SARA, card, action_ids.INCIDENT_SILENCE)
        form = await env.slack.until(lambda: env.slack.modal(SARA))
        await env.slack.submit(SARA, form, {"lasts": "4h", "reason": "new cable"})
        card = await wait_for_text(env, "Silenced until", timeout=20)
        silenced = env.slack.plain(card)
        answer = env.slack.plain(env.slack.modal(SARA) or form)
        await env.slack.press(SARA, card, action_ids.INCIDENT_UNSILENCE)
        await env.slack.until(lambda: env.gateway.ledger, timeout=20)
        await wait_for_text(env, "Texted noura", timeout=20)

        assert "new cable" in silenced
        assert "by @sara" in silenced
        assert "is set." in answer
        assert "Critical alerts are still texted." in answer


async def test_the_form_says_what_is_wrong_at_its_field(tmp_path: Path) -> None:
    """Without words the command opens it; then it takes labels."""
    async with bridge_env(tmp_path) as env:
        await env.slack.command(SARA, OPS, "/sms", "silence")
        form = await env.slack.until(lambda: env.slack.modal(SARA))
        await env.slack.submit(SARA, form, {"target": "cable", "lasts": "1h"})
        wrong = await env.slack.until(
            lambda: view if (view := env.slack.modal(SARA)) and view.errors else None
        )
        await env.slack.submit(SARA, wrong, {"target": "site=shuwaikh", "lasts": "1h"})
        answer = await env.slack.until(
            lambda: (
                text if "is set" in (text := env.slack.plain(env.slack.modal(SARA) or form)) else ""
            )
        )

        assert "what to silence, such as site=shuwaikh" in str(wrong.errors)
        assert "site=shuwaikh" in answer

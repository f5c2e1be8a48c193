"""The real bot reads a team's calendar, says who is on call, and lets a person step in."""

from pathlib import Path

from kwtsms_sandbox.slack import ALERTS, OPS, SARA
from support.bot import local_env, wait_for_text
from support.on_call import PHONEBOOK, event, write_calendar


async def test_a_person_is_put_on_call_in_slack(tmp_path: Path) -> None:
    """The calendar's person is on call; a colleague is put on call, and the channel sees it."""
    file = write_calendar(tmp_path, event("Noura", ":20200101T080000", "DTEND:20500101T080000"))
    phonebook = PHONEBOOK.model_dump()
    phonebook["contacts"]["sara"]["slack"] = SARA.id
    bridge = {
        "listen": "127.0.0.1:0",
        "channel": ALERTS.id,
        "oncall": {"net": {"calendar": file, "fallback": "lead"}},
        "receivers": {"ops": {"to": ["oncall.net"]}},
    }
    async with local_env(tmp_path, bridge=bridge, phonebook=phonebook) as env:
        await env.slack.command(SARA, OPS, "/sms", "oncall net")
        await wait_for_text(env, "On call for net: noura")
        await env.slack.command(SARA, OPS, "/sms", f"oncall net <@{SARA.id}> for 4h")
        post = await wait_for_text(env, "On call for net: sara", where=ALERTS, timeout=15)

        assert "Changed by" in env.slack.plain(post)

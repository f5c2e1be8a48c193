"""The next person is texted while nobody answers, and acknowledges in the direct message."""

from pathlib import Path

import httpx

from kwtsms_bot.commands import action_ids
from kwtsms_bot.demo.environment import LocalEnvironment
from kwtsms_sandbox.slack import OPS, SARA
from support.bot import NUMBER, local_env, wait_for_text

TOKEN, FAHAD, LEAD = "scripts-token-0000000000", "96551234567", "96551111111"
CONTACTS = {
    "noura": f"+{NUMBER}",
    "fahad": {"number": f"+{FAHAD}", "slack": SARA.id},
    "lead": f"+{LEAD}",
}
BRIDGE = {
    "listen": "127.0.0.1:0",
    "channel": OPS.id,
    "integrations": {"scripts": {"kind": "native", "token": TOKEN}},
    "receivers": {
        "ops": {
            "to": ["noura"],
            "escalate": [{"after": "8s", "to": ["fahad"]}, {"after": "15s", "to": ["lead"]}],
        },
        "links": {"to": ["lead"], "escalate": [{"after": "7s", "to": ["lead"]}]},
    },
    "routes": [{"when": {"team": "links"}, "to": "links"}, {"to": "ops"}],
}


async def post(env: LocalEnvironment, title: str, **labels: str) -> str:
    """A script posts an alert; returns the reference of its incident."""
    async with httpx.AsyncClient(base_url=env.bridge_address, trust_env=False) as client:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        body = {"title": title, "labels": labels}
        answer = await client.post("/hooks/scripts", json=body, headers=headers)
    return str(answer.json()["alerts"][0]["ref"])


def thread_of(env: LocalEnvironment, word: str) -> list[str]:
    """The lines below the card of an incident whose title has this word."""
    visible = env.slack.visible(SARA, OPS)
    card = next((one for one in visible if word in env.slack.plain(one)), None)
    return [env.slack.plain(one) for one in visible if card and one.thread_ts == card.ts]


async def test_the_next_person_acknowledges(tmp_path: Path) -> None:
    """Fahad's SMS begins with 2ND; then no step follows, and the thread shows each."""
    phonebook = {"contacts": CONTACTS}
    async with local_env(tmp_path, bridge=BRIDGE, phonebook=phonebook) as env:
        ref = await post(env, "The disk is full")
        await env.slack.until(lambda: len(env.gateway.ledger) == 2, timeout=20)
        direct = await env.slack.until(
            lambda: next(iter(env.slack.visible(SARA, env.slack.dm(SARA))), None), timeout=10
        )
        await env.slack.press(SARA, direct, action_ids.INCIDENT_ACKNOWLEDGE)
        await wait_for_text(env, "Acknowledged by @sara", timeout=15)
        # Its step is due later than the next one of the first incident was.
        await post(env, "The link is down", team="links")
        await env.slack.until(
            lambda: any("lead" in one for one in thread_of(env, "link")), timeout=15
        )
        disk = thread_of(env, "disk")

        assert [(one.numbers, one.text.split()[:2]) for one in env.gateway.ledger[:2]] == [
            ((NUMBER,), ["ERR", "The"]),
            ((FAHAD,), ["2ND", "ERR"]),
        ]
        assert ref in env.slack.plain(direct)
        assert [line.split(" · ", 1)[1] for line in "\n".join(disk).splitlines()] == [
            "Opened · scripts",
            "Escalated · fahad",
            "Acknowledged · @sara",
        ]
        assert not any(ref in one.text for one in env.gateway.ledger[2:])

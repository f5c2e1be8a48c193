"""Tools that post alerts, and try again as they do until the endpoint has them."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import aiohttp

from chaos.alerts.evidence import PostedAlert, ToolAnswer
from chaos.environment import ChaosEnvironment

TIMEOUT = aiohttp.ClientTimeout(total=10)
RETRY_SECONDS = 0.1  # Tools wait for longer; the order of events is the same.
GIVE_UP_SECONDS = 90.0
ACCEPTED, TRY_AGAIN = 200, 503
NATIVE, ALERTMANAGER = "native", "alertmanager"
TOKENS = {NATIVE: "native-token-0000000000", ALERTMANAGER: "alertmanager-token-0000"}
LONG_AGO, NOT_ENDED = "2026-01-01T08:00:00Z", "0001-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Body:
    """A request to an integration, and the alerts in it, in their order."""

    kind: str
    content: dict[str, Any]
    alerts: Sequence[PostedAlert]


def native(alert: PostedAlert, team: str, *, ended: bool = False) -> Body:
    """One alert of a script, or its end."""
    content = {
        "key": alert.title,
        "title": alert.title,
        "status": "resolved" if ended else "firing",
        "severity": "critical",
        "kind": "Down",
        "labels": {"team": team},
    }
    return Body(NATIVE, content, [alert])


def alertmanager(group: str, alerts: Sequence[PostedAlert], team: str) -> Body:
    """A group of Alertmanager's with all its alerts, of which some may have ended."""
    entries = [
        {
            "status": "resolved" if one.ended else "firing",
            "labels": {"alertname": "Down", "severity": "critical", "team": team},
            "annotations": {"summary": one.title},
            "startsAt": LONG_AGO,
            "endsAt": LONG_AGO if one.ended else NOT_ENDED,
            "fingerprint": one.title,
        }
        for one in alerts
    ]
    return Body(ALERTMANAGER, {"version": "4", "groupKey": group, "alerts": entries}, alerts)


class Tools:
    """The tools of a run, which share one connection pool and choose a replica at random."""

    def __init__(self, env: ChaosEnvironment, session: aiohttp.ClientSession, rng: Random) -> None:
        self._env, self._session, self._rng = env, session, rng
        self.alerts: list[PostedAlert] = []
        self.answers: list[ToolAnswer] = []

    def new_alert(self, title: str, people: dict[str, str]) -> PostedAlert:
        """Returns an alert that is to be posted for these people."""
        self.alerts.append(PostedAlert(title, people))
        return self.alerts[-1]

    async def post(self, body: Body) -> bool:
        """Posts a request until it is answered with 200; returns whether it was."""
        until = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < until:
            answer = await self._post_once(body)
            if answer is not None:
                _record(body, answer)
                return True
            await asyncio.sleep(RETRY_SECONDS)
        return False

    async def _post_once(self, body: Body) -> dict[str, Any] | None:
        """The content of an answer with 200; None if there was no answer, or another."""
        ports = [bot.hooks_port for bot in self._env.alive_bots]
        if not ports:
            return None
        url = f"http://127.0.0.1:{self._rng.choice(ports)}/hooks/{body.kind}"
        headers = {"Authorization": f"Bearer {TOKENS[body.kind]}"}
        begun = time.monotonic()
        try:
            async with self._session.post(url, json=body.content, headers=headers) as reply:
                content: dict[str, Any] = await reply.json()
        except (aiohttp.ClientError, TimeoutError, OSError):
            return None
        self.answers.append(ToolAnswer(reply.status, time.monotonic() - begun))
        return content if reply.status == ACCEPTED else None


def _record(body: Body, answer: dict[str, Any]) -> None:
    for alert, result in zip(body.alerts, answer["alerts"], strict=True):
        alert.accepted, alert.ref = True, result["ref"] or alert.ref


def new_session() -> aiohttp.ClientSession:
    """A session whose connections are not used again: bots are killed behind them."""
    connector = aiohttp.TCPConnector(force_close=True, limit=0)
    return aiohttp.ClientSession(connector=connector, timeout=TIMEOUT, trust_env=False)

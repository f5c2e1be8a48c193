"""The environment of a run with alerts: tools, people who acknowledge, and the cards in Slack."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from chaos.alerts import texts
from chaos.alerts.evidence import Acknowledgement, AlertEvidence
from chaos.alerts.tools import ALERTMANAGER, NATIVE, TOKENS, Tools, new_session
from chaos.environment import LEASE_SECONDS, ChaosEnvironment, chaos_environment
from chaos.poll import until
from chaos.program import HOOKS_PORT, Program
from kwtsms_bot.commands import action_ids
from kwtsms_sandbox.slack import Message, NotPossible
from kwtsms_sandbox.slack.demo_workspace import OPS, SARA

REPEAT_SECONDS = 1.0  # The gateway's pause between two texts to a number; see chaos_planted_faults.
TEAMS, SHARED = 40, 2  # Receivers with one phone each, and those with two, which bundle.
MAX_TRIES = 20
NOT_ACKNOWLEDGED = "Nobody has acknowledged"
PROGRAM = Program(interval=0.1, cooldown=REPEAT_SECONDS + 0.2, hooks_port=0)


def people_of(team: str) -> dict[str, str]:
    """The contacts of a team, and their phones: one, or two in a team that shares its alerts."""
    number = int(team.removeprefix("team"))
    count = 2 if number >= TEAMS else 1
    return {f"{team}-{one}": f"9656{number:03d}000{one}" for one in range(count)}


def team_names() -> list[str]:
    """The teams; the last ones share their alerts."""
    return [f"team{number}" for number in range(TEAMS + SHARED)]


def _sections() -> dict[str, Any]:
    """The sections of config.yaml for alerts: a receiver for each team, chosen by a label."""
    teams = {team: people_of(team) for team in team_names()}
    contacts = {name: f"+{phone}" for people in teams.values() for name, phone in people.items()}
    return {
        "phonebook": {"contacts": contacts},
        "bridge": {
            "listen": f"127.0.0.1:${{{HOOKS_PORT}}}",
            "channel": OPS.id,
            "credits_per_day": 100_000,
            "integrations": {
                kind: {"kind": kind, "token": TOKENS[kind]} for kind in (NATIVE, ALERTMANAGER)
            },
            "receivers": {team: {"to": list(people)} for team, people in teams.items()},
            "routes": [
                *({"when": {"team": team}, "to": team} for team in teams),
                {"to": next(iter(teams))},
            ],
        },
    }


@dataclass
class AlertEnvironment:
    """A chaos environment whose bots have a bridge."""

    chaos: ChaosEnvironment
    tools: Tools
    rng: Random
    acknowledgements: list[Acknowledgement] = field(default_factory=list)

    async def acknowledge(self, ref: str) -> None:
        """A person acknowledges an incident by button or command, until Slack confirms it."""
        one = Acknowledgement(ref)
        self.acknowledgements.append(one)
        for _ in range(MAX_TRIES):
            with suppress(TimeoutError):
                await self._press_or_type(ref)
                await self.chaos.slack.until(lambda: self._is_confirmed(ref), timeout=3)
                one.done_at = time.time()
                return

    async def _press_or_type(self, ref: str) -> None:
        slack, card = self.chaos.slack, self._card(ref)
        sockets = slack.sockets
        await slack.until(lambda: sockets.connections, timeout=10, what="a bot")
        if card is not None and self.rng.random() < 0.5:
            with suppress(NotPossible):  # It was acknowledged meanwhile.
                await slack.press(SARA, card, action_ids.INCIDENT_ACKNOWLEDGE)
                return
        await slack.command(SARA, OPS, "/sms", f"ack {ref}")

    def _is_confirmed(self, ref: str) -> bool:
        """Whether the person sees that the incident is acknowledged: in a reply, or on its card."""
        for message in self.chaos.slack.visible(SARA, OPS):
            shown = self.chaos.slack.plain(message)
            is_acknowledged = "acknowledged" in shown.casefold() and NOT_ACKNOWLEDGED not in shown
            if ref in shown and is_acknowledged:
                return True
        return False

    def _card(self, ref: str) -> Message | None:
        slack = self.chaos.slack
        for message in slack.visible(SARA, OPS):
            if texts.card_reference(slack.plain(message)) == ref and not message.ephemeral_to:
                return message
        return None

    async def wait_until_settled(self, seconds: float) -> None:
        """Waits until every alert is texted or not needed, and shown; stops after `seconds`.

        What is left then is the judge's to find.
        """
        log = self.chaos.transition_log

        async def nothing_left() -> bool:
            return (await log.unfinished_alerts(), (await log.unfinished())[0]) == ((0, 0), 0)

        with suppress(TimeoutError):
            await until(nothing_left, seconds=seconds, what="quiet", every=0.2)

    async def collect_evidence(self) -> AlertEvidence:
        """Kills the bots and collects what was seen from outside."""
        await asyncio.gather(*(bot.kill() for bot in self.chaos.bots))
        self.chaos.bots.clear()
        return AlertEvidence(
            alerts=tuple(self.tools.alerts),
            answers=tuple(self.tools.answers),
            acknowledgements=tuple(self.acknowledgements),
            requests=await self.chaos.gateway.requests(),
            ledger=await self.chaos.gateway.ledger(),
            cards=self._cards(),
            kills=self.chaos.kills,
        )

    def _cards(self) -> dict[str, list[str]]:
        """The texts of the cards in the channel, by reference, the oldest first."""
        slack, cards = self.chaos.slack, defaultdict[str, list[str]](list)
        for message in slack.visible(SARA, OPS):
            if message.thread_ts in (None, message.ts) and not message.ephemeral_to:
                shown = slack.plain(message)
                cards[texts.card_reference(shown)].append(shown)
        cards.pop("", None)
        return dict(cards)


@asynccontextmanager
async def alert_environment(
    folder: Path,
    database: str,
    *,
    seed: int,
    program: Program = PROGRAM,
    lease_seconds: int = LEASE_SECONDS,
    latency: float = 0.0,
) -> AsyncIterator[AlertEnvironment]:
    """Creates the environment in `folder`, without bots."""
    outbox = {"database": database, "lease": f"{lease_seconds}s"}
    async with (
        chaos_environment(
            folder,
            database,
            seed=seed,
            program=program,
            sections=_sections() | {"outbox": outbox},
            repeat_seconds=REPEAT_SECONDS,
            latency=latency,
        ) as env,
        new_session() as session,
    ):
        yield AlertEnvironment(env, Tools(env, session, Random(seed)), Random(seed + 1))

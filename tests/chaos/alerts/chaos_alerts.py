"""The long runs of `make chaos` with alerts, and the faults that the judge must find."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from chaos.alerts import scenarios
from chaos.alerts.environment import PROGRAM, AlertEnvironment, alert_environment
from chaos.alerts.judge import AlertRules, AlertVerdict, judge
from chaos.alerts.scenarios import Scenario
from chaos.alerts.stress import AlertProfile, run_alerts
from chaos.environment import LEASE_SECONDS
from chaos.stress import FAULTS
from support.postgres import postgres

LONG = AlertProfile(conditions=400, kills=260, per_second=2.0, faults=FAULTS, drain_seconds=120)
OUTAGE = AlertProfile(conditions=50, kills=4, per_second=2.0, replicas=3)
AWAY_SECONDS = 15.0
SQLITE, POSTGRESQL = "sqlite", "postgresql"
# In a scenario that texts one alert or none, no share of them must be texted.
SCENARIO_RULES = AlertRules(interval=PROGRAM.interval, min_texted_share=0.0)
TABLE: tuple[tuple[str, Scenario, str, str], ...] = (
    ("answer_before_the_commit", scenarios.dies_after_an_answer, SQLITE, "lost"),
    ("bundle_apart_from_its_rows", scenarios.dies_before_recording_a_text, SQLITE, "doubled"),
    ("no_upsert_of_alerts", scenarios.a_tool_repeats_an_alert, SQLITE, "doubled"),
    ("two_bundlers_at_once", scenarios.two_replicas_bundle, POSTGRESQL, "doubled"),
    ("recall_ignores_claimed", scenarios.acknowledged_while_claimed, SQLITE, "late"),
)
# A stopped process keeps its claims for so long.
LEASES: dict[Scenario, int] = {scenarios.acknowledged_while_claimed: 30}
AssertNotified = Callable[[AlertVerdict], None]


@asynccontextmanager
async def database_of(folder: Path, kind: str) -> AsyncIterator[str]:
    """The URL of an empty database."""
    if kind == SQLITE:
        yield f"sqlite:///{folder / 'bridge.sqlite3'}"
        return
    async with postgres() as server:
        yield server.url


async def run_alert_scenario(
    folder: Path, scenario: Scenario, kind: str, planted: str | None
) -> AlertVerdict:
    """Runs a scenario with a correct or a faulty bot and judges it."""
    program = replace(PROGRAM, planted=planted)
    async with (
        database_of(folder, kind) as database,
        alert_environment(
            folder,
            database,
            seed=1,
            program=program,
            lease_seconds=LEASES.get(scenario, LEASE_SECONDS),
        ) as env,
    ):
        await scenario(env)
        return judge(await env.collect_evidence(), SCENARIO_RULES)


async def test_alerts_on_sqlite(tmp_path: Path, seed: int, assert_notified: AssertNotified) -> None:
    """After 260 kills each alert that was answered is texted once, or a card says why not."""
    async with database_of(tmp_path, SQLITE) as database:
        assert_notified(await run_alerts(tmp_path, database, seed=seed, profile=LONG))


async def test_alerts_on_postgresql_with_three_replicas(
    tmp_path: Path, seed: int, assert_notified: AssertNotified
) -> None:
    """With three bots at a time each alert is texted once, too."""
    async with database_of(tmp_path, POSTGRESQL) as database:
        profile = replace(LONG, replicas=3)
        assert_notified(await run_alerts(tmp_path, database, seed=seed, profile=profile))


async def test_postgresql_is_away(
    tmp_path: Path, seed: int, assert_notified: AssertNotified
) -> None:
    """Tools are asked to try again within two seconds; afterwards each alert is texted once."""
    refused: list[int] = []
    async with postgres() as server:

        async def outage(env: AlertEnvironment) -> None:
            before = len(env.tools.answers)
            await server.stop()
            await asyncio.sleep(AWAY_SECONDS)
            refused.extend(one.status for one in env.tools.answers[before:])
            await server.start()

        assert_notified(
            await run_alerts(tmp_path, server.url, seed=seed, profile=OUTAGE, host_fault=outage)
        )

    assert refused.count(503) > AWAY_SECONDS


@pytest.mark.parametrize(
    ("scenario", "kind"),
    [(row[1], row[2]) for row in TABLE],
    ids=[row[1].__name__ for row in TABLE],
)
async def test_a_correct_bot_passes_with_alerts(
    tmp_path: Path, scenario: Scenario, kind: str, assert_notified: AssertNotified
) -> None:
    """The scenario itself causes no finding."""
    assert_notified(await run_alert_scenario(tmp_path, scenario, kind, None))


@pytest.mark.parametrize(
    ("planted", "scenario", "kind", "finding"), TABLE, ids=[row[0] for row in TABLE]
)
async def test_a_planted_fault_is_found_with_alerts(
    tmp_path: Path, planted: str, scenario: Scenario, kind: str, finding: str
) -> None:
    """A scenario with its planted fault has the expected finding."""
    verdict = await run_alert_scenario(tmp_path, scenario, kind, planted)

    assert finding in verdict.findings, verdict.report

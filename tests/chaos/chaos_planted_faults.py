"""The checker finds each planted fault: a correct bot passes every scenario, a faulty one fails."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from chaos import scenarios
from chaos.checker import CheckResult, Rules, check
from chaos.environment import ChaosEnvironment, chaos_environment
from chaos.program import Program

Scenario = Callable[[ChaosEnvironment], Awaitable[None]]

# The cooldown of 15 s is 1 s here, at the gateway and in the bot, to keep the runs short.
REPEAT_SECONDS = 1.0
INTERVAL = 0.1
# The real interval, checked exactly: a busy machine slows down an unlimited bot as well.
INTERVALS: dict[Scenario, float] = {scenarios.many_write_at_once: 0.5}
TABLE: tuple[tuple[str, Scenario, str], ...] = (
    ("send_again_what_was_in_flight", scenarios.dies_before_recording_the_answer, "doubled"),
    ("retry_on_timeout", scenarios.the_answer_is_cut_off, "doubled"),
    ("acknowledge_before_the_commit", scenarios.dies_before_the_commit, "lost"),
    ("in_flight_after_the_call", scenarios.dies_before_recording_the_answer, "doubled"),
    ("no_rate_limit", scenarios.many_write_at_once, "over the pace"),
    ("ignore_cooldown", scenarios.two_messages_to_one_number, "within 15 s"),
    ("settle_without_fencing", scenarios.wakes_with_a_refusal_after_its_lease, "illegal steps"),
    ("run_a_job_slot_twice", scenarios.two_replicas_start, "run twice"),
    ("send_nothing", scenarios.somebody_writes, "without a reason"),
    ("treat_transient_as_final", scenarios.credits_are_short_for_a_moment, "lost"),
    ("store_another_id", scenarios.somebody_writes, "wrong id"),
    ("accumulate_slots", scenarios.many_write_at_once, "over the pace"),
    ("leave_cards_stale", scenarios.credits_are_short_for_a_moment, "stale card"),
)


async def run_scenario(folder: Path, scenario: Scenario, planted: str | None) -> CheckResult:
    """Runs a scenario with a correct or a faulty bot and checks the evidence."""
    interval = INTERVALS.get(scenario, INTERVAL)
    program = Program(interval=interval, cooldown=REPEAT_SECONDS + 0.2, planted=planted)
    database = f"sqlite:///{folder / 'bridge.sqlite3'}"
    async with chaos_environment(
        folder, database, seed=1, program=program, repeat_seconds=REPEAT_SECONDS
    ) as env:
        await scenario(env)
        rules = Rules(interval=interval, repeat_seconds=REPEAT_SECONDS)
        return check(await env.collect_evidence(), rules)


@pytest.mark.parametrize(
    "scenario", dict.fromkeys(row[1] for row in TABLE), ids=lambda scenario: scenario.__name__
)
async def test_a_correct_bot_passes(
    tmp_path: Path, scenario: Scenario, assert_clean: Callable[[CheckResult], None]
) -> None:
    """The scenario itself causes no finding."""
    assert_clean(await run_scenario(tmp_path, scenario, None))


@pytest.mark.parametrize(("planted", "scenario", "finding"), TABLE, ids=[row[0] for row in TABLE])
async def test_a_planted_fault_is_found(
    tmp_path: Path, planted: str, scenario: Scenario, finding: str
) -> None:
    """A scenario with its planted fault has the expected finding."""
    result = await run_scenario(tmp_path, scenario, planted)

    assert finding in result.findings, result.report

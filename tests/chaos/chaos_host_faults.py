"""Stress runs with a fault of the host on top: machine, disk, clock or database server."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from chaos import host_faults, scenarios
from chaos.checker import CheckResult, Rules, check
from chaos.environment import ChaosEnvironment, chaos_environment
from chaos.program import FailPoint, Program
from chaos.stress import UNREADABLE_ANSWERS, HostFault, StressProfile, run_stress
from kwtsms_bot.outbox.states import State
from support.postgres import postgres

SHORT_RUN = StressProfile(
    messages=80, kills=6, interval=0.1, per_second=8, faults=UNREADABLE_ANSWERS, drain_seconds=90
)
THREE_REPLICAS = replace(SHORT_RUN, replicas=3)
AssertClean = Callable[[CheckResult], None]


def sqlite_url(folder: Path) -> str:
    """The URL of a run's SQLite database."""
    return f"sqlite:///{folder / 'bridge.sqlite3'}"


async def test_sqlite_is_locked_for_ten_seconds(
    tmp_path: Path, seed: int, assert_clean: AssertClean
) -> None:
    """Only messages that were not accepted are reported as such; all others are sent."""

    async def host_fault(env: ChaosEnvironment) -> None:
        await host_faults.lock_database(env, tmp_path / "bridge.sqlite3")

    assert_clean(
        await run_stress(
            tmp_path, sqlite_url(tmp_path), seed=seed, profile=SHORT_RUN, host_fault=host_fault
        )
    )


async def test_postgresql_is_restarted(
    tmp_path: Path, seed: int, assert_clean: AssertClean
) -> None:
    """The server stops immediately and starts again."""
    async with postgres() as server:

        async def host_fault(env: ChaosEnvironment) -> None:
            with env.disrupted():
                await server.restart()

        assert_clean(
            await run_stress(
                tmp_path, server.url, seed=seed, profile=THREE_REPLICAS, host_fault=host_fault
            )
        )


async def test_the_disk_is_full(tmp_path: Path, seed: int, assert_clean: AssertClean) -> None:
    """People learn that nothing was accepted, and messages accepted before are kept."""
    with host_faults.small_disk(tmp_path / "disk") as disk:
        replies: list[str] = []

        async def host_fault(env: ChaosEnvironment) -> None:
            await disk.fill(env)
            replies.extend(one.reply for one in env.load.submissions)

        database = sqlite_url(disk.folder)
        assert_clean(
            await run_stress(
                tmp_path, database, seed=seed, profile=SHORT_RUN, host_fault=host_fault
            )
        )

    assert any("Nothing was sent" in words for words in replies)


async def test_processes_stopped_past_their_lease(
    tmp_path: Path, seed: int, assert_clean: AssertClean
) -> None:
    """When the processes go on, they neither send nor settle calls that were reclaimed."""
    async with postgres() as server:
        profile = replace(THREE_REPLICAS, kills=2)
        host_fault: HostFault = host_faults.stall_bots
        assert_clean(
            await run_stress(
                tmp_path, server.url, seed=seed, profile=profile, host_fault=host_fault
            )
        )


@pytest.mark.parametrize(
    ("point", "sends"), [(FailPoint.CLAIMED, 1), (FailPoint.IN_FLIGHT, 0), (FailPoint.LEAVING, 0)]
)
async def test_a_process_resumed_after_its_lease_sends_nothing(
    tmp_path: Path, assert_clean: AssertClean, point: FailPoint, sends: int
) -> None:
    """The other process sends its claimed call; its call in flight is and stays unknown."""
    async with postgres() as server:
        program = Program(interval=0.1)
        async with chaos_environment(tmp_path, server.url, seed=1, program=program) as env:
            await scenarios.sleeps_past_its_lease(env, point)
            evidence = await env.collect_evidence()
    assert_clean(check(evidence, Rules(interval=0.1)))

    assert sum(request.endpoint == "send" for request in evidence.requests) == sends


async def test_a_stopped_process_does_not_keep_its_lock(
    tmp_path: Path, assert_clean: AssertClean
) -> None:
    """A replica that stops inside a transaction blocks the others' slots for seconds only."""
    async with postgres() as server:
        program = Program(interval=0.1)
        async with chaos_environment(tmp_path, server.url, seed=1, program=program) as env:
            await env.start_connected()
            await scenarios.sends_past_a_lock(env, server.url)
            evidence = await env.collect_evidence()
    assert_clean(check(evidence, Rules(interval=0.1)))

    assert [row.state for row in evidence.rows] == [State.SENT]


async def test_the_clock_jumps_an_hour_back_and_forth(
    tmp_path: Path, seed: int, assert_clean: AssertClean
) -> None:
    """The database uses the machine's clock, which jumps."""
    clock, database = str(tmp_path / "clock"), sqlite_url(tmp_path)
    jumps: HostFault = host_faults.jump_clock
    assert_clean(
        await run_stress(
            tmp_path, database, seed=seed, profile=SHORT_RUN, host_fault=jumps, clock=clock
        )
    )


async def test_the_clocks_of_three_replicas_jump(
    tmp_path: Path, seed: int, assert_clean: AssertClean
) -> None:
    """The database uses another machine's clock, which is right."""
    clock, jumps = str(tmp_path / "clock"), host_faults.jump_clock
    async with postgres() as server:
        assert_clean(
            await run_stress(
                tmp_path,
                server.url,
                seed=seed,
                profile=THREE_REPLICAS,
                host_fault=jumps,
                clock=clock,
            )
        )

"""The suite has teeth: an honest bot passes each scene, one with a planted fault does not."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from chaos import scenes
from chaos.house import House, housed
from chaos.judge import Rules, Verdict, judge
from chaos.program import Program

Scene = Callable[[House], Awaitable[None]]

# The fifteen seconds are one here, at the gateway and in the bot, so that nobody waits for them.
REPEAT_SECONDS = 1.0
INTERVAL = 0.1
# At the real pace and to the letter: a busy machine slows down an unpaced bot as well.
PACES: dict[Scene, float] = {scenes.many_write_at_once: 0.5}
TABLE: tuple[tuple[str, Scene, str], ...] = (
    ("send_again_what_was_in_flight", scenes.dies_with_the_answer_in_its_hands, "doubled"),
    ("retry_on_timeout", scenes.the_answer_is_cut_off, "doubled"),
    ("acknowledge_before_the_commit", scenes.dies_before_the_commit, "lost"),
    ("in_flight_after_the_call", scenes.dies_with_the_answer_in_its_hands, "doubled"),
    ("no_pacing", scenes.many_write_at_once, "over the pace"),
    ("ignore_the_15_seconds", scenes.two_messages_to_one_number, "within 15 s"),
    ("settle_without_fencing", scenes.wakes_with_a_refusal_after_its_lease, "illegal steps"),
    ("both_run_one_tick", scenes.two_replicas_begin, "run twice"),
    ("send_nothing", scenes.somebody_writes, "without a reason"),
    ("take_what_passes_for_final", scenes.credits_are_short_for_a_moment, "lost"),
    ("store_another_id", scenes.somebody_writes, "wrong id"),
    ("save_up_turns", scenes.many_write_at_once, "over the pace"),
    ("leave_cards_as_they_are", scenes.credits_are_short_for_a_moment, "stale card"),
)


async def played(folder: Path, scene: Scene, planted: str | None) -> Verdict:
    """The scene with such a bot, and what is to be said of it."""
    interval = PACES.get(scene, INTERVAL)
    program = Program(interval=interval, hot=REPEAT_SECONDS + 0.2, planted=planted)
    database = f"sqlite:///{folder / 'bridge.sqlite3'}"
    async with housed(
        folder, database, seed=1, program=program, repeat_seconds=REPEAT_SECONDS
    ) as house:
        await scene(house)
        rules = Rules(interval=interval, repeat_seconds=REPEAT_SECONDS)
        return judge(await house.evidence(), rules)


@pytest.mark.parametrize(
    "scene", dict.fromkeys(scene for _, scene, _ in TABLE), ids=lambda scene: scene.__name__
)
async def test_an_honest_bot_passes(
    tmp_path: Path, scene: Scene, weigh: Callable[[Verdict], None]
) -> None:
    """The scene itself is no fault."""
    weigh(await played(tmp_path, scene, None))


@pytest.mark.parametrize(("planted", "scene", "found"), TABLE, ids=[row[0] for row in TABLE])
async def test_a_planted_fault_is_found(
    tmp_path: Path, planted: str, scene: Scene, found: str
) -> None:
    """The same scene with the fault planted is judged, and for the right reason."""
    verdict = await played(tmp_path, scene, planted)

    assert found in verdict.findings, verdict.report

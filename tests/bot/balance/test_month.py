"""A scripted month of balances gives exactly the expected notices, despite crashes."""

from contextlib import AsyncExitStack
from datetime import timedelta
from decimal import Decimal
from random import Random

from kwtsms_bot.config import BalanceAlertSettings as Settings
from kwtsms_bot.database import open_database
from support.balance_simulation import STEP, STEPS, CrashPlan, Replica, Simulation, run_month

REPLICAS = 3
SEED = 1
RESTARTS = 50
SETTINGS = Settings.model_validate(
    {"warn": 200, "critical": 50, "every": "3h", "remind_after": "24h", "digest": "03:00"}
)


def step_of(day: int, hour: int = 0) -> int:
    """The step of the script at that time."""
    return (timedelta(days=day - 1, hours=hour)) // STEP


# The balance from each day and hour on.
SCRIPT = {
    (1, 0): "1000",
    (3, 9): "190",  # Low; reminders on the 4th and 5th.
    (4, 21): "205",  # A small top-up, less than a tenth above the threshold.
    (5, 18): "230",  # Well above it.
    (6, 9): "195.5",  # Low again, and hovering.
    (6, 15): "201",
    (6, 18): "195",
    (7, 15): "40",  # Critical: a crossing of its own; a reminder on the 8th.
    (8, 21): "54",  # Hovering there.
    (9, 9): "120",  # Out of critical, and still low: no notice.
    (9, 15): "45",  # Critical once more.
    (10, 12): "5000",
    (16, 6): "10",  # From fine to critical in one step.
    (16, 12): "219",  # Not yet well above the threshold.
    (16, 15): "220",
    (20, 6): "150",  # Low, with reminders for three days.
    (23, 18): "3000",
    (26, 9): "180",  # Low again, while no target is configured.
    (28, 6): "2000",
}
# The clocks are twelve hours ahead for the whole of the 12th, and are then set back.
AHEAD = range(step_of(12), step_of(13))
NOT_POLLED = {AHEAD.stop, AHEAD.stop + 1}  # The clocks that were ahead have claimed these slots.
WITHOUT_TARGETS = range(step_of(26), step_of(27, 12))
NOTICES = [
    "3 low 190",
    "4 reminder 190",
    "5 reminder 205",
    "5 all clear 230",
    "6 low 195.5",
    "7 reminder 195",
    "7 critical 40",
    "8 reminder 40",
    "9 critical 45",
    "10 all clear 5,000",
    "16 critical 10",
    "16 all clear 220",
    "20 low 150",
    "21 reminder 150",
    "22 reminder 150",
    "23 reminder 150",
    "23 all clear 3,000",
    "27 low 180",
    "28 all clear 2,000",
]
DIGESTS = [day for day in range(1, 31) if day != 26]
KINDS = {
    "balance low": "low",
    "almost empty": "critical",
    "still low": "reminder",
    "OK again": "all clear",
    "today": "digest",
}


def received_notices(simulation: Simulation) -> list[str]:
    """The received notices: day, kind and balance."""
    found = []
    for at, title, _ in simulation.received:
        what, available = title.removesuffix(" left").removesuffix(" credits").split(": ")
        kind = next(kind for words, kind in KINDS.items() if what.endswith(words))
        found.append(f"{at.day} {kind} {available}")
    return found


async def test_a_month_gives_exactly_the_expected_warnings(database_url: str) -> None:
    """Three replicas with 50 restarts poll, notify and summarize without omission or repetition.

    The target is configured twice, and for a day and a half not at all; for one day, the clocks
    are half a day ahead.
    """
    chance = Random(SEED)
    crashes = CrashPlan.draw(chance, polling=20, notifying=10, idle=20, skipped=NOT_POLLED)
    simulation = Simulation(SCRIPT, crashes, ahead=AHEAD, without_targets=WITHOUT_TARGETS)
    async with AsyncExitStack() as stack:
        replicas = []
        for _ in range(REPLICAS):
            database = await open_database(database_url)
            stack.push_async_callback(database.close)
            replicas.append(Replica(database, simulation, SETTINGS))
        await run_month(simulation, replicas, chance)

    received = received_notices(simulation)
    assert [one for one in received if "digest" not in one] == NOTICES
    assert [one for one in received if "digest" in one] == [
        f"{day} digest {Decimal(simulation.credits(day, 3)):,}" for day in DIGESTS
    ]
    assert simulation.polls == [
        step for step in range(STEPS) if step not in NOT_POLLED
    ]  # Once in each.
    assert simulation.restarts == RESTARTS

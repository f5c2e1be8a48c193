"""Simulates a month of scripted balances with replicas that crash while they monitor it."""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from sqlalchemy import BigInteger, bindparam

from kwtsms_bot.balance.apprise_notifier import AppriseNotifier
from kwtsms_bot.balance.digest import DigestJob
from kwtsms_bot.balance.monitor import BalanceMonitor
from kwtsms_bot.balance.store import open_balance_store
from kwtsms_bot.config import BalanceAlertSettings as Settings
from kwtsms_bot.database import Database
from kwtsms_bot.database.column_types import EPOCH, MICROSECOND
from kwtsms_bot.kuwait_time import KUWAIT_TZ
from kwtsms_client import Balance

URL = "json://one/"
BEGIN = datetime(2026, 11, 1, tzinfo=KUWAIT_TZ)
STEP = timedelta(hours=3)
STEPS = 240  # Thirty days.
NOTICES = 40  # At least this many deliveries are attempted.
AHEAD = timedelta(hours=12)


class Killed(BaseException):
    """The crash of a process; a BaseException, so that `except Exception` does not catch it."""


@dataclass(frozen=True, slots=True)
class CrashPlan:
    """The times of crashes: while polling, while delivering a notice, or in between."""

    polling: frozenset[int]  # Steps whose polls crash.
    notifying: frozenset[int]  # Numbers of the deliveries that crash.
    idle: Counter[int]  # Steps with restarts, and how many.

    @classmethod
    def draw(
        cls, rng: Random, *, polling: int, notifying: int, idle: int, skipped: Collection[int]
    ) -> "CrashPlan":
        """Draws that many crashes of each kind.

        Two polls in a row never crash, so a warning is at most one step late. Nobody polls in the
        steps `skipped`.
        """
        poll_steps = [step for step in range(0, STEPS, 2) if step not in skipped]
        return cls(
            frozenset(rng.sample(poll_steps, polling)),
            frozenset(rng.sample(range(1, NOTICES, 2), notifying)),
            Counter(rng.choices(range(STEPS), k=idle)),
        )


@dataclass
class Simulation:
    """The state of a simulation: its script, the current step and the notices received."""

    script: Mapping[tuple[int, int], str]  # The balance from a day and hour on.
    crashes: CrashPlan
    ahead: range  # The steps in which all clocks are ahead by `AHEAD`; then they are set back.
    without_targets: range  # The steps in which no target is configured.
    step: int = 0
    polls: list[int] = field(default_factory=list)
    attempts: int = 0
    received: list[tuple[datetime, str, str]] = field(default_factory=list)
    restarts: int = 0

    @property
    def now(self) -> datetime:
        """The time by the clocks."""
        return BEGIN + self.step * STEP + (AHEAD if self.step in self.ahead else timedelta(0))

    def micros(self) -> int:
        """The time by the clocks, in the database's microseconds."""
        return (self.now - EPOCH) // MICROSECOND

    def credits(self, day: int, hour: int) -> str:
        """The balance of the account at a day and hour."""
        return self.script[max(since for since in self.script if since <= (day, hour))]

    async def balance(self) -> Balance:
        """Returns the balance, or crashes as planned."""
        self.polls.append(self.step)
        if self.step in self.crashes.polling:
            raise Killed
        available = self.credits(self.now.day, self.now.hour)
        return Balance(Decimal(available), Decimal(10_000))

    def notify(self, _url: str, title: str, body: str) -> bool:
        """Receives a notice, or crashes as planned."""
        self.attempts += 1
        if self.attempts in self.crashes.notifying:
            raise Killed
        self.received.append((self.now, title, body))
        return True


class Replica:
    """The balance monitor, digest job and notifier of one process."""

    def __init__(self, database: Database, simulation: Simulation, settings: Settings) -> None:
        self._database, self._simulation, self._settings = database, simulation, settings
        self._without_targets = False
        clock = bindparam("scripted", callable_=simulation.micros, type_=BigInteger())
        database.now_expression = clock  # type: ignore[assignment]  # A moving clock.
        self._start()

    def _start(self) -> None:
        """Creates the jobs; the only target is configured twice, or not at all."""
        store = open_balance_store(self._database)
        notifier = AppriseNotifier(store.notices, [URL], notify=self._simulation.notify)
        self._notifier, self._without_targets = (
            notifier,
            self._simulation.step in self._simulation.without_targets,
        )
        targets = () if self._without_targets else (*notifier.targets, *notifier.targets)
        self._watch = BalanceMonitor(
            self._settings,
            store.samples,
            self._simulation,
            targets=targets,
            on_change=notifier.wake,
        )
        self._digest = DigestJob(
            self._settings, store.digests, targets=targets, on_change=notifier.wake
        )

    def restart(self) -> None:
        """Restarts the process, which loses the state in memory."""
        self._simulation.restarts += 1
        self._start()

    async def run_step(self) -> None:
        """Runs the process for a step of the simulation."""
        if self._without_targets is not (self._simulation.step in self._simulation.without_targets):
            self._start()
        try:
            await self._watch.poll_if_due(self._simulation.now)
            await self._digest.enqueue_if_due(self._simulation.now)
            await self._notifier.deliver_pending()
        except Killed:
            self.restart()


async def run_month(simulation: Simulation, replicas: list[Replica], rng: Random) -> None:
    """Runs the whole month, step by step, with all replicas at once."""
    for simulation.step in range(STEPS):
        for _ in range(simulation.crashes.idle[simulation.step]):
            rng.choice(replicas).restart()
        await asyncio.gather(*(replica.run_step() for replica in replicas))

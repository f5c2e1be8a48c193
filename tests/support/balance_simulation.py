"""A month of balances by a script, and replicas that die in the middle of watching it."""

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
from kwtsms_bot.balance.store import BalanceStore
from kwtsms_bot.config import BalanceAlertSettings as Settings
from kwtsms_bot.database import Database
from kwtsms_bot.database.column_types import EPOCH, MICROSECOND
from kwtsms_bot.kuwait_time import KUWAIT_TZ
from kwtsms_client import Balance

URL = "json://one/"
BEGIN = datetime(2026, 11, 1, tzinfo=KUWAIT_TZ)
STEP = timedelta(hours=3)
STEPS = 240  # Thirty days.
NOTICES = 40  # As many deliveries are tried at least.
AHEAD = timedelta(hours=12)


class Killed(BaseException):
    """The process ends here and now, and none of its code runs any more."""


@dataclass(frozen=True, slots=True)
class CrashPlan:
    """Where a process ends: with a question asked, with a notice in its hands, or in between."""

    polling: frozenset[int]  # In these steps.
    notifying: frozenset[int]  # At these of all deliveries.
    idle: Counter[int]  # In these steps, so often.

    @classmethod
    def draw(
        cls, rng: Random, *, polling: int, notifying: int, idle: int, skipped: Collection[int]
    ) -> "CrashPlan":
        """So many of each. Two looks in a row never die: a warning is a step late at most.

        In the steps `without` nobody looks.
        """
        poll_steps = [step for step in range(0, STEPS, 2) if step not in skipped]
        return cls(
            frozenset(rng.sample(poll_steps, polling)),
            frozenset(rng.sample(range(1, NOTICES, 2), notifying)),
            Counter(rng.choices(range(STEPS), k=idle)),
        )


@dataclass
class Simulation:
    """The step of the script, what the gateway says in it, and what people hear."""

    script: Mapping[tuple[int, int], str]  # From a day and hour on, so many credits.
    crashes: CrashPlan
    ahead: range  # The steps in which all clocks are `AHEAD`; then they are set back.
    without_targets: range  # Those in which nobody is configured to be told.
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
        """The same, as the database's clock has it."""
        return (self.now - EPOCH) // MICROSECOND

    def credits(self, day: int, hour: int) -> str:
        """What the account holds at that time."""
        return self.script[max(since for since in self.script if since <= (day, hour))]

    async def balance(self) -> Balance:
        """The gateway's answer."""
        self.polls.append(self.step)
        if self.step in self.crashes.polling:
            raise Killed
        available = self.credits(self.now.day, self.now.hour)
        return Balance(Decimal(available), Decimal(10_000))

    def notify(self, _url: str, title: str, body: str) -> bool:
        """Takes a notice."""
        self.attempts += 1
        if self.attempts in self.crashes.notifying:
            raise Killed
        self.received.append((self.now, title, body))
        return True


class Replica:
    """The watch, the digest and the courier of one process."""

    def __init__(self, database: Database, simulation: Simulation, settings: Settings) -> None:
        self._database, self._simulation, self._settings = database, simulation, settings
        self._without_targets = False
        clock = bindparam("scripted", callable_=simulation.micros, type_=BigInteger())
        database.now_expression = clock  # type: ignore[assignment]  # As good, and it moves.
        self._start()

    def _start(self) -> None:
        """As it is configured: the one place is named twice, or not at all."""
        store = BalanceStore(self._database)
        notifier = AppriseNotifier(store, [URL], notify=self._simulation.notify)
        self._notifier, self._without_targets = (
            notifier,
            self._simulation.step in self._simulation.without_targets,
        )
        targets = () if self._without_targets else (*notifier.targets, *notifier.targets)
        self._watch = BalanceMonitor(
            self._settings,
            store,
            self._simulation,
            targets=targets,
            on_change=notifier.wake,
        )
        self._digest = DigestJob(self._settings, store, targets=targets, on_change=notifier.wake)

    def restart(self) -> None:
        """What was only in its memory is gone."""
        self._simulation.restarts += 1
        self._start()

    async def run_step(self) -> None:
        """What it does within a step."""
        if self._without_targets is not (self._simulation.step in self._simulation.without_targets):
            self._start()
        try:
            await self._watch.poll_if_due(self._simulation.now)
            await self._digest.enqueue_if_due(self._simulation.now)
            await self._notifier.deliver_pending()
        except Killed:
            self.restart()


async def run_month(simulation: Simulation, replicas: list[Replica], rng: Random) -> None:
    """The whole month, step by step, all replicas at once."""
    for simulation.step in range(STEPS):
        for _ in range(simulation.crashes.idle[simulation.step]):
            rng.choice(replicas).restart()
        await asyncio.gather(*(replica.run_step() for replica in replicas))

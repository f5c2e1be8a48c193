"""A month of balances by a script, and replicas that die in the middle of watching it."""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from sqlalchemy import BigInteger, bindparam

from kwtsms_bot.alerts.apprise import AppriseCourier
from kwtsms_bot.alerts.digest import Digest
from kwtsms_bot.alerts.store import AlertStore
from kwtsms_bot.alerts.watch import BalanceWatch
from kwtsms_bot.config import BalanceWatch as Settings
from kwtsms_bot.database import Database
from kwtsms_bot.database.columns import EPOCH, MICROSECOND
from kwtsms_bot.kuwait import ZONE
from kwtsms_client import Balance

URL = "json://one/"
BEGIN = datetime(2026, 11, 1, tzinfo=ZONE)
STEP = timedelta(hours=3)
STEPS = 240  # Thirty days.
NOTICES = 40  # As many deliveries are tried at least.
AHEAD = timedelta(hours=12)


class Killed(BaseException):
    """The process ends here and now, and none of its code runs any more."""


@dataclass(frozen=True, slots=True)
class Deaths:
    """Where a process ends: with a question asked, with a notice in its hands, or in between."""

    asking: frozenset[int]  # In these steps.
    telling: frozenset[int]  # At these of all deliveries.
    resting: Counter[int]  # In these steps, so often.

    @classmethod
    def by_chance(
        cls, chance: Random, *, asking: int, telling: int, resting: int, without: Collection[int]
    ) -> "Deaths":
        """So many of each. Two looks in a row never die: a warning is a step late at most.

        In the steps `without` nobody looks.
        """
        looked = [step for step in range(0, STEPS, 2) if step not in without]
        return cls(
            frozenset(chance.sample(looked, asking)),
            frozenset(chance.sample(range(1, NOTICES, 2), telling)),
            Counter(chance.choices(range(STEPS), k=resting)),
        )


@dataclass
class World:
    """The step of the script, what the gateway says in it, and what people hear."""

    script: Mapping[tuple[int, int], str]  # From a day and hour on, so many credits.
    deaths: Deaths
    ahead: range  # The steps in which all clocks are `AHEAD`; then they are set back.
    deaf: range  # Those in which nobody is configured to be told.
    step: int = 0
    asked: list[int] = field(default_factory=list)
    tried: int = 0
    heard: list[tuple[datetime, str, str]] = field(default_factory=list)
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
        self.asked.append(self.step)
        if self.step in self.deaths.asking:
            raise Killed
        available = self.credits(self.now.day, self.now.hour)
        return Balance(Decimal(available), Decimal(10_000))

    def notify(self, _url: str, title: str, body: str) -> bool:
        """Takes a notice."""
        self.tried += 1
        if self.tried in self.deaths.telling:
            raise Killed
        self.heard.append((self.now, title, body))
        return True


class Replica:
    """The watch, the digest and the courier of one process."""

    def __init__(self, database: Database, world: World, settings: Settings) -> None:
        self._database, self._world, self._settings = database, world, settings
        self._deaf = False
        clock = bindparam("scripted", callable_=world.micros, type_=BigInteger())
        database.now_expression = clock  # type: ignore[assignment]  # As good, and it moves.
        self._start()

    def _start(self) -> None:
        """As it is configured: the one place is named twice, or not at all."""
        store = AlertStore(self._database)
        courier = AppriseCourier(store, [URL], notify=self._world.notify)
        self._courier, self._deaf = courier, self._world.step in self._world.deaf
        targets = () if self._deaf else (*courier.targets, *courier.targets)
        self._watch = BalanceWatch(
            self._settings,
            store,
            self._world,
            targets=targets,
            on_change=courier.wake,
        )
        self._digest = Digest(self._settings, store, targets=targets, on_change=courier.wake)

    def restart(self) -> None:
        """What was only in its memory is gone."""
        self._world.restarts += 1
        self._start()

    async def live(self) -> None:
        """What it does within a step."""
        if self._deaf is not (self._world.step in self._world.deaf):
            self._start()
        try:
            await self._watch.check(self._world.now)
            await self._digest.check(self._world.now)
            await self._courier.sweep()
        except Killed:
            self.restart()


async def live_through(world: World, replicas: list[Replica], chance: Random) -> None:
    """The whole month, step by step, all replicas at once."""
    for world.step in range(STEPS):
        for _ in range(world.deaths.resting[world.step]):
            chance.choice(replicas).restart()
        await asyncio.gather(*(replica.live() for replica in replicas))

"""Drills as commands start and show them, and the loop that starts them at their time."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from kwtsms_bot.background import poll
from kwtsms_bot.bridge.alert_tester import AlertTester, TextedTest
from kwtsms_bot.bridge.drills.drill import LATE, Drill, due_slot, next_slot
from kwtsms_bot.bridge.drills.store.drills import DrillRefusal, DrillStore, NewDrill
from kwtsms_bot.bridge.drills.store.switch import DrillSwitch
from kwtsms_bot.bridge.drills.text import drill_title
from kwtsms_bot.bridge.reports import Receiver
from kwtsms_bot.config.bridge import BridgeSettings
from kwtsms_bot.database import DatabaseError
from kwtsms_bot.i18n.translator import Language
from kwtsms_bot.outbox.audit import Actor

CHECK_SECONDS = 2.0
WITHIN = timedelta(minutes=10)  # Without the section `bridge.drill`.
SHOWN = 5
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DrillView:
    """Drills, for administrators."""

    receiver: str  # Of the weekly one; empty: none is configured.
    next_at: datetime | None  # None: none is ahead.
    switched_off_by: str  # Empty: they are on.
    latest: Sequence[Drill]  # The newest first.


@dataclass(frozen=True, slots=True)
class Postponement:
    """A drill that waits, because a critical incident fires."""

    slot: datetime
    until: datetime  # Then it is left out.


class DrillControl:
    """Drills for reading and starting; `on_change` is called after each change."""

    def __init__(
        self,
        bridge: BridgeSettings,
        receivers: Mapping[str, Receiver],
        store: DrillStore,
        switch: DrillSwitch,
        *,
        tester: AlertTester,
        say: Language,
        on_change: Callable[[], None],
    ) -> None:
        self._bridge, self._receivers, self._say = bridge, receivers, say
        self.store, self._switch, self._on_change = store, switch, on_change
        self._tester = tester
        self._settings = bridge.drill
        self._handled: datetime | None = None  # The last time whose drill was started or left out.
        self.postponement: Postponement | None = None

    @property
    def receivers(self) -> tuple[str, ...]:
        """The receivers whose people can be texted, that of the weekly drill alone if there is."""
        if self._settings is not None:
            return (self._settings.receiver,)
        return tuple(name for name, one in self._bridge.receivers.items() if one.to)

    def preview(self, receiver: str, at: datetime) -> TextedTest:
        """Returns what a drill would send now."""
        settings = self._bridge.receivers[receiver]
        title = drill_title(at + self.within, settings, self._say)
        return self._tester.preview(receiver, title, at)

    async def start(self, receiver: str, actor: Actor) -> str | DrillRefusal:
        """Starts a drill now; returns the reference of its incident, or why it does not start."""
        started = await self.store.start(self._new(receiver, started_by=actor.id))
        self._on_change()
        return started

    async def switch_off(self, now: datetime, actor: Actor) -> bool:
        """Stops the weekly drills; returns False if they were stopped already."""
        return await self._switch.switch_off(now, actor)

    async def switch_on(self, now: datetime, actor: Actor) -> bool:
        """Starts the weekly drills again; returns False if they were not stopped."""
        return await self._switch.switch_on(now, actor)

    async def view(self, now: datetime) -> DrillView:
        """Returns the state of the drills."""
        latest = await self.store.latest(SHOWN)
        if self._settings is None:
            return DrillView("", None, "", latest)
        off_by = await self._switch.switched_off_by()
        at = None if off_by else next_slot(self._settings, now)
        return DrillView(self._settings.receiver, at, off_by, latest)

    def next_step(self, drill: Drill) -> tuple[str, ...]:
        """Returns the people of the next step that an alert would have had."""
        receiver = self._receivers.get(drill.receiver)
        if receiver is None or not receiver.policy.escalates:
            return ()
        return receiver.directory.contacts(receiver.policy.names(2), drill.ends_at)

    async def run(self, stop: asyncio.Event) -> None:
        """Starts drills at their time, and follows those that run, until `stop` is set."""
        await poll(stop, self._step, _on_database_error, errors=DatabaseError)

    async def advance(self) -> None:
        """Starts the drill that is due, and follows those that run.

        Raises:
            DatabaseError: what is due is done the next time.
        """
        await self._start_due()
        if await self.store.settle():
            self._on_change()

    async def _start_due(self) -> None:
        settings = self._settings
        if settings is None:
            return
        slot = due_slot(settings, await self.store.now())
        if slot is None or slot == self._handled:
            self.postponement = None
            return
        if await self._switch.switched_off_by():
            await self.store.skip(slot)
            self._handled = slot
            return
        started = await self.store.start(self._new(settings.receiver, slot=slot))
        if started is DrillRefusal.CRITICAL:
            self.postponement = Postponement(slot, slot + LATE)
            return
        if started is DrillRefusal.RUNNING:  # One that a person has just started.
            return
        self._handled, self.postponement = slot, None
        if started is not DrillRefusal.CLAIMED:
            log.info("drill started", ref=started, receiver=settings.receiver)
            self._on_change()

    def _new(
        self, receiver: str, *, started_by: str = "", slot: datetime | None = None
    ) -> NewDrill:
        settings = self._bridge.receivers[receiver]
        return NewDrill(
            self._receivers[receiver],
            self.within,
            lambda ends_at: drill_title(ends_at, settings, self._say),
            started_by,
            slot,
        )

    @property
    def within(self) -> timedelta:
        """The time in which an acknowledgement counts."""
        return self._settings.within if self._settings else WITHIN

    async def _step(self) -> float:
        await self.advance()
        return CHECK_SECONDS


def _on_database_error(error: DatabaseError) -> float:
    log.warning("drills not checked", error=str(error))
    return CHECK_SECONDS

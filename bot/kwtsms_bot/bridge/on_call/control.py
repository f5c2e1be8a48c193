"""Schedules, as commands and checks read and change them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from kwtsms_bot.bridge.on_call.duty_roster import AHEAD, DutyRoster, Override
from kwtsms_bot.bridge.on_call.schedule import OnCall, Period
from kwtsms_bot.bridge.on_call.store import OnCallStore
from kwtsms_bot.config.phonebook import Phonebook
from kwtsms_bot.outbox.audit import Actor


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """A schedule at a time, with its flaws of the next 14 days."""

    name: str
    on_call: OnCall
    gaps: tuple[Period, ...]
    unknown_names: tuple[str, ...]  # In its calendar, and not in the phone book.


class ScheduleControl:
    """Schedules for reading and overriding; `on_change` is called after each change."""

    def __init__(
        self,
        roster: DutyRoster,
        store: OnCallStore,
        phonebook: Phonebook,
        *,
        on_change: Callable[[], None],
    ) -> None:
        self._roster, self._store, self._phonebook = roster, store, phonebook
        self._on_change = on_change

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the schedules."""
        return self._roster.names

    def view(self, name: str, at: datetime) -> ScheduleView:
        """Returns who is on call, and what is wrong with the next 14 days."""
        return ScheduleView(
            name,
            self._roster.on_call(name, at),
            self._roster.gaps(name, at, at + AHEAD),
            self._roster.unknown_names(name, at, at + AHEAD),
        )

    async def override(
        self, name: str, contact: str, now: datetime, lasts: timedelta, *, actor: Actor
    ) -> None:
        """Puts a contact on call from now on.

        Raises:
            DatabaseError: it is not stored.
        """
        await self._store.add_override(Override(name, contact, now, now + lasts, actor.id), actor)
        await self._reload(now)

    async def end_overrides(self, name: str, now: datetime, actor: Actor) -> int:
        """Ends the overrides of a schedule; returns how many.

        Raises:
            DatabaseError: they are not ended.
        """
        ended = await self._store.end_overrides(name, now, actor)
        await self._reload(now)
        return ended

    async def never_texted(self, at: datetime) -> tuple[str, ...]:
        """Returns those on call to whose numbers no message was sent in the time that is kept.

        Raises:
            DatabaseError: it cannot be read.
        """
        people = dict.fromkeys(
            one for name in self._roster.names for one in self._roster.people(name, at)
        )
        phones = {one: self._phonebook.contacts[one].number for one in people}
        texted = await self._store.texted(phones.values())
        return tuple(one for one, phone in phones.items() if phone not in texted)

    async def _reload(self, now: datetime) -> None:
        self._roster.set_overrides(await self._store.overrides(now))
        self._on_change()

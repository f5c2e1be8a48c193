"""The contacts that names in receivers mean at a time: contacts, groups and schedules. Pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from kwtsms_bot.config.on_call import schedule_of
from kwtsms_bot.config.phonebook import Phonebook


class Schedules(Protocol):
    """Schedules that know who is on call; the fallback counts as on call."""

    def people(self, schedule: str, at: datetime) -> tuple[str, ...]:
        """Returns the contacts who are on call at a time."""
        ...


class ContactDirectory:
    """The phone book and the schedules, by one kind of name."""

    def __init__(self, phonebook: Phonebook, schedules: Schedules) -> None:
        self._phonebook, self._schedules = phonebook, schedules

    def contacts(self, names: Iterable[str], at: datetime) -> tuple[str, ...]:
        """Returns the contacts that these names mean at a time, each once."""
        return tuple(dict.fromkeys(one for name in names for one in self._resolve(name, at)))

    def contact_of(self, user: str | None) -> str | None:
        """Returns the contact with this Slack user; None if there is none."""
        return None if user is None else self._phonebook.contact_of(user)

    def _resolve(self, name: str, at: datetime) -> tuple[str, ...]:
        schedule = schedule_of(name)
        if schedule is None:
            return self._phonebook.names(name)
        return self._schedules.people(schedule, at)

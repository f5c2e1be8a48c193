"""Which of those who come together are let in, one after the other. Pure.

What went before is told by the store, and each who is let in counts for those who come behind.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from kwtsms_bot import kuwait
from kwtsms_bot.outbox.limits import HOUR, Allowance, Breach, Usage, breach
from kwtsms_bot.outbox.message import NewMessage


@dataclass(frozen=True, slots=True)
class Request:
    """A message that somebody wants to send, and when they said so."""

    new: NewMessage
    at: datetime

    @property
    def day(self) -> str:
        """The day in Kuwait that it is on."""
        return day_of(self.at)

    @property
    def credits(self) -> int:
        """What it costs, as far as we can know."""
        return self.new.pages * len(self.new.recipients)


@dataclass(frozen=True, slots=True)
class Author:
    """When somebody's last messages were sent, the newest first, from the one at `start` on."""

    start: int
    times: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Busy:
    """A number that has had so many messages within the hour, and when the first of them came."""

    count: int
    since: datetime


@dataclass(slots=True)
class Past:
    """What was accepted lately, as far as it matters for those who come now."""

    authors: Mapping[str, Author]
    days: dict[str, int]  # Credits.
    numbers: dict[str, Busy]  # Those that can become full now.
    shared: Mapping[str, int]  # Numbers that several of those who come now have in common.
    said: set[tuple[str, str, str]] | None = (
        None  # Author, text and number; None: as often as one likes.
    )
    let_in_now: dict[str, list[datetime]] = field(default_factory=dict)  # Of each author.

    def breach(self, request: Request, allowance: Allowance) -> Breach | None:
        """The first limit that the request would go over."""
        usage = Usage(
            author_since=self._author_since(request, allowance.messages_per_hour),
            busiest_since=self._busiest_since(request, allowance.per_number_per_hour),
            spent_today=self.days.get(request.day, 0),
        )
        return breach(allowance, usage, request.credits, kuwait.midnight_after(request.at))

    def repeats(self, request: Request) -> bool:
        """Whether its author has just said the same to one of these numbers."""
        return self.said is not None and not self.said.isdisjoint(_said(request))

    def let_in(self, request: Request) -> None:
        """From now on it belongs to the past."""
        if self.said is not None:
            self.said.update(_said(request))
        self.let_in_now.setdefault(request.new.author, []).insert(0, request.at)
        self.days[request.day] = self.days.get(request.day, 0) + request.credits
        for phone in self.shared.keys() & request.new.recipients:
            before = self.numbers.get(phone, Busy(0, request.at))
            self.numbers[phone] = Busy(before.count + 1, before.since)

    def _author_since(self, request: Request, most: int | None) -> datetime | None:
        """When the oldest of the author's last `most` messages was sent, if in the last hour."""
        if most is None:
            return None
        now = self.let_in_now.get(request.new.author, [])
        if len(now) >= most:
            return now[most - 1]
        before = self.authors.get(request.new.author, Author(0, ()))
        place = most - 1 - len(now) - before.start
        since = before.times[place] if place < len(before.times) else None
        return since if since is not None and since > request.at - HOUR else None

    def _busiest_since(self, request: Request, most: int | None) -> datetime | None:
        """When a number that has had `most` messages within the hour got the first of them."""
        if most is None or not self.numbers:
            return None
        found = (self.numbers.get(phone) for phone in request.new.recipients)
        full = [one.since for one in found if one is not None and one.count >= most]
        return max(full, default=None)


def _said(request: Request) -> Iterable[tuple[str, str, str]]:
    new = request.new
    return ((new.author, new.text_hash, phone) for phone in new.recipients)


def shared_numbers(requests: Sequence[Request]) -> Mapping[str, int]:
    """The numbers that more than one of the requests go to, and how many."""
    if len(requests) == 1:  # Its numbers are unique.
        return {}
    found = Counter(phone for request in requests for phone in request.new.recipients)
    return {phone: count for phone, count in found.items() if count > 1}


def day_of(at: datetime) -> str:
    """The day in Kuwait that an instant lies in."""
    return at.astimezone(kuwait.ZONE).date().isoformat()

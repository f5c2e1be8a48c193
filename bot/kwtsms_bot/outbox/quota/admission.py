"""Which of those who come together are let in, one after the other. Pure.

What went before is told by the store, and each who is let in counts for those who come behind.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from kwtsms_bot import kuwait_time
from kwtsms_bot.outbox.message import NewMessage
from kwtsms_bot.outbox.quota.limits import HOUR, Allowance, QuotaExceeded, Usage, check_limits


@dataclass(frozen=True, slots=True)
class AdmissionRequest:
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
class AuthorUsage:
    """When somebody's last messages were sent, the newest first, from the one at `start` on."""

    offset: int
    times: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class NumberUsage:
    """A number that has had so many messages within the hour, and when the first of them came."""

    count: int
    since: datetime


@dataclass(slots=True)
class RecentUsage:
    """What was accepted lately, as far as it matters for those who come now."""

    authors: Mapping[str, AuthorUsage]
    credits_by_day: dict[str, int]  # Credits.
    numbers: dict[str, NumberUsage]  # Those that can become full now.
    shared: Mapping[str, int]  # Numbers that several of those who come now have in common.
    sent_texts: set[tuple[str, str, str]] | None = (
        None  # Author, text and number; None: as often as one likes.
    )
    admitted: dict[str, list[datetime]] = field(default_factory=dict)  # Of each author.

    def check_limits(self, request: AdmissionRequest, allowance: Allowance) -> QuotaExceeded | None:
        """The first limit that the request would go over."""
        usage = Usage(
            author_since=self._author_since(request, allowance.messages_per_hour),
            busiest_since=self._busiest_since(request, allowance.per_number_per_hour),
            spent_today=self.credits_by_day.get(request.day, 0),
        )
        return check_limits(
            allowance, usage, request.credits, kuwait_time.midnight_after(request.at)
        )

    def is_duplicate(self, request: AdmissionRequest) -> bool:
        """Whether its author has just said the same to one of these numbers."""
        return self.sent_texts is not None and not self.sent_texts.isdisjoint(
            _duplicate_keys(request)
        )

    def admit(self, request: AdmissionRequest) -> None:
        """From now on it belongs to the past."""
        if self.sent_texts is not None:
            self.sent_texts.update(_duplicate_keys(request))
        self.admitted.setdefault(request.new.author, []).insert(0, request.at)
        self.credits_by_day[request.day] = self.credits_by_day.get(request.day, 0) + request.credits
        for phone in self.shared.keys() & request.new.recipients:
            earlier = self.numbers.get(phone, NumberUsage(0, request.at))
            self.numbers[phone] = NumberUsage(earlier.count + 1, earlier.since)

    def _author_since(self, request: AdmissionRequest, maximum: int | None) -> datetime | None:
        """When the oldest of the author's last `most` messages was sent, if in the last hour."""
        if maximum is None:
            return None
        admitted = self.admitted.get(request.new.author, [])
        if len(admitted) >= maximum:
            return admitted[maximum - 1]
        earlier = self.authors.get(request.new.author, AuthorUsage(0, ()))
        index = maximum - 1 - len(admitted) - earlier.offset
        since = earlier.times[index] if index < len(earlier.times) else None
        return since if since is not None and since > request.at - HOUR else None

    def _busiest_since(self, request: AdmissionRequest, maximum: int | None) -> datetime | None:
        """When a number that has had `most` messages within the hour got the first of them."""
        if maximum is None or not self.numbers:
            return None
        found = (self.numbers.get(phone) for phone in request.new.recipients)
        full = [one.since for one in found if one is not None and one.count >= maximum]
        return max(full, default=None)


def _duplicate_keys(request: AdmissionRequest) -> Iterable[tuple[str, str, str]]:
    new = request.new
    return ((new.author, new.text_hash, phone) for phone in new.recipients)


def shared_numbers(requests: Sequence[AdmissionRequest]) -> Mapping[str, int]:
    """The numbers that more than one of the requests go to, and how many."""
    if len(requests) == 1:  # Its numbers are unique.
        return {}
    counts = Counter(phone for request in requests for phone in request.new.recipients)
    return {phone: count for phone, count in counts.items() if count > 1}


def day_of(at: datetime) -> str:
    """The day in Kuwait that an instant lies in."""
    return at.astimezone(kuwait_time.KUWAIT_TZ).date().isoformat()

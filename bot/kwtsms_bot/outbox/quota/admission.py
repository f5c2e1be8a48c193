"""Checks of requests that arrive together against the limits, one after another. Pure.

The store supplies past usage; each admitted request counts for those behind it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from kwtsms_bot import kuwait_time
from kwtsms_bot.outbox.message import NewMessage
from kwtsms_bot.outbox.quota.limits import (
    HOUR,
    Allowance,
    Limit,
    QuotaExceeded,
    Spending,
    Usage,
    check_limits,
)


@dataclass(frozen=True, slots=True)
class AdmissionRequest:
    """A message to be admitted, and when it was requested."""

    new: NewMessage
    at: datetime
    approved: bool = False  # By a second person: it does not count for its author's hour.

    @property
    def day(self) -> str:
        """The day in Kuwait on which it was requested."""
        return day_of(self.at)

    @property
    def credits(self) -> int:
        """The cost in credits, by the local estimate."""
        return self.new.pages * len(self.new.recipients)


@dataclass(frozen=True, slots=True)
class AuthorUsage:
    """Times of an author's last messages, the newest first, from the one at `offset` on."""

    offset: int
    times: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class NumberUsage:
    """The count of messages to a number within the hour, and when the first of them came."""

    count: int
    since: datetime


@dataclass(slots=True)
class RecentUsage:
    """The usage of late, as far as it matters for the new requests."""

    authors: Mapping[str, AuthorUsage]
    credits_by_day: dict[str, int]
    numbers: dict[str, NumberUsage]  # Those that can reach their limit now.
    shared: Mapping[str, int]  # Numbers that several new requests have in common.
    # Author, text hash and number; None: duplicates are allowed.
    sent_texts: set[tuple[str, str, str]] | None = None
    spending: dict[str, Spending] = field(default_factory=dict)  # By author, in the hour.
    # By author and text hash: its numbers, and when the first message went to each.
    texts: dict[tuple[str, str], dict[str, datetime]] | None = None  # None: unlimited.
    admitted: dict[str, list[datetime]] = field(default_factory=dict)  # By author.

    def check_limits(self, request: AdmissionRequest, allowance: Allowance) -> QuotaExceeded | None:
        """Returns the first limit that the request would exceed; None if it exceeds none."""
        usage = Usage(
            spending=None if request.approved else self._spending(request),
            author_since=self._author_since(request, allowance.messages_per_hour),
            busiest_since=self._busiest_since(request, allowance.per_number_per_hour),
            spent_today=self.credits_by_day.get(request.day, 0),
        )
        return self._check_text(request, allowance.numbers_per_text) or check_limits(
            allowance, usage, request.credits, kuwait_time.midnight_after(request.at)
        )

    def needs_approval(self, request: AdmissionRequest, allowance: Allowance) -> bool:
        """Whether its author's messages of the last hour, with this one, need a second person."""
        if allowance.approve_credits is None or request.approved:
            return False
        return self._spending(request).credits + request.credits >= allowance.approve_credits

    def _spending(self, request: AdmissionRequest) -> Spending:
        return self.spending.get(request.new.author, Spending(0, request.at))

    def _check_text(self, request: AdmissionRequest, maximum: int | None) -> QuotaExceeded | None:
        """Counts the numbers of all messages with the same text as those of a single one."""
        if maximum is None:
            return None
        sent = (self.texts or {}).get((request.new.author, request.new.text_hash), {})
        if len(sent.keys() | set(request.new.recipients)) <= maximum:
            return None
        ends_at = min(sent.values(), default=request.at) + HOUR
        return QuotaExceeded(Limit.TEXT, maximum, max(0, maximum - len(sent)), ends_at)

    def is_duplicate(self, request: AdmissionRequest) -> bool:
        """Whether its author has just sent the same text to one of its numbers."""
        return self.sent_texts is not None and not self.sent_texts.isdisjoint(
            _duplicate_keys(request)
        )

    def admit(self, request: AdmissionRequest) -> None:
        """Adds the request to the usage."""
        if self.sent_texts is not None:
            self.sent_texts.update(_duplicate_keys(request))
        self.admitted.setdefault(request.new.author, []).insert(0, request.at)
        if not request.approved:
            earlier_spending = self._spending(request)
            self.spending[request.new.author] = Spending(
                earlier_spending.credits + request.credits, earlier_spending.since
            )
        if self.texts is not None:
            sent = self.texts.setdefault((request.new.author, request.new.text_hash), {})
            sent.update(
                {phone: request.at for phone in request.new.recipients if phone not in sent}
            )
        self.credits_by_day[request.day] = self.credits_by_day.get(request.day, 0) + request.credits
        for phone in self.shared.keys() & request.new.recipients:
            earlier = self.numbers.get(phone, NumberUsage(0, request.at))
            self.numbers[phone] = NumberUsage(earlier.count + 1, earlier.since)

    def _author_since(self, request: AdmissionRequest, maximum: int | None) -> datetime | None:
        """When the oldest of the author's last `maximum` messages was sent, if in the last hour."""
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
        """When a number with `maximum` messages within the hour got its first; the latest such."""
        if maximum is None or not self.numbers:
            return None
        found = (self.numbers.get(phone) for phone in request.new.recipients)
        full = [one.since for one in found if one is not None and one.count >= maximum]
        return max(full, default=None)


def _duplicate_keys(request: AdmissionRequest) -> Iterable[tuple[str, str, str]]:
    new = request.new
    return ((new.author, new.text_hash, phone) for phone in new.recipients)


def shared_numbers(requests: Sequence[AdmissionRequest]) -> Mapping[str, int]:
    """The numbers that several of the requests go to, with the count of these requests."""
    if len(requests) == 1:  # Its numbers are unique.
        return {}
    counts = Counter(phone for request in requests for phone in request.new.recipients)
    return {phone: count for phone, count in counts.items() if count > 1}


def day_of(at: datetime) -> str:
    """The day in Kuwait of an instant."""
    return at.astimezone(kuwait_time.KUWAIT_TZ).date().isoformat()

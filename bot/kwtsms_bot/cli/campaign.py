"""One run of a bulk: what it writes into the journal while it is sent, and when it stops.

It sends nothing itself: a client does, and tells it of each request (`kwtsms_client.many.Watch`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from threading import Lock

from kwtsms_bot.cli.journal import CannotWrite, Journal, State
from kwtsms_bot.cli.output import NOT_SENT, OK, REJECTED, UNKNOWN
from kwtsms_bot.cli.rows import Row
from kwtsms_client import NotSent, Outcome, RecipientResult, SendResult

MAX_UNKNOWN = 3  # So many requests in a row without a readable answer are an outage.
OUTAGE = f"{MAX_UNKNOWN} requests in a row had no readable answer."
UNANSWERED = "Ended before its answer came."


Place = tuple[str, str]  # A row's text and number.


class Fate(StrEnum):
    """What became of a row in this run."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NOT_SENT = "not_sent"  # It was tried, and nothing left.
    UNKNOWN = "unknown"
    NOT_TRIED = "not_tried"


OF_FATE: Mapping[Fate, int] = {
    Fate.ACCEPTED: OK,
    Fate.REJECTED: REJECTED,
    Fate.NOT_SENT: NOT_SENT,
    Fate.NOT_TRIED: NOT_SENT,
    Fate.UNKNOWN: UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of the row on a line."""

    line: int
    outcome: Fate
    code: str | None = None
    message_id: str | None = None
    reason: str | None = None


class Campaign:
    """Keeps the journal of one run, and knows what became of each of its rows; threads share it."""

    def __init__(
        self, journal: Journal, rows: Iterable[Row], scope: str, advanced: Callable[[int], object]
    ) -> None:
        self.charged = Decimal(0)
        self.balance: Decimal | None = None
        self.trouble: str | None = None  # Why the journal could not be written.
        self._journal = journal
        self._advanced = advanced
        self._rows = {(row.text, row.number): row for row in rows}
        self._keys = {place: row.key(scope) for place, row in self._rows.items()}
        self._in_flight: set[Place] = set()
        self._settled: dict[Place, RowResult] = {}
        self._unknown = 0  # Requests in a row.
        self._lock = Lock()

    def begins(self, text: str, recipients: Sequence[str]) -> None:
        """Writes down that these rows are in flight.

        Raises:
            NotSent: they must not leave.
        """
        places = [(text, number) for number in recipients]
        with self._lock:
            if self._unknown >= MAX_UNKNOWN:
                raise NotSent(OUTAGE)
            try:
                self._note(places, State.IN_FLIGHT)
            except CannotWrite as error:
                raise NotSent(str(error)) from error
            self._in_flight.update(places)
            for place in places:
                self._settled.pop(place, None)

    def ended(self, text: str, result: SendResult) -> None:
        """Writes down what became of them."""
        places = [(text, one.recipient) for one in result.recipients]
        with self._lock:
            if not self._in_flight.issuperset(places):
                return  # It never began.
            self._in_flight.difference_update(places)
            fates = [_fate(one, result) for one in result.recipients]
            self._unknown = self._unknown + 1 if result.unknown else 0
            self._count(result)
            for place, fate, one in zip(places, fates, result.recipients, strict=True):
                line = self._rows[place].line
                self._settled[place] = RowResult(line, fate, one.code, one.message_id, one.reason)
            with suppress(CannotWrite):  # Then a later run calls them unknown.
                self._note(places, State(fates[0]))
            self._advanced(len(self._settled))

    def results(self) -> list[RowResult]:
        """What became of each row, in the file's order."""
        with self._lock:
            return [self._result(place, row.line) for place, row in self._rows.items()]

    def _result(self, place: Place, line: int) -> RowResult:
        if place in self._in_flight:
            return RowResult(line, Fate.UNKNOWN, reason=UNANSWERED)
        return self._settled.get(place) or RowResult(line, Fate.NOT_TRIED)

    def _note(self, places: Iterable[Place], state: State) -> None:
        try:
            self._journal.note([self._keys[place] for place in places], state)
        except CannotWrite as error:
            self.trouble = str(error)
            raise

    def _count(self, result: SendResult) -> None:
        self.charged += result.points_charged
        known = [one for one in (self.balance, result.balance_after) if one is not None]
        self.balance = min(known, default=None)


def _fate(one: RecipientResult, result: SendResult) -> Fate:
    """Of the numbers of a call that kwtSMS took in part, nobody knows which it took."""
    if one.outcome is Outcome.ACCEPTED and result.uncounted:
        return Fate.UNKNOWN
    return Fate(one.outcome)

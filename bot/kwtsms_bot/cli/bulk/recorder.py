"""Records a run of a bulk in the journal, and stops the run during an outage.

Sends nothing: a client does, and notifies the recorder (`kwtsms_client.bulk.SendObserver`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from threading import Lock

from kwtsms_bot.cli.bulk.journal import Journal, JournalWriteError, RowState
from kwtsms_bot.cli.bulk.rows import Row
from kwtsms_bot.cli.output import NOT_SENT, OK, REJECTED, UNKNOWN
from kwtsms_client import NotSent, Outcome, RecipientResult, SendResult

MAX_UNKNOWN_IN_A_ROW = 3  # So many requests without a readable answer count as an outage.
OUTAGE = f"{MAX_UNKNOWN_IN_A_ROW} requests in a row got no clear answer from kwtSMS."
UNANSWERED = "Stopped before kwtSMS answered."


RowId = tuple[str, str]  # A row's text and number.


class RowOutcome(StrEnum):
    """Outcome of a row in this run."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NOT_SENT = "not_sent"  # Tried, but nothing left.
    UNKNOWN = "unknown"
    NOT_TRIED = "not_tried"


EXIT_CODE_OF_ROW: Mapping[RowOutcome, int] = {
    RowOutcome.ACCEPTED: OK,
    RowOutcome.REJECTED: REJECTED,
    RowOutcome.NOT_SENT: NOT_SENT,
    RowOutcome.NOT_TRIED: NOT_SENT,
    RowOutcome.UNKNOWN: UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class RowResult:
    """Result of the row on a line of the file."""

    line: int
    outcome: RowOutcome
    code: str | None = None
    message_id: str | None = None
    reason: str | None = None


class RunRecorder:
    """Recorder of one run: writes the journal and collects the rows' results. Thread-safe."""

    def __init__(
        self,
        journal: Journal,
        rows: Iterable[Row],
        scope: str,
        on_progress: Callable[[int], object],
    ) -> None:
        self.charged = Decimal(0)
        self.balance: Decimal | None = None
        self.journal_error: str | None = None  # The reason why the journal could not be written.
        self._journal = journal
        self._on_progress = on_progress
        self._rows = {(row.text, row.number): row for row in rows}
        self._keys = {row_id: row.key(scope) for row_id, row in self._rows.items()}
        self._in_flight: set[RowId] = set()
        self._settled: dict[RowId, RowResult] = {}
        self._unknown_in_a_row = 0  # Consecutive requests.
        self._lock = Lock()

    def begins(self, text: str, recipients: Sequence[str]) -> None:
        """Records that these rows are in flight.

        Raises:
            NotSent: the rows must not be sent: an outage, or the journal cannot be written.
        """
        row_ids = [(text, number) for number in recipients]
        with self._lock:
            if self._unknown_in_a_row >= MAX_UNKNOWN_IN_A_ROW:
                raise NotSent(OUTAGE)
            try:
                self._note(row_ids, RowState.IN_FLIGHT)
            except JournalWriteError as error:
                raise NotSent(str(error)) from error
            self._in_flight.update(row_ids)
            for row_id in row_ids:
                self._settled.pop(row_id, None)

    def ended(self, text: str, result: SendResult) -> None:
        """Records the outcome of these rows."""
        row_ids = [(text, one.recipient) for one in result.recipients]
        with self._lock:
            if not self._in_flight.issuperset(row_ids):
                return  # The request never began.
            self._in_flight.difference_update(row_ids)
            outcomes = [_row_outcome(one, result) for one in result.recipients]
            self._unknown_in_a_row = self._unknown_in_a_row + 1 if result.unknown else 0
            self._count(result)
            for row_id, outcome, one in zip(row_ids, outcomes, result.recipients, strict=True):
                line = self._rows[row_id].line
                self._settled[row_id] = RowResult(
                    line, outcome, one.code, one.message_id, one.reason
                )
            with suppress(JournalWriteError):  # Then a later run counts them as unknown.
                self._note(row_ids, RowState(outcomes[0]))
            self._on_progress(len(self._settled))

    def results(self) -> list[RowResult]:
        """The result of each row, in the file's order."""
        with self._lock:
            return [self._result(row_id, row.line) for row_id, row in self._rows.items()]

    def _result(self, row_id: RowId, line: int) -> RowResult:
        if row_id in self._in_flight:
            return RowResult(line, RowOutcome.UNKNOWN, reason=UNANSWERED)
        return self._settled.get(row_id) or RowResult(line, RowOutcome.NOT_TRIED)

    def _note(self, row_ids: Iterable[RowId], state: RowState) -> None:
        try:
            self._journal.note([self._keys[row_id] for row_id in row_ids], state)
        except JournalWriteError as error:
            self.journal_error = str(error)
            raise

    def _count(self, result: SendResult) -> None:
        self.charged += result.points_charged
        known = [one for one in (self.balance, result.balance_after) if one is not None]
        self.balance = min(known, default=None)


def _row_outcome(one: RecipientResult, result: SendResult) -> RowOutcome:
    """The row's outcome; unknown if kwtSMS accepted only some of the call's numbers."""
    if one.outcome is Outcome.ACCEPTED and result.uncounted:
        return RowOutcome.UNKNOWN
    return RowOutcome(one.outcome)

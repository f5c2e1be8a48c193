"""The run recorder: journal entries for each request, and the rules that stop a run."""

import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from kwtsms_bot.cli.bulk.journal import Journal
from kwtsms_bot.cli.bulk.recorder import MAX_UNKNOWN_IN_A_ROW, RowOutcome, RunRecorder
from kwtsms_bot.cli.bulk.rows import Row
from kwtsms_client import Acceptance, NotSent, Outcome, RecipientResult, SendResult
from kwtsms_client.models import Receipt

ROWS = [Row(line, f"9659876543{line}", "hello", 1) for line in range(2, 9)]
SCOPE = "scope"


def number(row: int) -> str:
    """The number of a row, counted from 0."""
    return ROWS[row].number


def result(row: int, outcome: Outcome, *, code: str | None = None) -> SendResult:
    """The result of one row's request."""
    return SendResult(
        (RecipientResult(number(row), outcome, code=code, message_id=f"id{row}"),),
        points_charged=Decimal(outcome is Outcome.ACCEPTED),
        balance_after=Decimal(100 - row),
    )


class Recording:
    """A run recorder and the progress that it reports."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.advanced: list[int] = []
        self.recorder = RunRecorder(journal, ROWS, SCOPE, self.advanced.append)

    def record(self, row: int, *outcomes: Outcome, code: str | None = None) -> None:
        """Records a row's request, once for each outcome."""
        for outcome in outcomes:
            self.recorder.begins("hello", [number(row)])
            self.recorder.ended("hello", result(row, outcome, code=code))

    @property
    def row_outcomes(self) -> list[RowOutcome]:
        """The outcomes of all rows."""
        return [one.outcome for one in self.recorder.results()]

    def may_be_sent(self, row: int) -> bool:
        """Whether the journal allows the row to be sent."""
        return self.journal.may_be_sent(ROWS[row].key(SCOPE))

    def is_unknown(self, row: int) -> bool:
        """Whether the journal has the row as unknown."""
        return self.journal.is_unknown(ROWS[row].key(SCOPE))


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[Recording]:
    """A recording of seven rows."""
    with Journal(tmp_path / "x.journal") as journal:
        yield Recording(journal)


def test_a_row_is_in_flight_from_before_it_leaves(recording: Recording) -> None:
    """A row is in flight in the journal before its request, so that no other run sends it."""
    recording.recorder.begins("hello", [number(0), number(1)])

    assert [recording.may_be_sent(row) for row in range(3)] == [False, False, True]
    assert recording.row_outcomes[:3] == [
        RowOutcome.UNKNOWN,
        RowOutcome.UNKNOWN,
        RowOutcome.NOT_TRIED,
    ]


@pytest.mark.parametrize(
    ("outcome", "row_outcome", "again"),
    [
        (Outcome.ACCEPTED, RowOutcome.ACCEPTED, False),
        (Outcome.REJECTED, RowOutcome.REJECTED, True),
        (Outcome.NOT_SENT, RowOutcome.NOT_SENT, True),
        (Outcome.UNKNOWN, RowOutcome.UNKNOWN, False),
    ],
)
def test_the_outcome_is_written_to_the_journal(
    recording: Recording, outcome: Outcome, row_outcome: RowOutcome, *, again: bool
) -> None:
    """Each outcome is recorded, and only rows that were not accepted may be sent again."""
    recording.record(0, outcome)

    assert (recording.row_outcomes[0], recording.may_be_sent(0)) == (row_outcome, again)
    assert recording.recorder.results()[0].message_id == "id0"
    assert recording.advanced == [1]


def test_while_a_refused_row_waits_it_is_known_to_be_refused(recording: Recording) -> None:
    """A row that waits for a retry (two minutes for ERR013) is recorded as rejected until then."""
    recording.record(0, Outcome.REJECTED, code="ERR013")
    waiting = recording.may_be_sent(0)
    recording.record(0, Outcome.ACCEPTED)

    assert (waiting, recording.may_be_sent(0)) == (True, False)
    assert recording.row_outcomes[0] is RowOutcome.ACCEPTED
    assert recording.advanced == [1, 1]


def test_what_was_charged_is_added_up(recording: Recording) -> None:
    """The lowest balance counts, because answers arrive out of order."""
    recording.record(1, Outcome.ACCEPTED)
    recording.record(0, Outcome.ACCEPTED)
    recording.record(2, Outcome.REJECTED)

    assert (recording.recorder.charged, recording.recorder.balance) == (Decimal(2), Decimal(98))


def test_an_outage_ends_the_run(recording: Recording) -> None:
    """After three requests in a row without an answer, no more rows are sent."""
    for row in range(MAX_UNKNOWN_IN_A_ROW):
        recording.record(row, Outcome.UNKNOWN)

    with pytest.raises(NotSent, match="got no clear answer"):
        recording.recorder.begins("hello", [number(MAX_UNKNOWN_IN_A_ROW)])
    assert recording.may_be_sent(MAX_UNKNOWN_IN_A_ROW)


def test_an_answer_in_between_is_no_outage(recording: Recording) -> None:
    """Only consecutive unknown outcomes count."""
    for row, outcome in enumerate([Outcome.UNKNOWN, Outcome.UNKNOWN, Outcome.ACCEPTED] * 2):
        recording.record(row, outcome)

    recording.recorder.begins("hello", [number(6)])
    assert not recording.may_be_sent(6)


def test_what_cannot_be_written_down_stays_here(recording: Recording) -> None:
    """If the journal Can't write, the row is not tried, and the reason is reported."""
    os.close(recording.journal._file)
    with pytest.raises(NotSent, match="Can't write"):
        recording.recorder.begins("hello", [number(0)])
    recording.recorder.ended("hello", result(0, Outcome.NOT_SENT))
    recording.journal._file = os.open(recording.journal.path, os.O_RDWR)

    assert recording.row_outcomes[0] is RowOutcome.NOT_TRIED
    assert "Can't write" in str(recording.recorder.journal_error)
    assert recording.may_be_sent(0)


def test_an_outcome_that_cannot_be_written_down_is_reported(recording: Recording) -> None:
    """This run reports the row as accepted; the next one only knows that it was in flight."""
    recording.recorder.begins("hello", [number(0)])
    os.close(recording.journal._file)
    recording.recorder.ended("hello", result(0, Outcome.ACCEPTED))
    recording.journal._file = os.open(recording.journal.path, os.O_RDWR)

    assert recording.row_outcomes[0] is RowOutcome.ACCEPTED
    assert recording.is_unknown(0)
    assert recording.recorder.journal_error


def test_partly_accepted_numbers_are_unknown(recording: Recording) -> None:
    """All numbers are unknown, because kwtSMS says how many it took, not which."""
    recording.recorder.begins("hello", [number(0), number(1)])
    both = tuple(RecipientResult(number(row), Outcome.ACCEPTED) for row in range(2))
    receipt = Receipt((number(0), number(1)), Acceptance("f4c8", 1, None, None, None))
    recording.recorder.ended("hello", SendResult(both, receipts=(receipt,)))

    assert recording.row_outcomes[:2] == [RowOutcome.UNKNOWN, RowOutcome.UNKNOWN]
    assert not recording.may_be_sent(0)

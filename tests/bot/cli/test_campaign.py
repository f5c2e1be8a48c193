"""One run of a bulk, told what happens: what its journal says, and when it goes no further."""

import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from kwtsms_bot.cli.campaign import MAX_UNKNOWN, Campaign, Fate
from kwtsms_bot.cli.journal import Journal
from kwtsms_bot.cli.rows import Row
from kwtsms_client import Acceptance, NotSent, Outcome, RecipientResult, SendResult
from kwtsms_client.models import Receipt

ROWS = [Row(line, f"9659876543{line}", "hello", 1) for line in range(2, 9)]
SCOPE = "scope"


def number(row: int) -> str:
    """The number of a row, counted from 0."""
    return ROWS[row].number


def result(row: int, outcome: Outcome, *, code: str | None = None) -> SendResult:
    """What became of the request of one row."""
    return SendResult(
        (RecipientResult(number(row), outcome, code=code, message_id=f"id{row}"),),
        points_charged=Decimal(outcome is Outcome.ACCEPTED),
        balance_after=Decimal(100 - row),
    )


class Told:
    """A campaign, and what is told to it."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.advanced: list[int] = []
        self.campaign = Campaign(journal, ROWS, SCOPE, self.advanced.append)

    def carried(self, row: int, *outcomes: Outcome, code: str | None = None) -> None:
        """The request of a row, tried as often as there are outcomes."""
        for outcome in outcomes:
            self.campaign.begins("hello", [number(row)])
            self.campaign.ended("hello", result(row, outcome, code=code))

    @property
    def fates(self) -> list[Fate]:
        """What became of the rows."""
        return [one.outcome for one in self.campaign.results()]

    def may_be_sent(self, row: int) -> bool:
        """What the journal says of a row."""
        return self.journal.may_be_sent(ROWS[row].key(SCOPE))

    def is_unknown(self, row: int) -> bool:
        """What else it says."""
        return self.journal.is_unknown(ROWS[row].key(SCOPE))


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Told]:
    """A campaign of seven rows."""
    with Journal(tmp_path / "x.journal") as journal:
        yield Told(journal)


def test_a_row_is_in_flight_from_before_it_leaves(told: Told) -> None:
    """Whatever ends the run from then on, no other one sends it."""
    told.campaign.begins("hello", [number(0), number(1)])

    assert [told.may_be_sent(row) for row in range(3)] == [False, False, True]
    assert told.fates[:3] == [Fate.UNKNOWN, Fate.UNKNOWN, Fate.NOT_TRIED]


@pytest.mark.parametrize(
    ("outcome", "fate", "again"),
    [
        (Outcome.ACCEPTED, Fate.ACCEPTED, False),
        (Outcome.REJECTED, Fate.REJECTED, True),
        (Outcome.NOT_SENT, Fate.NOT_SENT, True),
        (Outcome.UNKNOWN, Fate.UNKNOWN, False),
    ],
)
def test_what_became_of_it_is_written_down(
    told: Told, outcome: Outcome, fate: Fate, *, again: bool
) -> None:
    """And what is known to have gone nowhere may be sent by the next run."""
    told.carried(0, outcome)

    assert (told.fates[0], told.may_be_sent(0)) == (fate, again)
    assert told.campaign.results()[0].message_id == "id0"
    assert told.advanced == [1]


def test_while_a_refused_row_waits_it_is_known_to_be_refused(told: Told) -> None:
    """ERR013 is waited for two minutes; who is killed then has lost nothing."""
    told.carried(0, Outcome.REJECTED, code="ERR013")
    waiting = told.may_be_sent(0)
    told.carried(0, Outcome.ACCEPTED)

    assert (waiting, told.may_be_sent(0)) == (True, False)
    assert told.fates[0] is Fate.ACCEPTED
    assert told.advanced == [1, 1]


def test_what_was_charged_is_added_up(told: Told) -> None:
    """The balance is the lowest: answers come in another order than they were asked for."""
    told.carried(1, Outcome.ACCEPTED)
    told.carried(0, Outcome.ACCEPTED)
    told.carried(2, Outcome.REJECTED)

    assert (told.campaign.charged, told.campaign.balance) == (Decimal(2), Decimal(98))


def test_an_outage_ends_the_run(told: Told) -> None:
    """After three requests without an answer nothing more is made unknown."""
    for row in range(MAX_UNKNOWN):
        told.carried(row, Outcome.UNKNOWN)

    with pytest.raises(NotSent, match="had no readable answer"):
        told.campaign.begins("hello", [number(MAX_UNKNOWN)])
    assert told.may_be_sent(MAX_UNKNOWN)


def test_an_answer_in_between_is_no_outage(told: Told) -> None:
    """Only what is lost in a row counts."""
    for row, outcome in enumerate([Outcome.UNKNOWN, Outcome.UNKNOWN, Outcome.ACCEPTED] * 2):
        told.carried(row, outcome)

    told.campaign.begins("hello", [number(6)])
    assert not told.may_be_sent(6)


def test_what_cannot_be_written_down_stays_here(told: Told) -> None:
    """The reason is told, and the row was never tried."""
    os.close(told.journal._file)
    with pytest.raises(NotSent, match="cannot be written"):
        told.campaign.begins("hello", [number(0)])
    told.campaign.ended("hello", result(0, Outcome.NOT_SENT))
    told.journal._file = os.open(told.journal.path, os.O_RDWR)

    assert told.fates[0] is Fate.NOT_TRIED
    assert "cannot be written" in str(told.campaign.trouble)
    assert told.may_be_sent(0)


def test_an_outcome_that_cannot_be_written_down_is_told(told: Told) -> None:
    """This run knows that it was accepted; the next one will only know that it left."""
    told.campaign.begins("hello", [number(0)])
    os.close(told.journal._file)
    told.campaign.ended("hello", result(0, Outcome.ACCEPTED))
    told.journal._file = os.open(told.journal.path, os.O_RDWR)

    assert told.fates[0] is Fate.ACCEPTED
    assert told.is_unknown(0)
    assert told.campaign.trouble


def test_numbers_that_were_taken_in_part_are_unknown(told: Told) -> None:
    """How many were is told, and not which."""
    told.campaign.begins("hello", [number(0), number(1)])
    both = tuple(RecipientResult(number(row), Outcome.ACCEPTED) for row in range(2))
    receipt = Receipt((number(0), number(1)), Acceptance("f4c8", 1, None, None, None))
    told.campaign.ended("hello", SendResult(both, receipts=(receipt,)))

    assert told.fates[:2] == [Fate.UNKNOWN, Fate.UNKNOWN]
    assert not told.may_be_sent(0)

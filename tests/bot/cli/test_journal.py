"""The journal of a bulk, which survives a kill, a full disk and a concurrent run."""

import json
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import pytest

from kwtsms_bot.cli.bulk.journal import TRANSITIONS, Journal, JournalWriteError, RowState
from kwtsms_client import InvalidInput

STEPS = list(product(TRANSITIONS, RowState))
LEGAL = [(before, after) for before, after in STEPS if after in TRANSITIONS[before]]
ILLEGAL = [step for step in STEPS if step not in LEGAL]
IN_FLIGHT_D = b'{"state": "in_flight", "rows": ["d"]}\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The path of the journal."""
    return tmp_path / "guests.csv.journal"


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Limits file sizes to so many bytes, like a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def brought_to(journal: Journal, state: RowState | None) -> None:
    """Brings row "a" to this state as a run would."""
    if state is not None:
        journal.note("a", RowState.IN_FLIGHT)
    if state not in (None, RowState.IN_FLIGHT):
        journal.note("a", state)


@pytest.mark.parametrize(("before", "after"), LEGAL)
def test_a_row_goes_from_state_to_state(
    path: Path, before: RowState | None, after: RowState
) -> None:
    """Each allowed transition is possible."""
    with Journal(path) as journal:
        brought_to(journal, before)
        journal.note("a", after)

        assert journal.may_be_sent("a") == (after in (RowState.REJECTED, RowState.NOT_SENT))


@pytest.mark.parametrize(("before", "after"), ILLEGAL)
def test_an_illegal_step_changes_nothing(
    path: Path, before: RowState | None, after: RowState
) -> None:
    """An accepted or unknown row never becomes in flight again, and the file is unchanged."""
    with Journal(path) as journal:
        brought_to(journal, before)
        written = path.read_bytes()

        with pytest.raises(ValueError, match="cannot become"):
            journal.note("ba", after)
        assert path.read_bytes() == written
        assert journal.may_be_sent("b")


@pytest.mark.parametrize(
    ("state", "again", "unknown"),
    [
        (RowState.IN_FLIGHT, False, True),
        (RowState.UNKNOWN, False, True),
        (RowState.ACCEPTED, False, False),
        (RowState.REJECTED, True, False),
        (RowState.NOT_SENT, True, False),
    ],
)
def test_the_next_run_knows_what_the_last_one_did(
    path: Path, state: RowState, *, again: bool, unknown: bool
) -> None:
    """A row left in flight may have been sent, so it is unknown and never sent again."""
    with Journal(path) as journal:
        brought_to(journal, state)
    with Journal(path) as journal:
        assert (journal.may_be_sent("a"), journal.is_unknown("a")) == (again, unknown)


@pytest.mark.parametrize("kept", range(1, len(IN_FLIGHT_D)))
def test_a_torn_line_is_cut_off(path: Path, kept: int) -> None:
    """The row of a torn line was never sent, and later lines are not merged into it."""
    with Journal(path) as journal:
        journal.note("a", RowState.IN_FLIGHT)
    path.write_bytes(path.read_bytes() + IN_FLIGHT_D[:kept])
    with Journal(path) as journal:
        assert journal.may_be_sent("d")
        journal.note("b", RowState.IN_FLIGHT)  # And this run is killed, too.
    with Journal(path) as journal:
        assert [journal.is_unknown(row) for row in "abd"] == [True, True, False]


def test_a_full_disk_leaves_the_journal_as_it_was(path: Path) -> None:
    """A row that cannot be recorded is not sent, and the journal works again with free space."""
    with Journal(path) as journal:
        journal.note("a", RowState.IN_FLIGHT)
        written = path.read_bytes()
        with (
            room_for(len(written) + 20),
            pytest.raises(JournalWriteError, match="Can't write"),
        ):
            journal.note("b", RowState.IN_FLIGHT)

        assert path.read_bytes() == written
        assert journal.may_be_sent("b")
        journal.note("b", RowState.IN_FLIGHT)
    with Journal(path) as journal:
        assert [journal.is_unknown(row) for row in "ab"] == [True, True]


def test_a_note_is_on_the_disk_before_anything_leaves(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The complete line is synced to disk, not left in a cache that a power cut would lose."""
    sizes: list[int] = []
    real = os.fsync

    def fsync(file: int) -> None:
        sizes.append(os.fstat(file).st_size)
        real(file)

    with Journal(path) as journal:
        monkeypatch.setattr(os, "fsync", fsync)
        journal.note("a", RowState.IN_FLIGHT)

        assert sizes == [path.stat().st_size]
        assert json.loads(path.read_text())["rows"] == ["a"]


def test_one_run_at_a_time_has_the_journal(path: Path) -> None:
    """A second run is refused before it reads a journal that is changing."""
    with Journal(path), pytest.raises(InvalidInput, match=r"Another run is sending guests\.csv"):
        Journal(path)
    with Journal(path) as journal:
        assert journal.may_be_sent("a")


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense",
        b"",
        b"[]",
        b'{"state": "in_flight"}',
        b'{"state": "sent", "rows": ["b"]}',
        b'{"state": "in_flight", "rows": ["a"]}',
    ],
)
def test_a_damaged_journal_is_an_error(path: Path, line: bytes) -> None:
    """A damaged journal stops the run and stays unchanged, because resending could repeat rows."""
    first = b'{"state": "in_flight", "rows": ["a"]}\n'
    path.write_bytes(first + line + b"\n" + IN_FLIGHT_D)

    with pytest.raises(InvalidInput, match=r"guests\.csv\.journal:2 is damaged.*archive"):
        Journal(path)
    assert path.read_bytes() == first + line + b"\n" + IN_FLIGHT_D


def test_a_journal_that_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    """The error is one sentence without a traceback."""
    with pytest.raises(InvalidInput, match="Can't open"):
        Journal(tmp_path)


def test_a_journal_is_nobody_elses_business(path: Path) -> None:
    """No other user can read the journal."""
    with Journal(path):
        assert path.stat().st_mode & 0o077 == 0

"""The journal of a bulk, kept beside its file: which rows were sent, so that none is sent twice.

A row's states, and the run that changes them:

(none), rejected, not_sent → in_flight   the run that sends, when the row's call has its slot; on
                                         the disk before the first byte of the call leaves
in_flight → accepted                     the same run, when kwtSMS has accepted the call
in_flight → rejected                     … when kwtSMS has rejected it: nothing was charged
in_flight → not_sent                     … when no connection was made: nothing left
in_flight → unknown                      … when no readable answer came; or the next run, if the
                                         run that sent the row ended before its answer came

`accepted` and `unknown` are final: such a row is never sent again. One run at a time may use the
journal: its lock ends with the process, however that ends. An entry is one line, written complete
or not at all: a line cut short by an interruption or a full disk is removed, and its call never
left.

The journal holds hashes and no text. A person who knows a text and its sender could find its
numbers by trying every number, so only the file's owner may read it.
"""

import errno
import fcntl
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

from kwtsms_client import InvalidInput


class RowState(StrEnum):
    """State of a row."""

    IN_FLIGHT = "in_flight"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


_RETRY = frozenset({RowState.IN_FLIGHT})
_SETTLED = frozenset({RowState.ACCEPTED, RowState.REJECTED, RowState.NOT_SENT, RowState.UNKNOWN})
TRANSITIONS: Mapping[RowState | None, frozenset[RowState]] = {
    None: _RETRY,
    RowState.IN_FLIGHT: _SETTLED,
    RowState.REJECTED: _RETRY,
    RowState.NOT_SENT: _RETRY,
    RowState.ACCEPTED: frozenset(),
    RowState.UNKNOWN: frozenset(),
}


class JournalWriteError(Exception):
    """The journal cannot be written, for example because the disk is full."""


class Journal:
    """Journal of one file; use it as a context manager.

    Raises:
        InvalidInput: another run uses the journal, it is damaged, or it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise InvalidInput(f"Can't open {path}: {error.strerror}.") from error
        try:
            self._lock()
            self._states = self._load()
        except BaseException:
            os.close(self._file)
            raise

    def may_be_sent(self, key: str) -> bool:
        """Whether this row may be sent: it has never been tried, or certainly was not sent."""
        return RowState.IN_FLIGHT in TRANSITIONS[self._states.get(key)]

    def is_unknown(self, key: str) -> bool:
        """Whether this row may or may not have been sent."""
        return self._states.get(key) in (RowState.IN_FLIGHT, RowState.UNKNOWN)

    def note(self, keys: Iterable[str], state: RowState) -> None:
        """Records the new state of a call's rows, on the disk before this returns.

        Raises:
            JournalWriteError: the entry cannot be written; nothing is changed.
            ValueError: a row cannot change to this state; nothing is changed.
        """
        rows = list(keys)
        for key in rows:
            _check_transition(self._states.get(key), state)
        self._append(json.dumps({"state": state, "rows": rows}).encode() + b"\n")
        self._states.update(dict.fromkeys(rows, state))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._file)

    def _lock(self) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sent = self.path.name.removesuffix(".journal")
            raise InvalidInput(f"Another run is sending {sent}. Wait until it ends.") from None
        except OSError as error:
            raise InvalidInput(f"Can't lock {self.path}: {error.strerror}.") from error

    def _load(self) -> dict[str, RowState]:
        """Reads the states so far; the next entry replaces an incomplete last line."""
        try:
            written = self.path.read_bytes()
            *lines, torn = written.split(b"\n")
            states = _replay(lines, self.path)
            self._end = len(written) - len(torn)
            _sync_folder(self.path.parent)
        except OSError as error:
            raise InvalidInput(f"Can't read {self.path}: {error.strerror}.") from error
        return states

    def _append(self, line: bytes) -> None:
        """Writes a complete line, or leaves the journal as it was."""
        try:
            self._truncate()
            _write(self._file, line)
        except OSError as error:
            with suppress(OSError):
                self._truncate()
            reason = f"Can't write {self.path}: {error.strerror}."
            raise JournalWriteError(f"{reason} Rows that can't be recorded aren't sent.") from error
        self._end += len(line)

    def _truncate(self) -> None:
        """Cuts off everything after the last complete line."""
        os.ftruncate(self._file, self._end)


def _write(file: int, line: bytes) -> None:
    if os.write(file, line) < len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    os.fsync(file)


def _replay(lines: Sequence[bytes], path: Path) -> dict[str, RowState]:
    """The states that the lines record; a row left in flight by an ended run becomes unknown."""
    states: dict[str, RowState] = {}
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            rows, state = [str(key) for key in entry["rows"]], RowState(entry["state"])
            for key in rows:
                _check_transition(states.get(key), state)
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidInput(
                f"{path}:{number} is damaged, so it doesn't show which rows were sent. Find them "
                "in your kwtsms.com archive and remove them from the CSV file. Then delete the "
                "journal: without it, every row left in the file is sent."
            ) from error
        states.update(dict.fromkeys(rows, state))
    return {
        key: RowState.UNKNOWN if state is RowState.IN_FLIGHT else state
        for key, state in states.items()
    }


def _check_transition(before: RowState | None, after: RowState) -> None:
    if after not in TRANSITIONS[before]:
        raise ValueError(f"A row that is {before or 'new'} cannot become {after}.")


def _sync_folder(folder: Path) -> None:
    """Syncs the folder, because a new file's name is on the disk only when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""What of a bulk has been sent, kept beside its file, so that an interruption repeats no row.

A row is written down as in flight before its call leaves. Found so after an interruption, it may
have been sent: it is unknown, and is not sent again. The journal holds hashes, no number, no text.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from kwtsms_client import InvalidInput, Outcome

IN_FLIGHT = "in_flight"
# After these a row may be sent in a later run; after any other it must not.
AGAIN = frozenset({Outcome.REJECTED.value, Outcome.NOT_SENT.value})


class Journal:
    """The journal of one file; use it as a context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.states = _load(path)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._file = os.fdopen(descriptor, "a", encoding="utf-8")

    def done(self, key: str) -> bool:
        """Whether this row must not be sent any more."""
        return key in self.states and self.states[key] not in AGAIN

    def unknown(self, keys: Iterable[str]) -> int:
        """How many of these rows may or may not have been sent."""
        lost = (IN_FLIGHT, Outcome.UNKNOWN.value)
        return sum(self.states.get(key) in lost for key in keys)

    def note(self, keys: Iterable[str], state: str) -> None:
        """Writes down, on the disk before this returns, where these rows stand."""
        for key in keys:
            self.states[key] = state
            self._file.write(json.dumps({"row": key, "state": state}) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()


def _load(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    states: dict[str, str] = {}
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            states[str(entry["row"])] = str(entry["state"])
        except (ValueError, KeyError, TypeError) as error:
            if number == len(lines):  # The interruption tore the last line: its call never left.
                continue
            raise InvalidInput(
                f"{path}:{number} is damaged. To send everything anew, remove the file."
            ) from error
    return states

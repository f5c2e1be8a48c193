"""The log of requests and their outcomes, a JSON line each. Off by default.

The password is never in it; numbers are masked and texts left out unless `content` is set. A log
that cannot be written never breaks a send; Python's log gets one warning about it.
"""

import json
import logging
import os
import stat
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kwtsms_client.errors import KwtSMSError, NotSent, Rejected, UnknownOutcome
from kwtsms_client.models import Outcome
from kwtsms_client.phone import mask
from kwtsms_client.protocol import Call

MAX_BYTES = 5 * 1024 * 1024
KEPT_FILES = 3  # Older files, beside the one that is written: .1 is the newest of them.
OWNER_ONLY = 0o600
SENSITIVE = ("mobile", "message")
_OUTCOMES = {
    Rejected: Outcome.REJECTED,
    NotSent: Outcome.NOT_SENT,
    UnknownOutcome: Outcome.UNKNOWN,
}
log = logging.getLogger(__name__)


class RequestLog:
    """Log file with a line for each request. Thread-safe."""

    def __init__(self, path: str | Path, *, content: bool = False) -> None:
        self.path = Path(path)
        self._content = content
        self._lock = threading.Lock()
        self._warned = False

    def write(self, call: Call[Any], outcome: object, seconds: float) -> None:
        """Writes one request: time, endpoint, content, duration and outcome."""
        entry = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "endpoint": call.path.strip("/"),
            "request": self._loggable(call.payload),
            "seconds": round(seconds, 3),
            **_outcome(outcome),
        }
        try:
            with self._lock:
                self._append(json.dumps(entry, ensure_ascii=False, default=str) + "\n")
        except (OSError, TypeError, ValueError, RecursionError) as error:
            self._warn_once(error)  # A full disk is no reason to lose the result of a send.

    def _append(self, line: str) -> None:
        if self.path.exists() and self.path.stat().st_size + len(line) > MAX_BYTES:
            self._rotate()
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        number = os.open(self.path, flags, OWNER_ONLY)
        # A lone surrogate in a text is written as a JSON escape.
        with os.fdopen(number, "a", encoding="utf-8", errors="backslashreplace") as file:
            _restrict_to_owner(number)
            file.write(line)

    def _warn_once(self, error: Exception) -> None:
        if not self._warned:
            log.warning("The request log %s cannot be written: %s", self.path, error)
        self._warned = True

    def _rotate(self) -> None:
        for number in range(KEPT_FILES, 0, -1):
            older = Path(f"{self.path}.{number - 1}" if number > 1 else self.path)
            if older.exists():
                older.replace(f"{self.path}.{number}")

    def _loggable(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        if self._content:
            return dict(payload)
        shown = {name: value for name, value in payload.items() if name not in SENSITIVE}
        if numbers := str(payload.get("mobile", "")):
            shown["mobile"] = ",".join(mask(one) for one in numbers.split(","))
        if "message" in payload:
            shown["characters"] = len(str(payload["message"]))
        return shown


def _restrict_to_owner(number: int) -> None:
    """Makes a file private to its owner, even an older one; leaves devices and pipes alone."""
    mode = os.fstat(number).st_mode
    if os.name == "posix" and stat.S_ISREG(mode) and mode & ~OWNER_ONLY & 0o777:
        os.fchmod(number, OWNER_ONLY)


def _outcome(outcome: object) -> dict[str, Any]:
    if isinstance(outcome, KwtSMSError):
        name = next((name for kind, name in _OUTCOMES.items() if isinstance(outcome, kind)), None)
        code = {"code": outcome.code} if outcome.code else {"why": str(outcome)}
        return {"outcome": name or type(outcome).__name__, **code}
    found = {name: getattr(outcome, name, None) for name in ("message_id", "points_charged")}
    return {"outcome": "ok", **{name: value for name, value in found.items() if value is not None}}

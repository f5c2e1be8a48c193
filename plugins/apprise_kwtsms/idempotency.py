"""Idempotency keys: a notification that is tried again keeps the key of its first try."""

import hashlib
import json
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

KEY_SECONDS = 600.0  # Longer than Apprise tries; then the same words are a new notification.
MAX_KEYS = 1_000


def digest(fields: Mapping[str, Any]) -> str:
    """The digest of an alert: the same for each of its tries."""
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


class IdempotencyKeys:
    """The keys of alerts that were posted and not accepted.

    Apprise calls a plugin again for each try, with nothing that links the tries, and calls it from
    several threads. Each operation on the dictionary is atomic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._unaccepted: dict[str, tuple[str, float]] = {}

    def key(self, alert: str) -> str:
        """Returns the key of the last try that was not accepted, else a new one."""
        key, at = self._unaccepted.pop(alert, ("", 0.0))
        return key if key and self._clock() - at < KEY_SECONDS else uuid.uuid4().hex

    def keep(self, alert: str, key: str) -> None:
        """Keeps the key of a try that was not accepted, for the next one."""
        if len(self._unaccepted) >= MAX_KEYS:
            self._unaccepted.clear()
        self._unaccepted[alert] = (key, self._clock())

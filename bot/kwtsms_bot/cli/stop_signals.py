"""Signals that stop the bot, taken from the first moment on. Loads nothing that is slow to load.

As PID 1 a process never gets a signal that it has no handler for: the kernel drops it.
"""

import signal
from collections.abc import Callable

# SIGHUP: the terminal or the session is gone. nohup ignores it, and then it stays ignored.
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class StopSignals:
    """Signals to stop: the first one counts, whether it comes before `notify` or after it."""

    def __init__(self) -> None:
        self.requested = False
        self._on_stop: Callable[[], object] | None = None
        ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        self._handled = STOP_SIGNALS[:2] if ignored else STOP_SIGNALS
        for number in self._handled:
            signal.signal(number, self._handle)

    def notify(self, on_stop: Callable[[], object]) -> None:
        """Calls `on_stop` at the first signal, or at once if it has come already."""
        self._on_stop = on_stop
        if self.requested:
            on_stop()

    def ignore(self) -> None:
        """Ignores further signals: the process ends anyway, with its own exit code."""
        for number in self._handled:
            signal.signal(number, signal.SIG_IGN)

    def _handle(self, _number: int, _frame: object) -> None:
        if self.requested:
            return
        self.requested = True
        if self._on_stop is not None:
            self._on_stop()

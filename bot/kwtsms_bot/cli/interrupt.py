"""Makes sends interruptible: on Ctrl-C, requests in flight finish and no others start."""

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import Generic, TypeVar

from kwtsms_bot.cli.output import echo
from kwtsms_client import Client

# SIGHUP: the terminal is gone. nohup ignores it, and then it stays ignored.
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
POLL_SECONDS = 0.1  # Interval between two checks for a stop signal.
STOPPING = "Stopping: waiting for kwtSMS's answer. Press Ctrl-C again to stop now."

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class InterruptibleResult(Generic[T]):
    """Result of the work; None if it was abandoned, so that requests in flight are unknown."""

    result: T | None
    stopped: bool


def run_interruptible(sms: Client, work: Callable[[], T]) -> InterruptibleResult[T]:
    """Runs `work`, which sends with `sms`; a signal closes `sms`, a second one abandons `work`.

    From here to the end of the program a signal ends nothing by itself: only the outcome of the
    sends is left to be reported.
    """
    signals = _record_signals()
    future = ThreadPoolExecutor(1).submit(work)
    closing: Thread | None = None
    while not future.done():
        wait([future], POLL_SECONDS)
        if signals and closing is None:
            closing = Thread(target=sms.close, daemon=True)
            closing.start()
            with suppress(OSError):
                echo(STOPPING, err=True)
        if len(signals) > 1 and not future.done():
            return InterruptibleResult(None, stopped=True)
    return InterruptibleResult(future.result(), stopped=bool(signals))


def _record_signals() -> list[int]:
    """Returns a list that collects stop signals from now on; ignored signals stay ignored."""
    received: list[int] = []
    for number in STOP_SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda one, _: received.append(one))
    return received

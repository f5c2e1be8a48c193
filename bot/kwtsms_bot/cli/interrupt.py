"""Sends so that Ctrl-C loses nothing: what has left gets its answer, and nothing more begins."""

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import Generic, TypeVar

from kwtsms_bot.cli.output import echo
from kwtsms_client import Client

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
POLL_SECONDS = 0.1  # How often it is looked whether a stop was asked for.
STOPPING = "Stopping. What has left is waited for; Ctrl-C again ends at once."

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class InterruptibleResult(Generic[T]):
    """What a work came to: None where it was not waited for, so that what had left is unknown."""

    result: T | None
    stopped: bool


def run_interruptible(sms: Client, work: Callable[[], T]) -> InterruptibleResult[T]:
    """Carries `work`, which sends with `sms`; a stop closes `sms`, a second one gives up.

    From here to the end of the program a signal ends nothing by itself: all that is left to do is
    to say what became of what was sent.
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
    """A list that gets every stop from now on; what was ignored before still is."""
    received: list[int] = []
    for number in STOP_SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda one, _: received.append(one))
    return received

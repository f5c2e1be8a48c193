"""Sends so that Ctrl-C loses nothing: what has left gets its answer, and nothing more begins."""

import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import Generic, TypeVar

from kwtsms_bot.cli.output import tell
from kwtsms_client import Client

STOPS = (signal.SIGINT, signal.SIGTERM)
LOOK_SECONDS = 0.1  # How often it is looked whether a stop was asked for.
WAITING = "Stopping. What has left is waited for; Ctrl-C again ends at once."

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Carried(Generic[T]):
    """What a work came to: None where it was not waited for, so that what had left is unknown."""

    result: T | None
    stopped: bool


def carried(sms: Client, work: Callable[[], T]) -> Carried[T]:
    """Carries `work`, which sends with `sms`; a stop closes `sms`, a second one gives up.

    From here to the end of the program a signal ends nothing by itself: all that is left to do is
    to say what became of what was sent.
    """
    asked = _stops_counted()
    future = ThreadPoolExecutor(1).submit(work)
    closing: Thread | None = None
    while not future.done():
        wait([future], LOOK_SECONDS)
        if asked and closing is None:
            closing = Thread(target=sms.close, daemon=True)
            closing.start()
            with suppress(OSError):
                tell(WAITING, err=True)
        if len(asked) > 1 and not future.done():
            return Carried(None, stopped=True)
    return Carried(future.result(), stopped=bool(asked))


def _stops_counted() -> list[int]:
    """A list that gets every stop from now on; what was ignored before still is."""
    asked: list[int] = []
    for number in STOPS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda one, _: asked.append(one))
    return asked

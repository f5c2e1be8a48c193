"""Sending so that Ctrl-C loses nothing."""

import signal
from collections.abc import Iterator

import pytest

from kwtsms_bot.cli import interrupt


@pytest.fixture
def ignored() -> Iterator[None]:
    """Ctrl-C is ignored, as by nohup and for a job in the background."""
    before = {number: signal.getsignal(number) for number in interrupt.STOP_SIGNALS}
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("ignored")
def test_a_signal_that_was_ignored_still_is() -> None:
    """Others are counted, and end nothing by themselves."""
    asked = interrupt._record_signals()
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGTERM)

    assert asked == [signal.SIGTERM]

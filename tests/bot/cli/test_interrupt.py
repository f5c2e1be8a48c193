"""Signal handling that lets a send finish after Ctrl-C."""

import signal
from collections.abc import Iterator

import pytest

from kwtsms_bot.cli import interrupt


@pytest.fixture
def ignored() -> Iterator[None]:
    """Ignores Ctrl-C, as nohup and background jobs do."""
    before = {number: signal.getsignal(number) for number in interrupt.STOP_SIGNALS}
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("ignored")
def test_a_signal_that_was_ignored_still_is() -> None:
    """An ignored signal stays ignored; others are recorded without ending the process."""
    asked = interrupt._record_signals()
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGTERM)
    signal.raise_signal(signal.SIGHUP)

    assert asked == [signal.SIGTERM, signal.SIGHUP]

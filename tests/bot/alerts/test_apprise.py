"""Warnings reach Apprise URLs, each in its own time."""

import logging
import threading
from pathlib import Path

import pytest

from kwtsms_bot.alerts import apprise
from kwtsms_bot.alerts.apprise import AppriseCourier
from kwtsms_bot.alerts.store import AlertStore, delivering
from support.alerts import HOUR, look
from support.database import AT, opened

BROKEN, WELL = "json://broken/", "json://well/"
SLOW = "json://slow/"


async def test_a_url_that_fails_holds_up_no_other(tmp_path: Path) -> None:
    """Each gets what is on its way to it; the one that fails is tried once in a sweep."""
    heard = []

    def notify(url: str, title: str, _body: str) -> bool:
        heard.append((url, title.split(":", maxsplit=1)[0]))
        return url == WELL

    async with opened(tmp_path) as database:
        store = AlertStore(database)
        courier = AppriseCourier(store, [BROKEN, WELL], notify=notify)
        await look(store, 100, *courier.targets)
        await look(store, 1000, *courier.targets, at=AT + HOUR)
        await courier.sweep()

    assert sorted(heard) == [
        (BROKEN, "The SMS credits are running low"),
        (WELL, "The SMS credits are fine again"),
        (WELL, "The SMS credits are running low"),
    ]


async def test_a_slow_url_is_told_once_and_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process keeps it in its hands for as long as it takes, and no other process calls it."""
    monkeypatch.setattr(apprise, "PATIENCE_SECONDS", 0.8)
    monkeypatch.setattr(apprise, "HOLD_SECONDS", 0.1)
    monkeypatch.setattr(delivering, "TAKING", HOUR / 3600 / 2)
    heard: list[str] = []
    answers = threading.Event()

    def notify(url: str, _title: str, _body: str) -> bool:
        heard.append(url)
        return url != SLOW or answers.wait(20)

    async with opened(tmp_path) as one, opened(tmp_path) as two:
        urls = [SLOW, WELL]
        first = AppriseCourier(AlertStore(one), urls, notify=notify)
        second = AppriseCourier(AlertStore(two), urls, notify=notify)
        await look(AlertStore(one), 100, *first.targets)
        await first.sweep()
        await second.sweep()
        await first.sweep()
        assert sorted(heard) == [SLOW, WELL]
        assert await AlertStore(one).undelivered() == 1

        answers.set()
        await first.sweep()
        assert await AlertStore(one).undelivered() == 0


async def test_a_message_says_when_the_balance_was_seen(tmp_path: Path) -> None:
    """In the zone of the settings: a mail may be read hours later."""
    heard: list[str] = []

    def notify(_url: str, _title: str, body: str) -> bool:
        heard.append(body)
        return True

    async with opened(tmp_path) as database:
        courier = AppriseCourier(AlertStore(database), [WELL], notify=notify)
        await look(AlertStore(database), 100, *courier.targets)
        await courier.sweep()

    assert heard[0].endswith("Seen at 2026-11-23 15:00 Kuwait.")


def test_what_apprise_cannot_use_is_found_without_a_word_of_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Apprise itself quotes the token that it does not like; the log is no place for it."""
    with caplog.at_level(logging.DEBUG):
        found = apprise.unusable(["slack://tok-secret-1234", WELL, "mailtoo://u:secret@h"])

    assert found == [1, 3]
    assert "secret" not in caplog.text
    assert not logging.getLogger("apprise").disabled

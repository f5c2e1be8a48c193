"""Balance notices are delivered to Apprise URLs, each independently of the others."""

import logging
import threading
from pathlib import Path

import pytest

from kwtsms_bot.balance import apprise_notifier
from kwtsms_bot.balance.apprise_notifier import AppriseNotifier
from kwtsms_bot.balance.store import deliveries, open_balance_store
from support.balance import HOUR, record_balance
from support.database import AT, opened

BROKEN, WELL = "json://broken/", "json://well/"
SLOW = "json://slow/"


async def test_a_url_that_fails_delays_no_other(tmp_path: Path) -> None:
    """Each URL gets its own notices; one that fails is tried once per run."""
    delivered = []

    def notify(url: str, title: str, _body: str) -> bool:
        delivered.append((url, title.split(":", maxsplit=1)[0]))
        return url == WELL

    async with opened(tmp_path) as database:
        store = open_balance_store(database)
        notifier = AppriseNotifier(store.notices, [BROKEN, WELL], notify=notify)
        await record_balance(store, 100, *notifier.targets)
        await record_balance(store, 1000, *notifier.targets, at=AT + HOUR)
        await notifier.deliver_pending()

    assert sorted(delivered) == [
        (BROKEN, "SMS balance low"),
        (WELL, "SMS balance OK again"),
        (WELL, "SMS balance low"),
    ]


async def test_a_slow_url_is_notified_once_and_delays_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lease of a slow delivery is extended, so that no other process sends it again."""
    monkeypatch.setattr(apprise_notifier, "PATIENCE_SECONDS", 0.8)
    monkeypatch.setattr(apprise_notifier, "EXTEND_LEASE_SECONDS", 0.1)
    monkeypatch.setattr(deliveries, "LEASE", HOUR / 3600 / 2)
    delivered: list[str] = []
    answers = threading.Event()

    def notify(url: str, _title: str, _body: str) -> bool:
        delivered.append(url)
        return url != SLOW or answers.wait(20)

    async with opened(tmp_path) as one, opened(tmp_path) as two:
        urls = [SLOW, WELL]
        first = AppriseNotifier(open_balance_store(one).notices, urls, notify=notify)
        second = AppriseNotifier(open_balance_store(two).notices, urls, notify=notify)
        await record_balance(open_balance_store(one), 100, *first.targets)
        await first.deliver_pending()
        await second.deliver_pending()
        await first.deliver_pending()
        assert sorted(delivered) == [SLOW, WELL]
        assert await open_balance_store(one).notices.count_undelivered() == 1

        answers.set()
        await first.deliver_pending()
        assert await open_balance_store(one).notices.count_undelivered() == 0


async def test_a_message_says_when_the_balance_was_read(tmp_path: Path) -> None:
    """The time is in the configured zone, because a mail may be read hours later."""
    delivered: list[str] = []

    def notify(_url: str, _title: str, body: str) -> bool:
        delivered.append(body)
        return True

    async with opened(tmp_path) as database:
        notifier = AppriseNotifier(open_balance_store(database).notices, [WELL], notify=notify)
        await record_balance(open_balance_store(database), 100, *notifier.targets)
        await notifier.deliver_pending()

    assert delivered[0].endswith("Checked 23 Nov 2026, 15:00 (Kuwait).")


def test_what_apprise_cannot_use_is_found_without_a_word_of_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Apprise quotes a bad token in its own log, so that log is silenced."""
    with caplog.at_level(logging.DEBUG):
        found = apprise_notifier.find_unusable(
            ["slack://tok-secret-1234", WELL, "mailtoo://u:secret@h"]
        )

    assert found == [1, 3]
    assert "secret" not in caplog.text
    assert not logging.getLogger("apprise").disabled

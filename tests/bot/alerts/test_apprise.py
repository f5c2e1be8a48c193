"""Warnings reach Apprise URLs, each in its own time."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from kwtsms_bot.alerts.apprise import AppriseCourier
from kwtsms_bot.alerts.balance import Thresholds
from kwtsms_bot.alerts.rules import Rules
from kwtsms_bot.alerts.store import AlertStore
from kwtsms_bot.kuwait import ZONE
from support.database import AT, opened

RULES = Rules(Thresholds(Decimal(200), Decimal(50), timedelta(days=1)), ZONE)
BROKEN, WELL = "json://broken/", "json://well/"


async def test_a_url_that_fails_holds_up_no_other(tmp_path: Path) -> None:
    """Each gets what is on its way to it; the one that fails is tried once in a sweep."""
    heard = []

    def notify(url: str, title: str, _body: str) -> bool:
        heard.append((url, title.split(":", maxsplit=1)[0]))
        return url == WELL

    async with opened(tmp_path) as database:
        store = AlertStore(database)
        courier = AppriseCourier(store, [BROKEN, WELL], notify=notify)
        for looks, available in enumerate([100, 1000]):
            at = AT + timedelta(hours=looks)
            await store.record(
                Decimal(available), at, after=looks, rules=RULES, targets=courier.targets
            )
        await courier.sweep()

    assert heard == [
        (BROKEN, "The SMS credits are running low"),
        (WELL, "The SMS credits are running low"),
        (WELL, "The SMS credits are fine again"),
    ]

"""A shorter settling time of alerts, for tests in which real time passes.

The product's is a constant, and tests with a clock of their own hold its length.
"""

from datetime import timedelta

import pytest

from kwtsms_bot.bridge import intake_plan, notification_rules
from kwtsms_bot.bridge.incidents import announcements
from kwtsms_bot.bridge.store import progress

SHORT_SECONDS = 0.5
SETTLE_MODULES = (intake_plan, notification_rules, announcements, progress)


@pytest.fixture
def short_settle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shortens the time from an alert to its text, for a bot in this process."""
    for module in SETTLE_MODULES:
        monkeypatch.setattr(module, "SETTLE", timedelta(seconds=SHORT_SECONDS))

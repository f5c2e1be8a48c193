"""Balance notices in Slack channels: each is posted once, despite errors of Slack or a replica."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from slack_sdk.errors import SlackApiError

from kwtsms_bot.balance.rules import NoticeRules, Thresholds
from kwtsms_bot.balance.store import BalanceStore, open_balance_store
from kwtsms_bot.balance.store.deliveries import LEASE
from kwtsms_bot.config import SlackSettings
from kwtsms_bot.i18n.translator import ENGLISH
from kwtsms_bot.kuwait_time import KUWAIT_TZ
from kwtsms_bot.slack.cards import balance_notifier
from kwtsms_bot.slack.cards.balance_notifier import BalanceNotifier
from kwtsms_bot.slack.connection import SlackConnection
from kwtsms_sandbox.slack import ALERTS, NOURA, SARA, YOUSEF, Fault, SlackSandbox, User
from support.database import AT, opened
from support.slack import running_slack, web_client

RULES = NoticeRules(Thresholds(Decimal(200), Decimal(50), timedelta(days=1)), KUWAIT_TZ)
POST = "chat.postMessage"


class Bench:
    """The notifiers of two replicas in one workspace."""

    def __init__(self, slack: SlackSandbox, alerts: BalanceStore) -> None:
        self.slack, self.alerts = slack, alerts
        self.notifiers = [
            BalanceNotifier(
                alerts.notices,
                web_client(slack),
                ENGLISH,
                channels=[ALERTS.id, ALERTS.id],
                admins=[NOURA.id, YOUSEF.id],
            )
            for _ in range(2)
        ]

    async def warn(self) -> None:
        """Enqueues a warning."""
        await self.alerts.samples.record_sample(
            Decimal(100), AT, after=0, rules=RULES, targets=[ALERTS.id]
        )

    async def sum_up(self) -> None:
        """Enqueues a digest with a chart of three days."""
        for days in range(4):
            await self.alerts.samples.record_sample(
                Decimal(1000 - days),
                AT + timedelta(days=days),
                after=await self.alerts.samples.newest_sample_id(),
                rules=RULES,
                targets=[ALERTS.id],
            )
        now = AT + timedelta(days=3)
        summary = await self.alerts.digests.summarize_day(now, KUWAIT_TZ)
        assert summary
        await self.alerts.digests.enqueue_digest(now.date(), summary, [ALERTS.id], now)

    def posted(self) -> list[str]:
        """The texts in the channel."""
        return [self.slack.plain(one) for one in self.slack.visible(SARA, ALERTS)]

    def direct(self, who: User) -> list[str]:
        """The bot's direct messages to a user."""
        return [self.slack.plain(one) for one in self.slack.visible(who, self.slack.dm(who))]


@asynccontextmanager
async def bench(folder: Path) -> AsyncIterator[Bench]:
    """A bench with an empty database and an empty channel."""
    async with running_slack() as slack, opened(folder) as database:
        yield Bench(slack, open_balance_store(database))


async def test_two_replicas_post_one_warning(tmp_path: Path) -> None:
    """Both replicas find the pending notice at the same time, and one posts it."""
    async with bench(tmp_path) as b:
        await b.warn()
        await asyncio.gather(*(notifier.deliver_pending() for notifier in b.notifiers))

        assert len(b.posted()) == 1


async def test_a_digest_comes_with_its_chart(tmp_path: Path) -> None:
    """Slack accepts the digest with its chart block."""
    async with bench(tmp_path) as b:
        await b.sum_up()
        await b.notifiers[0].deliver_pending()

        (message,) = b.slack.visible(SARA, ALERTS)
        assert "data_visualization" in [block["type"] for block in message.blocks]


async def test_a_slack_without_charts_gets_the_text(tmp_path: Path) -> None:
    """If Slack does not know the chart block, the text alone is posted once."""
    async with bench(tmp_path) as b:
        await b.sum_up()
        b.slack.fault(POST, Fault(error="invalid_blocks"), times=1)
        await b.notifiers[0].deliver_pending()
        await b.notifiers[1].deliver_pending()

        (message,) = b.slack.visible(SARA, ALERTS)
        assert message.blocks == ()
        assert "Credits used yesterday: 1." in message.text


async def test_an_outage_delays_a_warning(tmp_path: Path) -> None:
    """A notice that Slack did not accept is posted by the next attempt of any replica."""
    async with bench(tmp_path) as b:
        await b.warn()
        b.slack.fault(POST, Fault(error="service_unavailable"), times=1)
        with pytest.raises(SlackApiError):
            await b.notifiers[0].deliver_pending()
        await b.notifiers[1].deliver_pending()

        assert len(b.posted()) == 1


async def test_a_channel_that_is_gone_is_tried_again(tmp_path: Path) -> None:
    """A replica that failed waits before it retries; another replica may post meanwhile."""
    async with bench(tmp_path) as b:
        await b.warn()
        b.slack.fault(POST, Fault(error="not_in_channel"), times=1)
        await b.notifiers[0].deliver_pending()
        await b.notifiers[0].deliver_pending()
        assert b.posted() == []

        await b.notifiers[1].deliver_pending()
        assert len(b.posted()) == 1


async def test_administrators_are_notified_once_where_a_channel_refuses(tmp_path: Path) -> None:
    """Each admin gets the notice once with Slack's reason, and the channel gets it when fixed."""
    async with bench(tmp_path) as b:
        await b.warn()
        b.slack.fault(POST, Fault(error="channel_not_found"), times=1)
        await b.notifiers[0].deliver_pending()
        b.slack.fault(POST, Fault(error="channel_not_found"), times=1)
        await b.notifiers[1].deliver_pending()
        assert b.posted() == []
        await BalanceNotifier(
            b.alerts.notices, web_client(b.slack), ENGLISH, channels=[ALERTS.id]
        ).deliver_pending()

        for admin in (NOURA, YOUSEF):
            (notification,) = b.direct(admin)
            assert "SMS balance low: 100 credits left" in notification
            assert (
                f"because Slack couldn't post it to {ALERTS.id} (channel_not_found)."
                in notification
            )
        assert len(b.posted()) == 1


async def test_an_administrator_who_is_gone_keeps_it_from_no_other(tmp_path: Path) -> None:
    """A disabled admin is skipped, and a Slack error is retried by the next replica."""
    async with bench(tmp_path) as b:
        await b.warn()
        b.slack.fault(POST, Fault(error="not_in_channel"), times=1)
        b.slack.fault("conversations.open", Fault(error="service_unavailable"), times=1)
        with pytest.raises(SlackApiError):
            await b.notifiers[0].deliver_pending()
        b.slack.fault(POST, Fault(error="not_in_channel"), times=1)
        b.slack.fault("conversations.open", Fault(error="user_disabled"), times=1)
        await b.notifiers[1].deliver_pending()

        assert (len(b.direct(NOURA)), len(b.direct(YOUSEF))) == (0, 1)


async def test_a_rate_limit_blocks_no_warning(tmp_path: Path) -> None:
    """A rate-limited replica releases the notice and waits, so that another can post it once."""
    async with bench(tmp_path) as b:
        await b.warn()
        b.slack.fault(POST, Fault(retry_after=50), times=1)
        await b.notifiers[0].deliver_pending()
        await b.notifiers[0].deliver_pending()
        assert b.posted() == []

        await b.notifiers[1].deliver_pending()
        assert len(b.posted()) == 1


async def test_a_slack_that_hangs_blocks_no_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notice whose post times out is released before its lease expires."""
    monkeypatch.setattr(balance_notifier, "POST_SECONDS", 0.2)
    async with bench(tmp_path) as b:
        await b.warn()
        for_ever = asyncio.Event()
        b.slack.fault(POST, Fault(wait_for=for_ever), times=1)
        begun = time.monotonic()
        with pytest.raises(TimeoutError):
            await b.notifiers[0].deliver_pending()
        elapsed = time.monotonic() - begun
        (still,) = await b.alerts.notices.list_pending(ALERTS.id)
        for_ever.set()

        assert await b.alerts.notices.claim(still)
        assert elapsed < 10  # Slack's client itself would wait for 30 s.


def test_the_notifiers_client_waits_for_nothing() -> None:
    """Retries in the client would keep a notice claimed for as long as Slack's Retry-After."""
    slack = SlackSettings.model_validate({"bot_token": "xoxb-1", "app_token": "xapp-1"})
    connection = SlackConnection(slack)

    assert connection.no_retry_client.retry_handlers == []
    assert len(connection.client.retry_handlers) == 1
    assert timedelta(seconds=balance_notifier.POST_SECONDS) < LEASE

"""Warnings and digests reach Slack's channels: each once, whatever Slack or a replica does."""

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
from kwtsms_bot.balance.store import BalanceStore
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
    """Two replicas' notifiers in one workspace."""

    def __init__(self, slack: SlackSandbox, alerts: BalanceStore) -> None:
        self.slack, self.alerts = slack, alerts
        self.notifiers = [
            BalanceNotifier(
                alerts,
                web_client(slack),
                ENGLISH,
                channels=[ALERTS.id, ALERTS.id],
                admins=[NOURA.id, YOUSEF.id],
            )
            for _ in range(2)
        ]

    async def warn(self) -> None:
        """A warning is on its way."""
        await self.alerts.record_sample(Decimal(100), AT, after=0, rules=RULES, targets=[ALERTS.id])

    async def sum_up(self) -> None:
        """A digest is on its way, with a chart of three days."""
        for days in range(4):
            await self.alerts.record_sample(
                Decimal(1000 - days),
                AT + timedelta(days=days),
                after=await self.alerts.newest_sample_id(),
                rules=RULES,
                targets=[ALERTS.id],
            )
        now = AT + timedelta(days=3)
        summary = await self.alerts.summarize_day(now, KUWAIT_TZ)
        assert summary
        await self.alerts.enqueue_digest(now.date(), summary, [ALERTS.id], now)

    def posted(self) -> list[str]:
        """What stands in the channel."""
        return [self.slack.plain(one) for one in self.slack.visible(SARA, ALERTS)]

    def direct(self, who: User) -> list[str]:
        """What the bot has told somebody directly."""
        return [self.slack.plain(one) for one in self.slack.visible(who, self.slack.dm(who))]


@asynccontextmanager
async def bench(folder: Path) -> AsyncIterator[Bench]:
    """With an empty database and an empty channel."""
    async with running_slack() as slack, opened(folder) as database:
        yield Bench(slack, BalanceStore(database))


async def test_two_replicas_post_one_warning(tmp_path: Path) -> None:
    """Both find it on its way at the same time; one of them brings it there."""
    async with bench(tmp_path) as b:
        await b.warn()
        await asyncio.gather(*(notifier.deliver_pending() for notifier in b.notifiers))

        assert len(b.posted()) == 1


async def test_a_digest_comes_with_its_chart(tmp_path: Path) -> None:
    """Slack takes it as it stands."""
    async with bench(tmp_path) as b:
        await b.sum_up()
        await b.notifiers[0].deliver_pending()

        (message,) = b.slack.visible(SARA, ALERTS)
        assert "data_visualization" in [block["type"] for block in message.blocks]


async def test_a_slack_without_charts_gets_the_text(tmp_path: Path) -> None:
    """While Slack does not know the block, the words come alone, once."""
    async with bench(tmp_path) as b:
        await b.sum_up()
        b.slack.fault(POST, Fault(error="invalid_blocks"), times=1)
        await b.notifiers[0].deliver_pending()
        await b.notifiers[1].deliver_pending()

        (message,) = b.slack.visible(SARA, ALERTS)
        assert message.blocks == ()
        assert "Credits used yesterday: 1." in message.text


async def test_an_outage_delays_a_warning(tmp_path: Path) -> None:
    """What Slack did not take goes to whoever tries next."""
    async with bench(tmp_path) as b:
        await b.warn()
        b.slack.fault(POST, Fault(error="service_unavailable"), times=1)
        with pytest.raises(SlackApiError):
            await b.notifiers[0].deliver_pending()
        await b.notifiers[1].deliver_pending()

        assert len(b.posted()) == 1


async def test_a_channel_that_is_gone_is_tried_again(tmp_path: Path) -> None:
    """It is left alone for a while by the one, and not lost for the other."""
    async with bench(tmp_path) as b:
        await b.warn()
        b.slack.fault(POST, Fault(error="not_in_channel"), times=1)
        await b.notifiers[0].deliver_pending()
        await b.notifiers[0].deliver_pending()
        assert b.posted() == []

        await b.notifiers[1].deliver_pending()
        assert len(b.posted()) == 1


async def test_administrators_are_notified_once_where_a_channel_refuses(tmp_path: Path) -> None:
    """Each of them, with the channel and Slack's reason; the channel gets it once it is mended."""
    async with bench(tmp_path) as b:
        await b.warn()
        b.slack.fault(POST, Fault(error="channel_not_found"), times=1)
        await b.notifiers[0].deliver_pending()
        b.slack.fault(POST, Fault(error="channel_not_found"), times=1)
        await b.notifiers[1].deliver_pending()
        assert b.posted() == []
        await BalanceNotifier(
            b.alerts, web_client(b.slack), ENGLISH, channels=[ALERTS.id]
        ).deliver_pending()

        for admin in (NOURA, YOUSEF):
            (notification,) = b.direct(admin)
            assert "The SMS credits are running low: 100 credits" in notification
            assert (
                f"because {ALERTS.id} does not take it: Slack says channel_not_found."
                in notification
            )
        assert len(b.posted()) == 1


async def test_an_administrator_who_is_gone_keeps_it_from_no_other(tmp_path: Path) -> None:
    """And a Slack that is not well is asked again by whoever is next."""
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
    """Whoever is told to wait gives it back, waits as long as Slack says, and posts it once."""
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
    """It is given back before it is anybody else's by right."""
    monkeypatch.setattr(balance_notifier, "POST_SECONDS", 0.2)
    async with bench(tmp_path) as b:
        await b.warn()
        for_ever = asyncio.Event()
        b.slack.fault(POST, Fault(wait_for=for_ever), times=1)
        begun = time.monotonic()
        with pytest.raises(TimeoutError):
            await b.notifiers[0].deliver_pending()
        elapsed = time.monotonic() - begun
        (still,) = await b.alerts.list_pending(ALERTS.id)
        for_ever.set()

        assert await b.alerts.claim(still)
        assert elapsed < 10  # The client itself would wait for thirty.


def test_the_notifiers_client_waits_for_nothing() -> None:
    """Each repetition by itself would hold a warning for as long as Slack says."""
    slack = SlackSettings.model_validate({"bot_token": "xoxb-1", "app_token": "xapp-1"})
    connection = SlackConnection(slack)

    assert connection.no_retry_client.retry_handlers == []
    assert len(connection.client.retry_handlers) == 1
    assert timedelta(seconds=balance_notifier.POST_SECONDS) < LEASE

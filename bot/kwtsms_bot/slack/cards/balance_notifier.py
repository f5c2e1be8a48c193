"""Posts balance warnings and digests to the configured channels, until they are there.

A post whose answer was lost is made again: a warning may appear twice, and none is lost.
"""

import asyncio
import time
from collections.abc import Iterable

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot.balance.store.deliveries import NoticeStore, PendingNotice
from kwtsms_bot.i18n.translator import Language
from kwtsms_bot.slack.blocks import Payload
from kwtsms_bot.slack.cards import balance_blocks
from kwtsms_bot.slack.errors import error_name, is_transient
from kwtsms_bot.slack.replies import Responder

POST_SECONDS = 90.0  # Shorter than the lease, after which another replica may post it.
RATE_LIMITED_SECONDS = 30.0  # If Slack does not say for how long.
REFUSED_RETRY_SECONDS = 60.0  # Until a channel that refused a warning is tried again.
log = structlog.get_logger(__name__)


class BalanceNotifier:
    """Delivers pending balance notices to Slack channels.

    If a channel refuses a notice for good, `admins` get it as a direct message, once. The client
    must not retry by itself, because a notice would then outlast its lease.
    """

    def __init__(
        self,
        notices: NoticeStore,
        client: AsyncWebClient,
        say: Language,
        *,
        channels: Iterable[str],
        admins: Iterable[str] = (),
    ) -> None:
        self._notices, self._client, self._say = notices, client, say
        self._channels, self._admins = tuple(dict.fromkeys(channels)), tuple(admins)
        self._responder = Responder(client)
        self._not_before: dict[str, float] = {}

    async def deliver_pending(self) -> None:
        """Posts all pending notices; a channel that refuses them does not delay the others.

        Raises:
            SlackApiError: Slack takes nothing at the moment.
        """
        for channel in self._channels:
            if self._not_before.get(channel, 0.0) > time.monotonic():
                continue
            for pending in await self._notices.list_pending(channel):
                if await self._notices.claim(pending) and not await self._deliver(pending):
                    break

    async def _deliver(self, pending: PendingNotice) -> bool:
        """Posts one notice; returns whether the channel has it now."""
        try:
            async with asyncio.timeout(POST_SECONDS):
                refusal = await self._try_post(pending)
                if refusal is not None and not pending.admins_notified:
                    await self._notify_admins(pending, error_name(refusal))
        except Exception as error:
            await self._notices.release(pending)
            if not (isinstance(error, SlackApiError) and error_name(error) == "ratelimited"):
                raise
            self._back_off(pending.target, _retry_after(error))
            return False
        if refusal is None:
            await self._notices.record_delivery(pending)
            return True
        log.error("warning not posted", channel=pending.target, error=error_name(refusal))
        self._back_off(pending.target, REFUSED_RETRY_SECONDS)
        await self._notices.record_refusal(pending)
        return False

    def _back_off(self, channel: str, seconds: float) -> None:
        self._not_before[channel] = time.monotonic() + seconds

    async def _try_post(self, pending: PendingNotice) -> SlackApiError | None:
        """Posts a notice; returns the error if the channel refuses it for good."""
        try:
            await self._post_with_fallback(pending)
        except SlackApiError as error:
            if is_transient(error):
                raise
            return error
        return None

    async def _notify_admins(self, pending: PendingNotice, error: str) -> None:
        """Sends the notice to each administrator; one who cannot be reached is skipped."""
        payload = balance_blocks.render_for_admin(pending, error, self._say)
        for admin in self._admins:
            try:
                await self._responder.send_dm(admin, payload)
            except SlackApiError as refusal:
                if is_transient(refusal):
                    raise
                log.error("administrator not told", user=admin, error=error_name(refusal))

    async def _post_with_fallback(self, pending: PendingNotice) -> None:
        """Posts a notice with its blocks; as text alone if Slack rejects one of them."""
        payload = balance_blocks.render(pending, self._say)
        try:
            await self._post(pending.target, payload)
        except SlackApiError as error:
            if error_name(error) != "invalid_blocks":
                raise
            log.warning("posted as text", channel=pending.target, error=error_name(error))
            await self._post(pending.target, {"text": payload["text"]})

    async def _post(self, channel: str, payload: Payload) -> None:
        await self._client.chat_postMessage(
            channel=channel, unfurl_links=False, unfurl_media=False, **payload
        )


def _retry_after(error: SlackApiError) -> float:
    """Returns the seconds for which Slack wants no further call."""
    found = str(error.response.headers.get("Retry-After", ""))
    return float(found) if found.isdecimal() else RATE_LIMITED_SECONDS

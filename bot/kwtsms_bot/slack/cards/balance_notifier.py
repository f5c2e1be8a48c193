"""Posts balance warnings and digests where the configuration wants them, until they are there.

A post whose answer was lost is made again: a warning may double, and none is lost.
"""

import asyncio
import time
from collections.abc import Iterable

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot.balance.store import BalanceStore, PendingNotice
from kwtsms_bot.i18n.translator import Language
from kwtsms_bot.slack.blocks import Payload
from kwtsms_bot.slack.cards import balance_blocks
from kwtsms_bot.slack.errors import error_name, is_transient
from kwtsms_bot.slack.replies import Responder

POST_SECONDS = 90.0  # Less than a notice is ours: then another replica may post it.
RATE_LIMITED_SECONDS = 30.0  # Where Slack does not say for how long.
REFUSED_RETRY_SECONDS = 60.0  # Until a channel is tried again where a warning could not be posted.
log = structlog.get_logger(__name__)


class BalanceNotifier:
    """Brings what the alerts have to say to Slack's channels.

    `admins` are told directly where a channel refuses it for good, once. The client repeats nothing
    by itself: it would hold a notice for longer than that is ours.
    """

    def __init__(
        self,
        store: BalanceStore,
        client: AsyncWebClient,
        say: Language,
        *,
        channels: Iterable[str],
        admins: Iterable[str] = (),
    ) -> None:
        self._store, self._client, self._say = store, client, say
        self._channels, self._admins = tuple(dict.fromkeys(channels)), tuple(admins)
        self._responder = Responder(client)
        self._not_before: dict[str, float] = {}

    async def deliver_pending(self) -> None:
        """Posts what is on its way; a channel that is gone holds up no other.

        Raises:
            SlackApiError: Slack takes nothing at the moment.
        """
        for channel in self._channels:
            if self._not_before.get(channel, 0.0) > time.monotonic():
                continue
            for pending in await self._store.list_pending(channel):
                if await self._store.claim(pending) and not await self._deliver(pending):
                    break

    async def _deliver(self, pending: PendingNotice) -> bool:
        """Whether the channel has it now."""
        try:
            async with asyncio.timeout(POST_SECONDS):
                refusal = await self._try_post(pending)
                if refusal is not None and not pending.admins_notified:
                    await self._notify_admins(pending, error_name(refusal))
        except Exception as error:
            await self._store.release(pending)
            if not (isinstance(error, SlackApiError) and error_name(error) == "ratelimited"):
                raise
            self._back_off(pending.target, _retry_after(error))
            return False
        if refusal is None:
            await self._store.record_delivery(pending)
            return True
        log.error("warning not posted", channel=pending.target, error=error_name(refusal))
        self._back_off(pending.target, REFUSED_RETRY_SECONDS)
        await self._store.record_refusal(pending)
        return False

    def _back_off(self, channel: str, seconds: float) -> None:
        self._not_before[channel] = time.monotonic() + seconds

    async def _try_post(self, pending: PendingNotice) -> SlackApiError | None:
        """Posts it; why the channel does not take it, now or later."""
        try:
            await self._post_with_fallback(pending)
        except SlackApiError as error:
            if is_transient(error):
                raise
            return error
        return None

    async def _notify_admins(self, pending: PendingNotice, error: str) -> None:
        """Whoever cannot be told directly is left out; the others know."""
        payload = balance_blocks.render_for_admin(pending, error, self._say)
        for admin in self._admins:
            try:
                await self._responder.send_dm(admin, payload)
            except SlackApiError as refusal:
                if is_transient(refusal):
                    raise
                log.error("administrator not told", user=admin, error=error_name(refusal))

    async def _post_with_fallback(self, pending: PendingNotice) -> None:
        """With its blocks; as text alone where Slack does not know one of them yet."""
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
    """For how long Slack wants to be left alone."""
    found = str(error.response.headers.get("Retry-After", ""))
    return float(found) if found.isdecimal() else RATE_LIMITED_SECONDS

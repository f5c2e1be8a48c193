"""Posts balance warnings and digests where the configuration wants them, until they are there.

A post whose answer was lost is made again: a warning may double, and none is lost.
"""

import time
from collections.abc import Iterable

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot.alerts.store import AlertStore, Pending
from kwtsms_bot.language import Language
from kwtsms_bot.slack import notices
from kwtsms_bot.slack.blocks import Payload
from kwtsms_bot.slack.trouble import name, passes

NOWHERE_SECONDS = 60.0  # Until a channel is tried again where a warning could not be posted.
log = structlog.get_logger(__name__)


class Herald:
    """Brings what the alerts have to say to Slack's channels."""

    def __init__(
        self,
        alerts: AlertStore,
        client: AsyncWebClient,
        say: Language,
        *,
        channels: Iterable[str],
    ) -> None:
        self._alerts, self._client, self._say = alerts, client, say
        self._channels = tuple(channels)
        self._not_before: dict[str, float] = {}

    async def tell(self) -> None:
        """Posts what is on its way; a channel that is gone holds up no other.

        Raises:
            SlackApiError: Slack takes nothing at the moment.
        """
        for channel in self._channels:
            if self._not_before.get(channel, 0.0) > time.monotonic():
                continue
            for pending in await self._alerts.pending(channel):
                if await self._alerts.take(pending) and not await self._bring(pending):
                    break

    async def _bring(self, pending: Pending) -> bool:
        """Whether the channel has it now."""
        try:
            await self._post(pending)
        except SlackApiError as error:
            await self._alerts.not_delivered(pending)
            if passes(error):
                raise
            log.error("warning not posted", channel=pending.target, error=name(error))
            self._not_before[pending.target] = time.monotonic() + NOWHERE_SECONDS
            return False
        except Exception:
            await self._alerts.not_delivered(pending)
            raise
        await self._alerts.delivered(pending)
        return True

    async def _post(self, pending: Pending) -> None:
        """With its blocks; as text alone where Slack does not know one of them yet."""
        payload = notices.render(pending, self._say)
        try:
            await self._put(pending.target, payload)
        except SlackApiError as error:
            if name(error) != "invalid_blocks":
                raise
            log.warning("posted as text", channel=pending.target, error=name(error))
            await self._put(pending.target, {"text": payload["text"]})

    async def _put(self, channel: str, payload: Payload) -> None:
        await self._client.chat_postMessage(
            channel=channel, unfurl_links=False, unfurl_media=False, **payload
        )

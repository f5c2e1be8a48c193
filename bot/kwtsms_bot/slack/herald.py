"""Posts balance warnings and digests where the configuration wants them, until they are there.

A post whose answer was lost is made again: a warning may double, and none is lost.
"""

import asyncio
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
from kwtsms_bot.slack.voice import Voice

POST_SECONDS = 90.0  # Less than a notice is ours: then another replica may post it.
RATE_LIMITED_SECONDS = 30.0  # Where Slack does not say for how long.
NOWHERE_SECONDS = 60.0  # Until a channel is tried again where a warning could not be posted.
log = structlog.get_logger(__name__)


class Herald:
    """Brings what the alerts have to say to Slack's channels.

    `admins` are told directly where a channel refuses it for good, once. The client repeats nothing
    by itself: it would hold a notice for longer than that is ours.
    """

    def __init__(
        self,
        alerts: AlertStore,
        client: AsyncWebClient,
        say: Language,
        *,
        channels: Iterable[str],
        admins: Iterable[str] = (),
    ) -> None:
        self._alerts, self._client, self._say = alerts, client, say
        self._channels, self._admins = tuple(dict.fromkeys(channels)), tuple(admins)
        self._voice = Voice(client)
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
            async with asyncio.timeout(POST_SECONDS):
                refusal = await self._posted(pending)
                if refusal is not None and not pending.told_instead:
                    await self._tell_admins(pending, name(refusal))
        except Exception as error:
            await self._alerts.not_delivered(pending)
            if not (isinstance(error, SlackApiError) and name(error) == "ratelimited"):
                raise
            self._rest(pending.target, _retry_after(error))
            return False
        if refusal is None:
            await self._alerts.delivered(pending)
            return True
        log.error("warning not posted", channel=pending.target, error=name(refusal))
        self._rest(pending.target, NOWHERE_SECONDS)
        await self._alerts.refused(pending)
        return False

    def _rest(self, channel: str, seconds: float) -> None:
        self._not_before[channel] = time.monotonic() + seconds

    async def _posted(self, pending: Pending) -> SlackApiError | None:
        """Posts it; why the channel does not take it, now or later."""
        try:
            await self._post(pending)
        except SlackApiError as error:
            if passes(error):
                raise
            return error
        return None

    async def _tell_admins(self, pending: Pending, error: str) -> None:
        """Whoever cannot be told directly is left out; the others know."""
        shown = notices.directly(pending, error, self._say)
        for admin in self._admins:
            try:
                await self._voice.direct(admin, shown)
            except SlackApiError as refusal:
                if passes(refusal):
                    raise
                log.error("administrator not told", user=admin, error=name(refusal))

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


def _retry_after(error: SlackApiError) -> float:
    """For how long Slack wants to be left alone."""
    found = str(error.response.headers.get("Retry-After", ""))
    return float(found) if found.isdecimal() else RATE_LIMITED_SECONDS

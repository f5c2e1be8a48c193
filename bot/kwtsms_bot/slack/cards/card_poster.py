"""Posts a card, or edits it where it is."""

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot.outbox.message import CardLocation
from kwtsms_bot.slack.blocks import Payload
from kwtsms_bot.slack.errors import error_name

# Errors of the blocks, not of the location: Slack takes the text alone.
BLOCK_ERRORS = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
log = structlog.get_logger(__name__)


class CardPoster:
    """Poster of cards, of messages and of incidents."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def show(self, location: CardLocation, payload: Payload) -> CardLocation:
        """Shows a card with its blocks; as text alone if Slack rejects them.

        Raises:
            SlackApiError: Slack refuses it.
        """
        try:
            return await self._post_or_update(location, payload)
        except SlackApiError as error:
            if error_name(error) not in BLOCK_ERRORS:
                raise
            log.error("card shown as text", error=error_name(error))
            return await self._post_or_update(location, {"text": payload["text"]})

    async def _post_or_update(self, location: CardLocation, payload: Payload) -> CardLocation:
        if location.ts is not None:
            await self._client.chat_update(channel=location.channel, ts=location.ts, **payload)
            return location
        posted = await self._client.chat_postMessage(
            channel=location.channel, unfurl_links=False, unfurl_media=False, **payload
        )
        return CardLocation(str(posted["channel"]), str(posted["ts"]))

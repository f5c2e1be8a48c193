"""Says something to one person: by the response URL, which must be Slack's own; else directly."""

from typing import Any
from urllib.parse import urlsplit

import structlog
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot.slack.blocks import Payload
from kwtsms_bot.slack.trouble import SLACK_ERRORS, error_name

SLACK_HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")
log = structlog.get_logger(__name__)


class Responder:
    """The ways to reach one person."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def respond(self, respond: AsyncRespond, user: str, payload: dict[str, Any]) -> None:
        """Answers where they asked; a response URL is good for half an hour and five answers."""
        if await self._try_response_url(respond, payload):
            return
        if "blocks" in payload:
            await self.send_dm(user, {"text": payload["text"], "blocks": payload["blocks"]})

    async def send_dm(self, user: str, payload: Payload) -> None:
        """A direct message."""
        opened = await self._client.conversations_open(users=user)
        await self._client.chat_postMessage(
            channel=str(opened["channel"]["id"]), unfurl_links=False, unfurl_media=False, **payload
        )

    async def _try_response_url(self, respond: AsyncRespond, payload: dict[str, Any]) -> bool:
        url = respond.response_url or ""
        if not url:
            return False
        if not is_slack_url(url, self._client.base_url):
            log.error("not a response url of Slack")
            return False
        try:
            response = await respond(response_type="ephemeral", **payload)
        except SLACK_ERRORS as error:
            log.warning("response url failed", error=error_name(error))
            return False
        if response.status_code != 200:
            log.warning("response url refused", status=response.status_code)
        return response.status_code == 200


def is_slack_url(url: str, api_url: str) -> bool:
    """Whether `url` leads to Slack: its hooks, or the Slack that the configuration names."""
    parts, api = urlsplit(url), urlsplit(api_url)
    if (parts.scheme, parts.netloc) == (api.scheme, api.netloc):
        return True
    return parts.scheme == "https" and parts.netloc in SLACK_HOSTS

"""Sends replies to users, by response URL or direct message, and notices to channels.

Refuses a response URL that is not Slack's.
"""

from typing import Any
from urllib.parse import urlsplit

import structlog
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot.commands.base import (
    ChannelPost,
    CommandContext,
    CommandRequest,
    DirectMessage,
    File,
    Reply,
    Severity,
)
from kwtsms_bot.i18n.translator import language
from kwtsms_bot.slack import blocks
from kwtsms_bot.slack.blocks import Payload
from kwtsms_bot.slack.errors import SLACK_ERRORS, error_name

SLACK_HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")
log = structlog.get_logger(__name__)


class Responder:
    """Sends payloads to one user, by response URL or direct message."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def respond(self, respond: AsyncRespond, user: str, payload: dict[str, Any]) -> None:
        """Replies by response URL, good for 30 minutes and five replies; else by direct message."""
        if await self._try_response_url(respond, payload):
            return
        if "blocks" in payload:
            await self.send_dm(user, {"text": payload["text"], "blocks": payload["blocks"]})

    async def send_dm(self, user: str, payload: Payload) -> None:
        """Sends a direct message."""
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


class ReplySender:
    """Sends replies to the user, a channel or a direct message."""

    def __init__(self, client: AsyncWebClient, context: CommandContext) -> None:
        self._client, self._responder = client, Responder(client)
        self._context = context

    async def send_action_reply(
        self, reply: Reply, request: CommandRequest, respond: AsyncRespond, *, ephemeral: bool
    ) -> None:
        """Sends a button's reply; a result that a card shows is not repeated."""
        if reply.channel_post:
            reply = await self._post_to_channel(reply, reply.channel_post, request)
        if reply.direct_message:
            await self.send_dm(reply.direct_message)
        if reply.file:
            reply = await self._upload_file(reply, reply.file, request)
        if reply.accepted and ephemeral:  # Its card shows the rest.
            await self._responder.respond(respond, request.person.user, {"delete_original": True})
        elif reply.replaces:
            payload = {"replace_original": True, **blocks.reply(reply, request.say)}
            await self._responder.respond(respond, request.person.user, payload)
        elif reply.severity is not Severity.GOOD or reply.file:
            await self.send_reply(reply, request, respond)

    async def send_reply(
        self, reply: Reply, request: CommandRequest, respond: AsyncRespond
    ) -> None:
        """Sends a reply that only the user sees."""
        payload: dict[str, Any] = {"replace_original": False, **blocks.reply(reply, request.say)}
        await self._responder.respond(respond, request.person.user, payload)

    async def announce_form_reply(self, reply: Reply, request: CommandRequest) -> Reply:
        """Posts the channel notice of a form's reply; returns the reply for the user."""
        return (
            await self._post_to_channel(reply, reply.channel_post, request)
            if reply.channel_post
            else reply
        )

    async def send_dm_payload(self, user: str, payload: blocks.Payload) -> None:
        """Sends a direct message."""
        await self._responder.send_dm(user, payload)

    async def send_dm(self, message: DirectMessage) -> None:
        """Sends a reply as a direct message; a failure is logged and undoes no decision."""
        try:
            await self.send_dm_payload(message.user, blocks.reply(message.reply, message.say))
        except SLACK_ERRORS as error:
            log.error("not told", user=message.user, error=error_name(error))

    async def _post_to_channel(
        self, reply: Reply, post: ChannelPost, request: CommandRequest
    ) -> Reply:
        """Posts an approval request; discards its draft and returns an error if that fails."""
        try:
            payload = blocks.reply(post.reply, language(self._context.config.language))
            await self._client.chat_postMessage(
                channel=post.channel, unfurl_links=False, unfurl_media=False, **payload
            )
        except SLACK_ERRORS as error:
            log.error("notice not posted", channel=post.channel, error=error_name(error))
            for button in post.reply.buttons:
                await self._context.outbox.drafts.discard_draft(button.value, self._context.now())
            title = request.say("The approval request couldn't be posted. Nothing was sent.")
            details = (request.say("Invite the bot to the approval channel, then try again."),)
            return Reply(Severity.ERROR, title, details, replaces=True)
        return reply

    async def _upload_file(self, reply: Reply, file: File, request: CommandRequest) -> Reply:
        """Sends the reply's file to the user; returns the reply, or an error reply."""
        try:
            opened = await self._client.conversations_open(users=request.person.user)
            await self._client.files_upload_v2(
                channel=str(opened["channel"]["id"]), filename=file.name, content=file.content
            )
        except SLACK_ERRORS as error:
            log.error("file not uploaded", error=error_name(error))
            title = request.say("Slack didn't accept the file ({error}).", error=error_name(error))
            remedy = request.say("The app needs the scope files:write. Reinstall it in Slack.")
            details = (remedy,) if error_name(error) == "missing_scope" else ()
            return Reply(Severity.ERROR, title, details)
        return reply

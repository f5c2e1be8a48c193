"""Where answers go: to the person who asked, to a channel, or as a last way by direct message."""

from typing import Any
from urllib.parse import urlsplit

import structlog
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot.commands.base import Ask, Desk, File, Notice, Reply, Tone
from kwtsms_bot.slack import blocks
from kwtsms_bot.slack.trouble import SLACK_TROUBLE, name

SLACK_HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")
log = structlog.get_logger(__name__)


class Outlet:
    """Says replies where they belong."""

    def __init__(self, client: AsyncWebClient, desk: Desk) -> None:
        self._client = client
        self._desk = desk
        self._api_url = desk.config.slack.api_url

    async def after_press(
        self, reply: Reply, ask: Ask, respond: AsyncRespond, *, ephemeral: bool
    ) -> None:
        """What a button led to; what shows on a card is not told twice."""
        if reply.public:
            reply = await self._announced(reply, reply.public, ask)
        if reply.file:
            await self._upload(reply.file, ask.person.user)
        if reply.accepted and ephemeral:  # Its own card tells the rest.
            await self._respond(respond, ask.person.user, {"delete_original": True})
        elif reply.replaces:
            shown = {"replace_original": True, **blocks.reply(reply, ask.say)}
            await self._respond(respond, ask.person.user, shown)
        elif reply.tone is not Tone.GOOD or reply.file:
            await self.answer(reply, ask, respond)

    async def answer(self, reply: Reply, ask: Ask, respond: AsyncRespond) -> None:
        """An answer that nobody else sees."""
        shown: dict[str, Any] = {"replace_original": False, **blocks.reply(reply, ask.say)}
        await self._respond(respond, ask.person.user, shown)

    async def after_form(self, reply: Reply, ask: Ask) -> Reply:
        """Tells a channel what it is to be told after a form; the answer for the person."""
        return await self._announced(reply, reply.public, ask) if reply.public else reply

    async def direct(self, user: str, shown: blocks.Payload) -> None:
        """A direct message."""
        opened = await self._client.conversations_open(users=user)
        await self._client.chat_postMessage(channel=str(opened["channel"]["id"]), **shown)

    async def _announced(self, reply: Reply, notice: Notice, ask: Ask) -> Reply:
        """Posts the notice; where that fails, what waited for an answer to it is withdrawn."""
        try:
            shown = blocks.reply(notice.reply, ask.say)
            await self._client.chat_postMessage(channel=notice.channel, **shown)
        except SLACK_TROUBLE as error:
            log.error("notice not posted", channel=notice.channel, error=name(error))
            for choice in notice.reply.choices:
                await self._desk.store.drop_draft(choice.value, self._desk.now())
            title = ask.say("Nobody could be asked. Nothing was sent.")
            details = (ask.say("Invite the bot to that channel, and try again."),)
            return Reply(Tone.BAD, title, details, replaces=True)
        return reply

    async def _upload(self, file: File, user: str) -> None:
        opened = await self._client.conversations_open(users=user)
        channel = str(opened["channel"]["id"])
        await self._client.files_upload_v2(
            channel=channel, filename=file.name, content=file.content
        )

    async def _respond(self, respond: AsyncRespond, user: str, shown: dict[str, Any]) -> None:
        """Answers by the response URL, which must be Slack's own; else by direct message."""
        if is_slacks(respond.response_url or "", self._api_url):
            try:
                answered = await respond(response_type="ephemeral", **shown)
                if answered.status_code == 200:
                    return
                log.warning("response url refused", status=answered.status_code)
            except SLACK_TROUBLE as error:
                log.warning("response url failed", error=name(error))
        else:
            log.error("not a response url of Slack")
        if "blocks" in shown:
            await self.direct(user, {"text": shown["text"], "blocks": shown["blocks"]})


def is_slacks(url: str, api_url: str) -> bool:
    """Whether `url` leads to Slack: its hooks, or the Slack that the configuration names."""
    parts, api = urlsplit(url), urlsplit(api_url)
    if (parts.scheme, parts.netloc) == (api.scheme, api.netloc):
        return True
    return parts.scheme == "https" and parts.netloc in SLACK_HOSTS

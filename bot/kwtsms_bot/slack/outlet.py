"""Where answers go: to the person who asked, to a channel, or as a last way by direct message."""

from typing import Any

import structlog
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot.commands.base import Aside, Ask, Desk, File, Notice, Reply, Tone
from kwtsms_bot.language import language
from kwtsms_bot.slack import blocks
from kwtsms_bot.slack.trouble import SLACK_TROUBLE, name
from kwtsms_bot.slack.voice import Voice

log = structlog.get_logger(__name__)


class Outlet:
    """Says replies where they belong."""

    def __init__(self, client: AsyncWebClient, desk: Desk) -> None:
        self._client, self._voice = client, Voice(client)
        self._desk = desk

    async def after_press(
        self, reply: Reply, ask: Ask, respond: AsyncRespond, *, ephemeral: bool
    ) -> None:
        """What a button led to; what shows on a card is not told twice."""
        if reply.public:
            reply = await self._announced(reply, reply.public, ask)
        if reply.aside:
            await self.tell(reply.aside)
        if reply.file:
            reply = await self._uploaded(reply, reply.file, ask)
        if reply.accepted and ephemeral:  # Its own card tells the rest.
            await self._voice.answer(respond, ask.person.user, {"delete_original": True})
        elif reply.replaces:
            shown = {"replace_original": True, **blocks.reply(reply, ask.say)}
            await self._voice.answer(respond, ask.person.user, shown)
        elif reply.tone is not Tone.GOOD or reply.file:
            await self.answer(reply, ask, respond)

    async def answer(self, reply: Reply, ask: Ask, respond: AsyncRespond) -> None:
        """An answer that nobody else sees."""
        shown: dict[str, Any] = {"replace_original": False, **blocks.reply(reply, ask.say)}
        await self._voice.answer(respond, ask.person.user, shown)

    async def after_form(self, reply: Reply, ask: Ask) -> Reply:
        """Tells a channel what it is to be told after a form; the answer for the person."""
        return await self._announced(reply, reply.public, ask) if reply.public else reply

    async def direct(self, user: str, shown: blocks.Payload) -> None:
        """A direct message."""
        await self._voice.direct(user, shown)

    async def tell(self, aside: Aside) -> None:
        """Tells somebody else; that it failed changes nothing of what was decided."""
        try:
            await self.direct(aside.user, blocks.reply(aside.reply, aside.say))
        except SLACK_TROUBLE as error:
            log.error("not told", user=aside.user, error=name(error))

    async def _announced(self, reply: Reply, notice: Notice, ask: Ask) -> Reply:
        """Posts the notice; where that fails, what waited for an answer to it is withdrawn."""
        try:
            shown = blocks.reply(notice.reply, language(self._desk.config.language))
            await self._client.chat_postMessage(
                channel=notice.channel, unfurl_links=False, unfurl_media=False, **shown
            )
        except SLACK_TROUBLE as error:
            log.error("notice not posted", channel=notice.channel, error=name(error))
            for choice in notice.reply.choices:
                await self._desk.store.drop_draft(choice.value, self._desk.now())
            title = ask.say("Nobody could be asked. Nothing was sent.")
            details = (ask.say("Invite the bot to that channel, and try again."),)
            return Reply(Tone.BAD, title, details, replaces=True)
        return reply

    async def _uploaded(self, reply: Reply, file: File, ask: Ask) -> Reply:
        """The same answer once the person has the file, or why they do not get it."""
        try:
            opened = await self._client.conversations_open(users=ask.person.user)
            await self._client.files_upload_v2(
                channel=str(opened["channel"]["id"]), filename=file.name, content=file.content
            )
        except SLACK_TROUBLE as error:
            log.error("file not uploaded", error=name(error))
            title = ask.say("Slack did not take the file: {error}.", error=name(error))
            remedy = ask.say("It takes the scope files:write: install the app again.")
            details = (remedy,) if name(error) == "missing_scope" else ()
            return Reply(Tone.BAD, title, details)
        return reply

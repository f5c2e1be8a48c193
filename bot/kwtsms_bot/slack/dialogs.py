"""Forms in motion: opened, previewed, confirmed. What they decide is in `commands`."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import structlog
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot.commands import confirming, deeds, obstacles, sending, showing, sparing
from kwtsms_bot.commands.base import Ask, Desk, Press, Reply
from kwtsms_bot.commands.gathering import Wish, gather
from kwtsms_bot.commands.policy import Action, allows
from kwtsms_bot.commands.refusals import refuse
from kwtsms_bot.language import Language
from kwtsms_bot.outbox.draft import new_token
from kwtsms_bot.slack import blocks, forms, inbound, quoting
from kwtsms_bot.slack.directory import Directory
from kwtsms_bot.slack.forms import Begin, View
from kwtsms_bot.slack.guarding import Body
from kwtsms_bot.slack.outlet import Outlet
from kwtsms_bot.slack.trouble import SLACK_TROUBLE, name

SHORTCUT, MESSAGE_SHORTCUT = "send_sms_form", "text_this"
ANSWER_SECONDS = 2.0
MAX_NAMED = 5  # People in a message who are asked for their names; the form has to open in time.
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a form is answered with; `reply` is the same for somebody who has closed it."""

    shown: dict[str, Any]
    ask: Ask
    reply: Reply | None = None


class Dialogs:
    """From "Send SMS" to a message in the outbox, without typing a command."""

    def __init__(
        self, desk: Desk, directory: Directory, outlet: Outlet, client: AsyncWebClient
    ) -> None:
        self._desk, self._directory = desk, directory
        self._outlet, self._client = outlet, client

    async def opened(self, ask: Ask, begin: Begin) -> bool:
        """Opens the form; False: Slack would not."""
        return await self._open(ask.key, await self._first_view(ask, begin))

    async def shortcut(self, ack: AsyncAck, body: Body, _respond: AsyncRespond) -> None:
        """The global shortcut."""
        await ack()
        await self.open_or_tell(await self._ask(body), Begin())

    async def button(self, ack: AsyncAck, body: Body, _respond: AsyncRespond) -> None:
        """The button that opens the form from an answer."""
        await ack()
        ask = await self._ask(body)
        await self.open_or_tell(ask, Begin(ask.person.channel))

    async def message_shortcut(self, ack: AsyncAck, body: Body, _respond: AsyncRespond) -> None:
        """The shortcut in a message's menu: its text is where the form begins."""
        await ack()
        ask = await self._ask(body)
        message = body.get("message") or {}
        told = quoting.people_in(message)[:MAX_NAMED]
        found = await asyncio.gather(*(self._directory.name(one) for one in told))
        text = quoting.text_of(message, dict(zip(told, found, strict=True)))
        await self.open_or_tell(ask, Begin(ask.person.channel, text=text))

    async def submit_form(self, ack: AsyncAck, body: Body, _respond: AsyncRespond) -> None:
        """The filled-in form: a preview on top of it, or a sentence at the wrong field."""
        view = body["view"]

        async def work() -> Answer:
            channel = str(view.get("private_metadata", ""))
            ask = await self._ask(body, channel, fresh=True)
            wish = forms.wish(view, self._desk.config.kwtsms.default_country)
            return await self._preview(ask, wish)

        await self._in_time(ack, body, work)

    async def submit_preview(self, ack: AsyncAck, body: Body, _respond: AsyncRespond) -> None:
        """The preview's yes."""

        async def work() -> Answer:
            token = str(body["view"].get("private_metadata", ""))
            return await self._confirmed(await self._ask(body, fresh=True), token)

        await self._in_time(ack, body, work)

    async def plainer(self, ack: AsyncAck, body: Body, _respond: AsyncRespond) -> None:
        """The preview's button for plain quotes: another preview in its place."""
        await ack()
        _, press = inbound.press(body, *await self._directory.caller(*inbound.who(body)))
        found = await sparing.respelled(self._desk, press)
        if isinstance(found, Reply):
            view = forms.told(found, press.say)
        else:
            view = _preview_form(found, press.say)
        await self._client.views_update(view_id=body["view"]["id"], view=view)

    async def _preview(self, ask: Ask, wish: Wish) -> Answer:
        """What the form is answered with."""
        desk, say = self._desk, ask.say
        preview = await gather(desk, ask, wish)
        if wrong := obstacles.of_recipients(ask, preview):
            return Answer(forms.field_error(forms.NUMBERS, wrong), ask, wrong)
        if wrong := obstacles.of_text(ask, preview):
            return Answer(forms.field_error(forms.TEXT, wrong), ask, wrong)
        problem = await obstacles.first(desk, ask, preview)
        if problem:
            pushed = {"response_action": "push", "view": forms.told(problem, say)}
            return Answer(pushed, ask, problem)
        shown = await sending.shown_first(desk, ask, preview)
        return Answer({"response_action": "push", "view": _preview_form(shown, say)}, ask)

    async def _confirmed(self, ask: Ask, token: str) -> Answer:
        press = Press(person=ask.person, say=ask.say, key=ask.key, value=token)
        reply = await deeds.do(self._desk, confirming.CONFIRM, press)
        reply = await self._outlet.after_form(reply, ask)
        if reply.accepted:
            return Answer({"response_action": "clear"}, ask)
        view = forms.told(reply, ask.say)
        return Answer({"response_action": "update", "view": view}, ask, reply)

    async def _in_time(
        self, ack: AsyncAck, body: Body, work: Callable[[], Awaitable[Answer]]
    ) -> None:
        """Answers a form; what takes longer than Slack waits is shown when it is there."""
        working = asyncio.ensure_future(work())
        done, _ = await asyncio.wait({working}, timeout=ANSWER_SECONDS)
        if done:
            await ack(**working.result().shown)
            return
        external_id = new_token()
        say = self._directory.likely(inbound.who(body)[0])
        await ack(response_action="push", view=forms.waiting(external_id, say))
        await self._bring(await working, external_id)

    async def _bring(self, answer: Answer, external_id: str) -> None:
        """Shows a late answer; by direct message where the window was closed meanwhile."""
        view = answer.shown.get("view") or self._in_words(answer)
        try:
            await self._client.views_update(external_id=external_id, view=view)
        except SLACK_TROUBLE as error:
            log.warning("form not brought up to date", error=name(error))
            if answer.reply is not None:
                shown = blocks.reply(answer.reply, answer.ask.say)
                await self._outlet.direct(answer.ask.person.user, shown)

    def _in_words(self, answer: Answer) -> View:
        """What came of a form that is not on top any more."""
        say = answer.ask.say
        wrong = " ".join((answer.shown.get("errors") or {}).values())
        return forms.sentence(wrong or say("Accepted. Its card tells the rest."), say)

    async def open_or_tell(self, ask: Ask, begin: Begin) -> None:
        """Opens the form, or says by direct message that Slack would not."""
        if not await self.opened(ask, begin):
            shown = blocks.reply(forms.not_opened(ask.say), ask.say)
            await self._outlet.direct(ask.person.user, shown)

    async def _first_view(self, ask: Ask, begin: Begin) -> View:
        if not allows(self._desk.config.access, ask.person, Action.SEND):
            return forms.told(await refuse(self._desk, ask, Action.SEND, "form"), ask.say)
        return forms.send_form(begin, self._desk.config.phonebook, ask.say)

    async def _open(self, trigger: str, view: View) -> bool:
        try:
            await self._client.views_open(trigger_id=trigger, view=view)
        except SLACK_TROUBLE as error:
            log.warning("form not opened", error=name(error))
            return False
        return True

    async def _ask(self, body: Body, channel: str = "", *, fresh: bool = False) -> Ask:
        user, here = inbound.who(body)
        person, say = await self._directory.caller(user, channel or here, fresh=fresh)
        return Ask(person=person, say=say, key=str(body.get("trigger_id", "")))


def _preview_form(shown: sending.Shown, say: Language) -> View:
    label = showing.send_label(shown.credits, say)
    return forms.preview_form(shown.reply, shown.token, say, label)

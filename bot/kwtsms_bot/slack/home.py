"""App Home: the balance, what one sent last, and what can be done from here."""

from collections.abc import Mapping
from time import monotonic

import structlog
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot.commands import balance, doctor, history
from kwtsms_bot.commands.base import Ask, Desk, Invocation, Reply, Tone
from kwtsms_bot.commands.failures import explain
from kwtsms_bot.commands.policy import Action, allows
from kwtsms_bot.language import Language
from kwtsms_bot.slack import blocks, inbound
from kwtsms_bot.slack.blocks import Block
from kwtsms_bot.slack.dialogs import Dialogs
from kwtsms_bot.slack.directory import Directory
from kwtsms_bot.slack.forms import Begin
from kwtsms_bot.slack.guarding import Body
from kwtsms_bot.slack.trouble import SLACK_TROUBLE, name
from kwtsms_client import KwtSMSError

PREFIX = "home_"
SEND, REFRESH = "home_send", "home_refresh"
LOOK_SECONDS = 3600.0  # How often the set-up is looked at for Home: it takes requests to kwtSMS.
log = structlog.get_logger(__name__)


def view(sections: Mapping[str, Reply], *, may_send: bool, slash: str, say: Language) -> Block:
    """What stands on Home: a heading and an answer for each of `sections`."""
    buttons = [blocks.button(REFRESH, say("Refresh"), "")]
    if may_send:
        buttons.insert(0, blocks.button(SEND, say("Send SMS"), "", style="primary"))
    made = [blocks.heading(say("Text messages by kwtSMS")), blocks.actions(*buttons)]
    for title, reply in sections.items():
        made.append({"type": "divider"})
        if title != reply.title:
            made.append(blocks.section(f"*{blocks.escape(title)}*"))
        made += blocks.reply(reply, say)["blocks"]
    made.append({"type": "divider"})
    told = say("In any channel: {command}", command=f"{slash} help")
    made.append(blocks.context(blocks.escape(told)))
    return {"type": "home", "blocks": made}


class HomeTab:
    """Publishes it, anew each time somebody looks."""

    def __init__(
        self, desk: Desk, directory: Directory, dialogs: Dialogs, client: AsyncWebClient
    ) -> None:
        self._desk, self._directory = desk, directory
        self._dialogs, self._client = dialogs, client
        self._examined: dict[str, tuple[float, Reply]] = {}  # The set-up, in each language.

    async def opened(self, ack: AsyncAck, body: Body, _respond: AsyncRespond) -> None:
        """Somebody looks at it."""
        await ack()
        event = body.get("event") or {}
        if event.get("tab") == "home":
            ask = await self._ask(str(event.get("user", "")), "")
            await self._publish(ask)
            if await self._examine(ask):
                await self._publish(ask)

    async def pressed(self, ack: AsyncAck, body: Body, _respond: AsyncRespond) -> None:
        """One of its buttons."""
        await ack()
        ask = await self._ask(inbound.who(body)[0], str(body.get("trigger_id", "")))
        if body["actions"][0]["action_id"] == SEND:
            await self._dialogs.open_or_tell(ask, Begin())
        else:
            await self._publish(ask)

    async def _publish(self, ask: Ask) -> None:
        access = self._desk.config.access
        shown = view(
            await self._sections(ask),
            may_send=allows(access, ask.person, Action.SEND),
            slash=self._desk.config.slack.command,
            say=ask.say,
        )
        try:
            await self._client.views_publish(user_id=ask.person.user, view=shown)
        except SLACK_TROUBLE as error:
            log.warning("home not shown", error=name(error))

    async def _sections(self, ask: Ask) -> dict[str, Reply]:
        desk, say = self._desk, ask.say
        told = Invocation(person=ask.person, say=say, key=ask.key, text="")
        if not allows(desk.config.access, ask.person, Action.READ):
            return {say("What you may do here"): await history.whoami(desk, told, "")}
        found = {say("Balance"): await self._balance(told)}
        if pause := await desk.store.paused():
            who = await desk.people.name(pause.actor)
            title = say("All sending is paused by {name}.", name=who)
            found[say("Paused")] = Reply(Tone.WARNING, title)
        _, setup = self._examined.get(say.code, (0.0, None))
        if setup and setup.tone is not Tone.GOOD and _administers(desk, ask):
            found[say("Set-up")] = setup
        found[say("Your last messages")] = await history.history(desk, told, "")
        return found

    async def _examine(self, ask: Ask) -> bool:
        """Looks at the set-up for an administrator, once an hour; whether there is news of it."""
        known = self._examined.get(ask.say.code)
        if not _administers(self._desk, ask) or (known and monotonic() - known[0] < LOOK_SECONDS):
            return False
        told = Invocation(person=ask.person, say=ask.say, key=ask.key, text="")
        setup = await doctor.run(self._desk, told, "")
        self._examined[ask.say.code] = (monotonic(), setup)
        return setup.tone is not Tone.GOOD

    async def _balance(self, ask: Invocation) -> Reply:
        try:
            return await balance.run(self._desk, ask, "")
        except KwtSMSError as error:
            return explain(error, ask.say)

    async def _ask(self, user: str, key: str) -> Ask:
        person, say = await self._directory.caller(user, "")
        return Ask(person=person, say=say, key=key)


def _administers(desk: Desk, ask: Ask) -> bool:
    return allows(desk.config.access, ask.person, Action.ADMIN)

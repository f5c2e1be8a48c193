"""The listeners: what Slack tells us goes in, an acknowledgement within three seconds comes out."""

import asyncio
import re
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from kwtsms_bot.commands import approvals, deeds, router
from kwtsms_bot.commands.base import OPEN_FORM, Ask, Desk, Invocation, Reply
from kwtsms_bot.language import marked
from kwtsms_bot.slack import blocks, forms, home, inbound
from kwtsms_bot.slack.dialogs import MESSAGE_SHORTCUT, SHORTCUT, Dialogs
from kwtsms_bot.slack.directory import Directory
from kwtsms_bot.slack.guarding import Body, guarded
from kwtsms_bot.slack.home import HomeTab
from kwtsms_bot.slack.outlet import Outlet
from kwtsms_bot.slack.tasks import Tasks
from kwtsms_bot.slack.workflow import STEP, WorkflowStep

# Slack gives three seconds. What takes longer is acknowledged with a word and answered afterwards.
ACK_SECONDS = 2.0
# In a crowd everybody gets a word at once, so that nobody waits behind the others' answers.
CROWD, CROWD_SECONDS = 20, 0.05
ANYTHING = re.compile("")
DEEDS = re.compile("|".join(deeds.DEEDS))
Answered = tuple[Invocation, Reply]
STILL_AT_IT = marked("Still at it: the answer follows here.")


class Front:
    """Between Bolt and the commands."""

    def __init__(self, desk: Desk, directory: Directory, client: AsyncWebClient) -> None:
        self._desk = desk
        self._directory = directory
        self._outlet = Outlet(client, desk)
        self.dialogs = Dialogs(desk, directory, self._outlet, client)
        self.home = HomeTab(desk, directory, self.dialogs, client)
        self.step = WorkflowStep(desk, directory)
        self.slash = desk.config.slack.command
        self._at_work = 0  # Commands that are being answered.

    def knows(self, team: str) -> None:
        """Which workspace this is: whoever is from another one is a stranger."""
        self._directory.team = team

    async def command(self, ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        """`/sms …`: answered with the acknowledgement itself where the answer comes in time."""
        work = asyncio.create_task(self._answered(body))
        self._at_work += 1
        work.add_done_callback(self._worked)
        done = await self._in_time(work)
        if not done:
            say = self._directory.likely(inbound.who(body)[0])
            await ack(text=say(STILL_AT_IT), response_type="ephemeral")
        ask, answer = await work
        if not done:
            if not answer.accepted:
                await self._outlet.answer(answer, ask, respond)
        elif answer.form:
            await ack()  # First: Slack may take its time with the form.
            if not await self.dialogs.opened(ask, forms.Begin(ask.person.channel)):
                await self._outlet.answer(answer, ask, respond)
        elif answer.accepted:
            await ack()
        else:
            await ack(response_type="ephemeral", **blocks.reply(answer, ask.say))

    async def _in_time(self, work: "asyncio.Task[Answered]") -> bool:
        """Whether the answer is there before the acknowledgement has to go out."""
        clock = asyncio.get_running_loop().time
        begun = clock()
        while not work.done():
            patience = ACK_SECONDS if self._at_work < CROWD else CROWD_SECONDS
            left = begun + patience - clock()
            if left <= 0:
                return False
            await asyncio.wait({work}, timeout=min(left, CROWD_SECONDS))
        return True

    def _worked(self, _: "asyncio.Task[Answered]") -> None:
        self._at_work -= 1

    async def _answered(self, body: Body) -> Answered:
        """Who asked for what, and the answer; Slack is asked who that is."""
        person, say = await self._directory.caller(*inbound.who(body))
        ask = inbound.invocation(body, person, say)
        return ask, await router.handle(self._desk, ask)

    async def deed(self, ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        """A button of ours: what it does is in `commands`, which asks for the role again."""
        await ack()
        person, say = await self._directory.caller(*inbound.who(body), fresh=True)
        name, press = inbound.press(body, person, say)
        answer = await deeds.do(self._desk, name, press)
        hidden = bool((body.get("container") or {}).get("is_ephemeral"))
        ask = Ask(person=person, say=say, key=press.key)
        await self._outlet.after_press(answer, ask, respond, ephemeral=hidden)

    async def tell_expired(self) -> None:
        """Tells those whose requests for a second person's yes have run out."""
        for aside in await approvals.expired(self._desk):
            await self._outlet.tell(aside)

    async def catch_all(self, ack: AsyncAck, body: Body, _respond: AsyncRespond) -> None:
        """What nothing else listens to: Slack shows an error for what is never acknowledged.

        Bolt also comes here from a listener that did not acknowledge in time: a step's, on purpose.
        """
        if inbound.kind(body) != "function_executed":
            await ack()


def build_app(
    front: Front, tasks: Tasks, *, client: AsyncWebClient, identity: AsyncSlackResponse
) -> AsyncApp:
    """The Bolt app; `identity` is the auth.test made at start, which Bolt would make too late."""
    known = AuthorizeResult.from_auth_test_response(
        auth_test_response=identity, bot_token=client.token
    )
    front.knows(str(identity.get("team_id") or ""))

    async def authorize(**_: Any) -> AuthorizeResult:
        return known

    app = AsyncApp(client=client, authorize=authorize, name="kwtsms-bridge")
    app.command(front.slash)(guarded(front.command, tasks, client))
    app.action(DEEDS)(guarded(front.deed, tasks, client))
    app.shortcut(SHORTCUT)(guarded(front.dialogs.shortcut, tasks, client))
    app.shortcut(MESSAGE_SHORTCUT)(guarded(front.dialogs.message_shortcut, tasks, client))
    app.view(forms.SEND_FORM)(guarded(front.dialogs.submit_form, tasks, client))
    app.view(forms.PREVIEW_FORM)(guarded(front.dialogs.submit_preview, tasks, client))
    app.action(OPEN_FORM)(guarded(front.dialogs.button, tasks, client))
    app.action(forms.PLAINER)(guarded(front.dialogs.plainer, tasks, client))
    app.event("app_home_opened")(guarded(front.home.opened, tasks, client))
    app.action(re.compile(f"^{home.PREFIX}"))(guarded(front.home.pressed, tasks, client))
    app.function(STEP, auto_acknowledge=False)(front.step.listener(tasks))
    for kind in (app.command, app.action, app.shortcut, app.view, app.options, app.event):
        kind(ANYTHING)(guarded(front.catch_all, tasks, client))
    return app

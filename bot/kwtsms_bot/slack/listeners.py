"""Registers the Bolt listeners, which acknowledge within the three seconds that Slack allows."""

import asyncio
import re
from typing import Any

import structlog
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from kwtsms_bot.background import BackgroundTasks
from kwtsms_bot.commands import router
from kwtsms_bot.commands.action_ids import OPEN_FORM
from kwtsms_bot.commands.actions import approve, table
from kwtsms_bot.commands.base import CommandContext, CommandRequest, Invocation, Reply
from kwtsms_bot.i18n.translator import N_
from kwtsms_bot.outbox.message import Message
from kwtsms_bot.slack import blocks, ids, payloads
from kwtsms_bot.slack.app_home import HomeTab
from kwtsms_bot.slack.cards import details
from kwtsms_bot.slack.error_boundary import Body, with_error_boundary
from kwtsms_bot.slack.errors import SLACK_ERRORS, error_name
from kwtsms_bot.slack.modals import views
from kwtsms_bot.slack.modals.send_modal import SendModal
from kwtsms_bot.slack.modals.silence_modal import SilenceModal
from kwtsms_bot.slack.replies import ReplySender
from kwtsms_bot.slack.users import SlackUserDirectory
from kwtsms_bot.slack.workflow_step import WorkflowStep

# Slack allows three seconds. Slower commands are acknowledged first and answered afterwards.
ACK_SECONDS = 2.0
# Under load, commands are acknowledged almost at once, so that none waits behind the others.
BUSY_REQUESTS, BUSY_ACK_SECONDS = 20, 0.05
ANY_ID = re.compile("")
ACTION_IDS = re.compile("|".join((*table.HANDLERS, ids.MESSAGE_MENU)))
HandledCommand = tuple[Invocation, Reply]
STILL_WORKING = N_("Still working on it…")
log = structlog.get_logger(__name__)


class SlackListeners:
    """Listeners between Bolt and the commands."""

    def __init__(
        self, context: CommandContext, directory: SlackUserDirectory, client: AsyncWebClient
    ) -> None:
        self._context = context
        self._directory, self._client = directory, client
        self._reply_sender = ReplySender(client, context)
        self.send_modal = SendModal(context, directory, self._reply_sender, client)
        self.silence_modal = SilenceModal(context, directory, self._reply_sender, client)
        self.home = HomeTab(context, directory, self.send_modal, client)
        self.step = WorkflowStep(context, directory)
        self.slash_command = context.config.slack.command
        self._in_progress = 0  # Commands that are being answered.

    def set_team(self, team: str) -> None:
        """Sets the bot's own workspace; users of any other count as outsiders."""
        self._directory.team = team

    async def handle_command(self, ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        """Handles `/sms …`; a reply that is ready in time is the acknowledgement itself."""
        work = asyncio.create_task(self._run_command(body))
        self._in_progress += 1
        work.add_done_callback(self._count_finished)
        done = await self._finishes_in_time(work)
        if not done:
            say = self._directory.cached_language(payloads.user_and_channel(body)[0])
            await ack(text=say(STILL_WORKING), response_type="ephemeral")
        invocation, reply = await work
        if not done:
            if not reply.accepted:
                await self._reply_sender.send_reply(reply, invocation, respond)
        elif reply.opens_form or reply.silence_form:
            await ack()  # First: opening the form may take Slack a while.
            if not await self._open_form(reply, invocation):
                await self._reply_sender.send_reply(reply, invocation, respond)
        elif reply.accepted:
            await ack()
        else:
            await ack(response_type="ephemeral", **blocks.reply(reply, invocation.say))

    async def _open_form(self, reply: Reply, request: CommandRequest) -> bool:
        """Opens the form that a reply asks for; returns False if Slack did not."""
        if reply.silence_form is not None:
            return await self.silence_modal.open_form(request, reply.silence_form)
        defaults = views.ModalDefaults(request.person.channel)
        return await self.send_modal.open_form(request, defaults)

    async def _finishes_in_time(self, work: "asyncio.Task[HandledCommand]") -> bool:
        """Whether `work` ends before the acknowledgement is due."""
        clock = asyncio.get_running_loop().time
        begun = clock()
        while not work.done():
            limit = ACK_SECONDS if self._in_progress < BUSY_REQUESTS else BUSY_ACK_SECONDS
            remaining = begun + limit - clock()
            if remaining <= 0:
                return False
            await asyncio.wait({work}, timeout=min(remaining, BUSY_ACK_SECONDS))
        return True

    def _count_finished(self, _: "asyncio.Task[HandledCommand]") -> None:
        self._in_progress -= 1

    async def _run_command(self, body: Body) -> HandledCommand:
        """Looks up the caller and runs the command; returns its invocation and the reply."""
        person, say = await self._directory.resolve_caller(*payloads.user_and_channel(body))
        invocation = payloads.invocation(body, person, say)
        return invocation, await router.handle(self._context, invocation)

    async def handle_button(self, ack: AsyncAck, body: Body, respond: AsyncRespond) -> None:
        """Handles a button; `commands` has its handler and checks the user's role again."""
        await ack()
        person, say = await self._directory.resolve_caller(
            *payloads.user_and_channel(body), fresh=True
        )
        action, press = payloads.button_press(body, person, say)
        reply = await table.dispatch(self._context, action, press)
        ephemeral = bool((body.get("container") or {}).get("is_ephemeral"))
        request = CommandRequest(person=person, say=say, key=press.key)
        if not await self._open_modal(reply, request):
            await self._reply_sender.send_action_reply(reply, request, respond, ephemeral=ephemeral)
        if payloads.is_on_home(body):
            await self.home.publish(request)

    async def _open_modal(self, reply: Reply, request: CommandRequest) -> bool:
        """Opens the modal that the reply to a button asks for; returns False if none was."""
        if reply.silence_form is not None:
            return await self.silence_modal.open_form(request, reply.silence_form)
        return reply.details_of is not None and await self._open_details(reply.details_of, request)

    async def _open_details(self, message: Message, request: CommandRequest) -> bool:
        """Opens the modal with a message's details; returns False if Slack did not."""
        try:
            view = details.render(message, request.say)
            await self._client.views_open(trigger_id=request.key, view=view)
        except SLACK_ERRORS as error:
            log.warning("details not opened", error=error_name(error))
            return False
        return True

    async def notify_expired(self) -> None:
        """Notifies the authors of approval requests that have expired."""
        for message in await approve.pop_expired(self._context):
            await self._reply_sender.send_dm(message)

    async def acknowledge_unhandled(
        self, ack: AsyncAck, body: Body, _respond: AsyncRespond
    ) -> None:
        """Acknowledges what has no other listener: otherwise Slack shows an error.

        Bolt also comes here after a listener that did not acknowledge in time. The workflow step
        does so on purpose, so it is left out.
        """
        if payloads.payload_kind(body) != "function_executed":
            await ack()


def build_app(
    listeners: SlackListeners,
    tasks: BackgroundTasks,
    *,
    client: AsyncWebClient,
    identity: AsyncSlackResponse,
) -> AsyncApp:
    """Returns the Bolt app; `identity` is the auth.test of the start: Bolt makes it too late."""
    authorized = AuthorizeResult.from_auth_test_response(
        auth_test_response=identity, bot_token=client.token
    )
    listeners.set_team(str(identity.get("team_id") or ""))

    async def authorize(**_: Any) -> AuthorizeResult:
        return authorized

    app = AsyncApp(client=client, authorize=authorize, name="kwtsms-bridge")
    app.command(listeners.slash_command)(
        with_error_boundary(listeners.handle_command, tasks, client)
    )
    app.action(ACTION_IDS)(with_error_boundary(listeners.handle_button, tasks, client))
    app.shortcut(ids.FORM_SHORTCUT)(
        with_error_boundary(listeners.send_modal.handle_shortcut, tasks, client)
    )
    app.shortcut(ids.MESSAGE_SHORTCUT)(
        with_error_boundary(listeners.send_modal.handle_message_shortcut, tasks, client)
    )
    app.view(ids.SEND_FORM)(with_error_boundary(listeners.send_modal.handle_form, tasks, client))
    app.view(ids.PREVIEW_FORM)(
        with_error_boundary(listeners.send_modal.handle_preview, tasks, client)
    )
    app.view(ids.SILENCE_FORM)(
        with_error_boundary(listeners.silence_modal.handle_form, tasks, client)
    )
    app.action(OPEN_FORM)(
        with_error_boundary(listeners.send_modal.handle_open_button, tasks, client)
    )
    app.action(ids.FORM_PLAINER)(
        with_error_boundary(listeners.send_modal.handle_plain_quotes, tasks, client)
    )
    app.event("app_home_opened")(with_error_boundary(listeners.home.handle_opened, tasks, client))
    app.action(re.compile(f"^{ids.HOME_PREFIX}"))(
        with_error_boundary(listeners.home.handle_button, tasks, client)
    )
    app.function(ids.SEND_STEP, auto_acknowledge=False)(listeners.step.build_listener(tasks))
    for register in (app.command, app.action, app.shortcut, app.view, app.options, app.event):
        register(ANY_ID)(with_error_boundary(listeners.acknowledge_unhandled, tasks, client))
    return app

"""App Home: the balance, open incidents, the user's recent messages, and buttons."""

from collections.abc import Mapping
from dataclasses import replace
from time import monotonic

import structlog
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot.commands import balance, doctor, history
from kwtsms_bot.commands.base import CommandContext, CommandRequest, Invocation, Reply, Severity
from kwtsms_bot.commands.bridge import alerts
from kwtsms_bot.commands.error_replies import gateway_error_reply, paused_reply
from kwtsms_bot.commands.policy import Permission, allows
from kwtsms_bot.i18n.translator import Language
from kwtsms_bot.outbox.store import SendingPaused
from kwtsms_bot.slack import blocks, ids, payloads
from kwtsms_bot.slack.blocks import Block
from kwtsms_bot.slack.error_boundary import Body
from kwtsms_bot.slack.errors import SLACK_ERRORS, error_name
from kwtsms_bot.slack.modals.send_modal import SendModal
from kwtsms_bot.slack.modals.views import ModalDefaults
from kwtsms_bot.slack.users import SlackUserDirectory
from kwtsms_client import KwtSMSError

SETUP_CHECK_SECONDS = 3600.0  # Between two set-up checks, which make requests to kwtSMS.
log = structlog.get_logger(__name__)


def home_view(sections: Mapping[str, Reply], *, may_send: bool, slash: str, say: Language) -> Block:
    """Returns the App Home view: the buttons, and a reply for each of `sections`."""
    buttons = [blocks.button(ids.HOME_REFRESH, say("Refresh"), "")]
    if may_send:
        buttons.insert(0, blocks.button(ids.HOME_SEND, say("Send SMS"), "", style="primary"))
    made = [blocks.actions(*buttons)]
    for title, reply in sections.items():
        made.append({"type": "divider"})
        if title != reply.title:
            made.append(blocks.section(f"*{blocks.escape(title)}*"))
        made += blocks.reply(reply, say)["blocks"]
    made.append({"type": "divider"})
    hint = say("In any channel, type {command}", command=f"{slash} help")
    made.append(blocks.context(blocks.escape(hint)))
    return {"type": "home", "blocks": made}


class HomeTab:
    """Publishes the App Home view whenever a user opens it."""

    def __init__(
        self,
        context: CommandContext,
        directory: SlackUserDirectory,
        send_modal: SendModal,
        client: AsyncWebClient,
    ) -> None:
        self._context, self._directory = context, directory
        self._send_modal, self._client = send_modal, client
        # By language: the time of the last check, and its result.
        self._setup_checks: dict[str, tuple[float, Reply]] = {}

    async def handle_opened(self, ack: AsyncAck, body: Body, _respond: AsyncRespond) -> None:
        """Publishes the view, and again if a set-up check finds a problem."""
        await ack()
        event = body.get("event") or {}
        if event.get("tab") == "home":
            request = await self._build_request(str(event.get("user", "")), "")
            await self.publish(request)
            if await self._check_setup(request):
                await self.publish(request)

    async def handle_button(self, ack: AsyncAck, body: Body, _respond: AsyncRespond) -> None:
        """Handles a button on Home: opens the send form or refreshes the view."""
        await ack()
        request = await self._build_request(
            payloads.user_and_channel(body)[0], str(body.get("trigger_id", ""))
        )
        if body["actions"][0]["action_id"] == ids.HOME_SEND:
            await self._send_modal.open_form_or_notify(request, ModalDefaults())
        else:
            await self.publish(request)

    async def publish(self, request: CommandRequest) -> None:
        """Publishes the view as it is now."""
        access = self._context.config.access
        published = home_view(
            await self._build_sections(request),
            may_send=allows(access, request.person, Permission.SEND),
            slash=self._context.config.slack.command,
            say=request.say,
        )
        try:
            await self._client.views_publish(user_id=request.person.user, view=published)
        except SLACK_ERRORS as error:
            log.warning("home not shown", error=error_name(error))

    async def _build_sections(self, request: CommandRequest) -> dict[str, Reply]:
        context, say = self._context, request.say
        invocation = Invocation(person=request.person, say=say, key=request.key, text="")
        if not allows(context.config.access, request.person, Permission.READ):
            return {say("Your permissions"): await history.whoami(context, invocation, "")}
        balance_reply = await self._read_balance(invocation)
        sections = {balance_reply.title: balance_reply}
        if pause := await context.outbox.kill_switch.current_pause():
            paused = paused_reply(SendingPaused(pause), context.config.slack.command, say)
            sections[say("Sending")] = paused
        if context.incidents is not None:
            sections[say("Alerts")] = await alerts.home_reply(context, context.incidents, request)
        _, setup = self._setup_checks.get(say.code, (0.0, None))
        if setup and setup.severity is not Severity.GOOD and _is_admin(context, request):
            sections[say("Setup")] = setup
        sections[say("Your recent messages")] = await history.history(context, invocation, "")
        return sections

    async def _check_setup(self, request: CommandRequest) -> bool:
        """Checks the set-up for an administrator, once an hour; returns whether it has problems."""
        known = self._setup_checks.get(request.say.code)
        if not _is_admin(self._context, request) or (
            known and monotonic() - known[0] < SETUP_CHECK_SECONDS
        ):
            return False
        invocation = Invocation(person=request.person, say=request.say, key=request.key, text="")
        setup = await doctor.run(self._context, invocation, "")
        self._setup_checks[request.say.code] = (monotonic(), setup)
        return setup.severity is not Severity.GOOD

    async def _read_balance(self, invocation: Invocation) -> Reply:
        try:
            reply = await balance.run(self._context, invocation, "")
        except KwtSMSError as error:
            return gateway_error_reply(error, invocation.say)
        return replace(reply, details=()) if reply.severity is Severity.GOOD else reply

    async def _build_request(self, user: str, key: str) -> CommandRequest:
        person, say = await self._directory.resolve_caller(user, "")
        return CommandRequest(person=person, say=say, key=key)


def _is_admin(context: CommandContext, request: CommandRequest) -> bool:
    return allows(context.config.access, request.person, Permission.ADMIN)

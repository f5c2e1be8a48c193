"""Opens, previews and submits the send form. Decides nothing: `commands` does."""

import asyncio

import structlog
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot.commands.action_ids import SEND_CONFIRM
from kwtsms_bot.commands.actions import draft_buttons, table
from kwtsms_bot.commands.base import ButtonPress, CommandContext, CommandRequest, Reply
from kwtsms_bot.commands.error_replies import refuse
from kwtsms_bot.commands.policy import Permission, allows
from kwtsms_bot.commands.send import checks, submit
from kwtsms_bot.commands.send.build_preview import SendRequest, build_preview
from kwtsms_bot.i18n.translator import N_, Language
from kwtsms_bot.slack import blocks, payloads, quoted_message
from kwtsms_bot.slack.error_boundary import Body
from kwtsms_bot.slack.errors import SLACK_ERRORS, error_name
from kwtsms_bot.slack.modals import views
from kwtsms_bot.slack.modals.form_responder import FormResponder, ModalResponse
from kwtsms_bot.slack.modals.views import ModalDefaults, View
from kwtsms_bot.slack.replies import ReplySender
from kwtsms_bot.slack.users import SlackUserDirectory

QUEUED = N_("Message queued. Track it in the channel.")
MAX_NAMED = 5  # Mentions in a message that are looked up; the form has to open in time.
log = structlog.get_logger(__name__)


class SendModal:
    """Listeners of the send form, which queues a message without a typed command."""

    def __init__(
        self,
        context: CommandContext,
        directory: SlackUserDirectory,
        reply_sender: ReplySender,
        client: AsyncWebClient,
    ) -> None:
        self._context, self._directory = context, directory
        self._reply_sender, self._client = reply_sender, client
        self._responder = FormResponder(client, reply_sender, title=views.SEND_TITLE, done=QUEUED)

    async def open_form(self, request: CommandRequest, defaults: ModalDefaults) -> bool:
        """Opens the form; returns False if Slack did not."""
        return await self._open_view(request.key, await self._build_first_view(request, defaults))

    async def handle_shortcut(self, ack: AsyncAck, body: Body, _respond: AsyncRespond) -> None:
        """Handles the global shortcut."""
        await ack()
        await self.open_form_or_notify(await self._build_request(body), ModalDefaults())

    async def handle_open_button(self, ack: AsyncAck, body: Body, _respond: AsyncRespond) -> None:
        """Handles the button that opens the form from a reply."""
        await ack()
        request = await self._build_request(body)
        await self.open_form_or_notify(request, ModalDefaults(request.person.channel))

    async def handle_message_shortcut(
        self, ack: AsyncAck, body: Body, _respond: AsyncRespond
    ) -> None:
        """Handles the message shortcut: opens the form with the message's text."""
        await ack()
        request = await self._build_request(body)
        message = body.get("message") or {}
        mentioned = quoted_message.mentioned_users(message)[:MAX_NAMED]
        found = await asyncio.gather(*(self._directory.name(one) for one in mentioned))
        text = quoted_message.message_text(message, dict(zip(mentioned, found, strict=True)))
        await self.open_form_or_notify(request, ModalDefaults(request.person.channel, text=text))

    async def handle_form(self, ack: AsyncAck, body: Body, _respond: AsyncRespond) -> None:
        """Handles the submitted form: responds with a preview, a refusal or a field error."""
        view = body["view"]

        async def work() -> ModalResponse:
            channel = str(view.get("private_metadata", ""))
            request = await self._build_request(body, channel, fresh=True)
            send_request = views.send_request(view, self._context.config.kwtsms.default_country)
            return await self._preview_response(request, send_request)

        await self._responder.respond_in_time(ack, self._cached_language(body), work)

    async def handle_preview(self, ack: AsyncAck, body: Body, _respond: AsyncRespond) -> None:
        """Handles the confirmation of the preview."""

        async def work() -> ModalResponse:
            token = str(body["view"].get("private_metadata", ""))
            return await self._confirm(await self._build_request(body, fresh=True), token)

        await self._responder.respond_in_time(ack, self._cached_language(body), work)

    async def handle_plain_quotes(self, ack: AsyncAck, body: Body, _respond: AsyncRespond) -> None:
        """Replaces the preview with one that uses plain quotes."""
        await ack()
        _, press = payloads.button_press(
            body, *await self._directory.resolve_caller(*payloads.user_and_channel(body))
        )
        found = await draft_buttons.preview_plain_quotes(self._context, press)
        if isinstance(found, Reply):
            view = views.reply_view(found, press.say)
        else:
            view = _preview_view(found, press.say)
        await self._client.views_update(view_id=body["view"]["id"], view=view)

    async def _preview_response(
        self, request: CommandRequest, send_request: SendRequest
    ) -> ModalResponse:
        """Returns the response to the submitted form: a preview, a refusal or a field error."""
        context, say = self._context, request.say
        preview = await build_preview(context, request, send_request)
        if invalid := checks.check_problems(request, preview):
            field = self._field_of_problems(send_request)
            return ModalResponse(views.field_error(field, invalid), request, invalid)
        if invalid := checks.check_recipients(request, preview):
            return ModalResponse(views.field_error(views.NUMBERS, invalid), request, invalid)
        if invalid := checks.check_text(request, preview):
            return ModalResponse(views.field_error(views.TEXT, invalid), request, invalid)
        problem = await checks.first_problem(context, request, preview)
        if problem:
            payload = {"response_action": "push", "view": views.reply_view(problem, say)}
            return ModalResponse(payload, request, problem)
        pending = await submit.request_confirmation(context, request, preview)
        return ModalResponse(
            {"response_action": "push", "view": _preview_view(pending, say)}, request
        )

    def _field_of_problems(self, send_request: SendRequest) -> str:
        """Returns the field that has the problem: the people, if all that was typed is known."""
        known = map(self._context.config.phonebook.numbers, send_request.line.names)
        typed_well = not send_request.line.invalid and all(known)
        return views.PEOPLE if typed_well else views.NUMBERS

    async def _confirm(self, request: CommandRequest, token: str) -> ModalResponse:
        press = ButtonPress(person=request.person, say=request.say, key=request.key, value=token)
        reply = await table.dispatch(self._context, SEND_CONFIRM, press)
        reply = await self._reply_sender.announce_form_reply(reply, request)
        if reply.accepted:
            return ModalResponse({"response_action": "clear"}, request)
        view = views.reply_view(reply, request.say)
        return ModalResponse({"response_action": "update", "view": view}, request, reply)

    async def open_form_or_notify(self, request: CommandRequest, defaults: ModalDefaults) -> None:
        """Opens the form, or sends a direct message if Slack did not open it."""
        if not await self.open_form(request, defaults):
            payload = blocks.reply(views.not_opened_reply(request.say), request.say)
            await self._reply_sender.send_dm_payload(request.person.user, payload)

    async def _build_first_view(self, request: CommandRequest, defaults: ModalDefaults) -> View:
        if not allows(self._context.config.access, request.person, Permission.SEND):
            return views.reply_view(
                await refuse(self._context, request, Permission.SEND, "form"), request.say
            )
        return views.send_form(defaults, self._context.config.phonebook, request.say)

    async def _open_view(self, trigger: str, view: View) -> bool:
        try:
            await self._client.views_open(trigger_id=trigger, view=view)
        except SLACK_ERRORS as error:
            log.warning("form not opened", error=error_name(error))
            return False
        return True

    def _cached_language(self, body: Body) -> Language:
        return self._directory.cached_language(payloads.user_and_channel(body)[0])

    async def _build_request(
        self, body: Body, channel: str = "", *, fresh: bool = False
    ) -> CommandRequest:
        user, current_channel = payloads.user_and_channel(body)
        person, say = await self._directory.resolve_caller(
            user, channel or current_channel, fresh=fresh
        )
        return CommandRequest(person=person, say=say, key=str(body.get("trigger_id", "")))


def _preview_view(pending: submit.PendingPreview, say: Language) -> View:
    label = pending.reply.buttons[0].label
    return views.preview_form(pending.reply, pending.token, say, label)

"""Opens and submits the form for a silence. Decides nothing: `commands` does."""

from typing import Any

import structlog
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot.commands.base import CommandContext, CommandRequest, Reply, Severity, SilenceForm
from kwtsms_bot.commands.bridge import silence_actions
from kwtsms_bot.commands.error_replies import database_error_reply, refuse
from kwtsms_bot.commands.policy import Permission, allows
from kwtsms_bot.database import DatabaseError
from kwtsms_bot.i18n.foreign_text import literal_text
from kwtsms_bot.i18n.translator import N_, Language
from kwtsms_bot.slack import blocks, ids, payloads
from kwtsms_bot.slack.error_boundary import Body
from kwtsms_bot.slack.errors import SLACK_ERRORS, error_name
from kwtsms_bot.slack.modals import views
from kwtsms_bot.slack.modals.form_responder import FormResponder, ModalResponse
from kwtsms_bot.slack.modals.views import View
from kwtsms_bot.slack.replies import ReplySender
from kwtsms_bot.slack.users import SlackUserDirectory

TITLE, DONE = N_("Silence alerts"), N_("The silence is set.")
TARGET, LASTS, REASON = "target", "lasts", "reason"
# What a choice is called, as the command's own words.
PRESETS = {
    "1h": N_("1 hour"),
    "4h": N_("4 hours"),
    "until 08:00": N_("Until 08:00 (Kuwait)"),
    "1d": N_("1 day"),
    "7d": N_("7 days"),
}
EXAMPLE = "site=shuwaikh"
MAX_TARGET, MAX_REASON, MAX_TITLE = 500, 200, 300
log = structlog.get_logger(__name__)


def silence_form(form: SilenceForm, say: Language) -> View:
    """Returns the form: what is silenced unless a card says it, for how long, and why."""
    made = [_target(form, say)]
    options = [
        {"text": blocks.plain_text(say(text)), "value": value} for value, text in PRESETS.items()
    ]
    presets = {"type": "radio_buttons", "options": options, "initial_option": options[0]}
    made.append(views.input_block(LASTS, say("For how long"), presets))
    reason = {"type": "plain_text_input", "max_length": MAX_REASON}
    made.append(views.input_block(REASON, say("Reason"), reason, optional=True))
    return {
        **blocks.modal(say(TITLE), made, say("Close")),
        "callback_id": ids.SILENCE_FORM,
        "private_metadata": form.incident_ref,
        "submit": blocks.plain_text(say("Silence")),
    }


def _target(form: SilenceForm, say: Language) -> View:
    if form.incident_ref:
        title = blocks.truncate(literal_text(form.title), MAX_TITLE)
        return blocks.section(f"*{blocks.escape(say.auto(title))}* · {say.ltr(form.incident_ref)}")
    element = {
        "type": "plain_text_input",
        "max_length": MAX_TARGET,
        "placeholder": blocks.plain_text(say.ltr(EXAMPLE)),
    }
    hint = say("An incident's ID, or labels such as {label}. All must match.", label=EXAMPLE)
    return views.input_block(TARGET, say("What to silence"), element, hint=hint)


def typed_silence(view: dict[str, Any]) -> str:
    """Returns the silence of a submitted form as people type it."""
    values = view.get("state", {}).get("values", {})
    target = str(view.get("private_metadata") or "") or str(
        views.value_of(values, TARGET, "value") or ""
    )
    chosen = views.value_of(values, LASTS, "selected_option") or {}
    reason = str(views.value_of(values, REASON, "value") or "")
    return " ".join((target.strip(), str(chosen.get("value", "")), reason))


class SilenceModal:
    """Listeners of the form for a silence."""

    def __init__(
        self,
        context: CommandContext,
        directory: SlackUserDirectory,
        reply_sender: ReplySender,
        client: AsyncWebClient,
    ) -> None:
        self._context, self._directory, self._client = context, directory, client
        self._responder = FormResponder(client, reply_sender, title=TITLE, done=DONE)

    async def open_form(self, request: CommandRequest, form: SilenceForm) -> bool:
        """Opens the form; returns False if Slack did not."""
        try:
            view = silence_form(form, request.say)
            await self._client.views_open(trigger_id=request.key, view=view)
        except SLACK_ERRORS as error:
            log.warning("form not opened", error=error_name(error))
            return False
        return True

    async def handle_form(self, ack: AsyncAck, body: Body, _respond: AsyncRespond) -> None:
        """Handles the submitted form: creates the silence, or says what is wrong."""

        async def work() -> ModalResponse:
            user, channel = payloads.user_and_channel(body)
            person, say = await self._directory.resolve_caller(user, channel, fresh=True)
            request = CommandRequest(person=person, say=say, key=str(body["view"]["id"]))
            return _response(request, await self._create(request, typed_silence(body["view"])))

        say = self._directory.cached_language(payloads.user_and_channel(body)[0])
        await self._responder.respond_in_time(ack, say, work)

    async def _create(self, request: CommandRequest, text: str) -> Reply:
        if not allows(self._context.config.access, request.person, Permission.SEND):
            return await refuse(self._context, request, Permission.SEND, silence_actions.SILENCE)
        try:
            return await silence_actions.create(self._context, request, text)
        except DatabaseError as error:
            log.error("database trouble", deed="silence", error=str(error))
            slash = self._context.config.slack.command
            return database_error_reply(error, slash, request.say)


def _response(request: CommandRequest, reply: Reply) -> ModalResponse:
    """Returns the reply as a view; what is wrong with a typed target is shown at its field."""
    if reply.severity is Severity.ERROR and reply.examples:
        return ModalResponse(views.field_error(TARGET, reply), request, reply)
    view = views.reply_view(reply, request.say, title=TITLE)
    return ModalResponse({"response_action": "update", "view": view}, request, reply)

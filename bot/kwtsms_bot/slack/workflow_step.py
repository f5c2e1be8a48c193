"""The workflow step that sends an SMS, only with the permissions of the person whom it names."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.complete.async_complete import AsyncComplete
from slack_bolt.context.fail.async_fail import AsyncFail

from kwtsms_bot import logs
from kwtsms_bot.background import BackgroundTasks
from kwtsms_bot.commands import tokens
from kwtsms_bot.commands.base import CommandContext, CommandRequest, Reply
from kwtsms_bot.commands.error_replies import database_error_reply
from kwtsms_bot.commands.send import checks, submit
from kwtsms_bot.commands.send.build_preview import SendRequest, build_preview
from kwtsms_bot.commands.send.preview import Preview
from kwtsms_bot.commands.send.recipients import parse_list
from kwtsms_bot.database import DatabaseError, InvalidValue
from kwtsms_bot.i18n.translator import ENGLISH, Language
from kwtsms_bot.outbox.message import Message
from kwtsms_bot.outbox.quota.limits import ApprovalNeeded
from kwtsms_bot.slack import blocks
from kwtsms_bot.slack.error_boundary import Body, error_reply
from kwtsms_bot.slack.errors import SLACK_ERRORS, error_name, is_slack_down
from kwtsms_bot.slack.markup import split_markup
from kwtsms_bot.slack.users import SlackUserDirectory

MAX_ERROR = 1000  # Characters of a reason; Slack refuses long ones, and the step would not end.
NUMBERS, TEXT, USER = "numbers", "text", "user"
log = structlog.get_logger(__name__)
StepListener = Callable[[AsyncAck, Body, AsyncComplete, AsyncFail], Awaitable[None]]


class WorkflowStep:
    """Accepts the message of a workflow step and returns its id to the workflow."""

    def __init__(self, context: CommandContext, directory: SlackUserDirectory) -> None:
        self._context, self._directory = context, directory

    def build_listener(self, tasks: BackgroundTasks) -> StepListener:
        """Returns a listener that acknowledges once the message is durable and the step has ended.

        Until then Slack repeats the event. If it were acknowledged earlier, a crash in between
        would leave the workflow waiting for ever.
        """

        async def listen(
            ack: AsyncAck, body: Body, complete: AsyncComplete, fail: AsyncFail
        ) -> None:
            await tasks.start(self._run(ack, body, complete=complete, fail=fail))

        return listen

    async def _run(
        self, ack: AsyncAck, body: Body, *, complete: AsyncComplete, fail: AsyncFail
    ) -> None:
        logs.begin_request()
        try:
            reply = await self._execute(*_parse_event(body))
        except InvalidValue as error:  # It would fail whenever Slack repeats it.
            log.error("database trouble", error=str(error))
            reply = format_line(database_error_reply(error, "", ENGLISH), ENGLISH)
        except DatabaseError as error:  # Not acknowledged: Slack will repeat it.
            log.error("database trouble", error=str(error))
            return
        except Exception as error:  # noqa: BLE001 - an error boundary; it logs the trace.
            reply = format_line(error_reply(error), ENGLISH)
        try:
            if isinstance(reply, str):
                await fail(error=blocks.escape(reply[:MAX_ERROR]))
            else:
                await complete(outputs=reply)
        except SLACK_ERRORS as error:
            log.error("step not ended", error=error_name(error))
            if is_slack_down(error):  # Not acknowledged either.
                return
        await ack()

    async def _execute(self, inputs: Mapping[str, Any], key: str) -> dict[str, Any] | str:
        """Returns the step's outputs, or the reason why nothing was sent."""
        person, say = await self._directory.resolve_caller(
            str(inputs.get(USER, "")), "", fresh=True
        )
        request = CommandRequest(person=person, say=say, key=key)
        already_accepted = await submit.find_accepted(self._context, request)
        # An accepted message stays accepted, even if permissions have changed since.
        return (
            _outputs(already_accepted)
            if already_accepted is not None
            else await self._send(request, inputs)
        )

    async def _send(
        self, request: CommandRequest, inputs: Mapping[str, Any]
    ) -> dict[str, Any] | str:
        context, say = self._context, request.say
        if not context.config.access.workflows:
            return say(
                "Workflows aren't allowed to send. An admin can set access.workflows "
                "to true in config.yaml."
            )
        country = context.config.kwtsms.default_country
        typed, found = tokens.join(split_markup(str(inputs.get(NUMBERS, ""))))
        line = parse_list(typed, default_country=country, tokens=found)
        preview = await build_preview(
            context, request, SendRequest(line=line, text=str(inputs.get(TEXT, "")))
        )
        problem = await checks.first_problem(context, request, preview)
        if problem:
            return format_line(problem, say)
        if unusable := _unusable_number(preview, say):
            return unusable
        new = submit.build_message(context, request, preview)
        try:
            reply = await submit.accept(context, request, new, urgent=True)
        except ApprovalNeeded:
            return say(
                "This message needs approval, which a workflow can't request. Send it "
                "yourself instead."
            )
        return format_line(reply, say) if reply.accepted is None else _outputs(reply.accepted)


def _unusable_number(preview: Preview, say: Language) -> str:
    """Returns what is wrong with a number: nobody sees a preview of a workflow's message."""
    if preview.problems or preview.uncovered:
        return " ".join(preview.problems) or say("kwtSMS can't reach one of the numbers.")
    if preview.disguised:
        return say("A number has hidden characters. Type it again.")
    return ""


def _parse_event(body: Body) -> tuple[Mapping[str, Any], str]:
    """Returns the inputs of the step and the id of its execution."""
    event = body.get("event")
    event = event if isinstance(event, Mapping) else {}
    inputs = event.get("inputs")
    key = str(event.get("function_execution_id", ""))
    return inputs if isinstance(inputs, Mapping) else {}, key


def _outputs(message: Message) -> dict[str, Any]:
    return {"message": message.ref, "credits": message.pages * message.size}


def format_line(reply: Reply, say: Language) -> str:
    """Returns a reply as one line."""
    facts = (f"{say.inline(name)}: {say.inline(value)}" for name, value in reply.facts)
    return " ".join((reply.title, *reply.details, *facts))

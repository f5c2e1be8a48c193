"""The step that a workflow can send by: for the person whom the workflow names, and only so."""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.complete.async_complete import AsyncComplete
from slack_bolt.context.fail.async_fail import AsyncFail

from kwtsms_bot import logs
from kwtsms_bot.commands import obstacles, sending
from kwtsms_bot.commands.base import Ask, Desk, Reply
from kwtsms_bot.commands.gathering import Wish, gather
from kwtsms_bot.commands.preview import needs_approval
from kwtsms_bot.commands.recipients import read_list
from kwtsms_bot.database import DatabaseTrouble
from kwtsms_bot.language import ENGLISH, Language
from kwtsms_bot.outbox.message import Message
from kwtsms_bot.slack import blocks
from kwtsms_bot.slack.directory import Directory
from kwtsms_bot.slack.guarding import Body, apology
from kwtsms_bot.slack.tasks import Tasks
from kwtsms_bot.slack.trouble import SLACK_TROUBLE, is_ill, name

STEP = "send_sms"
NUMBERS, TEXT, USER = "numbers", "text", "user"
log = structlog.get_logger(__name__)
Listen = Callable[[AsyncAck, Body, AsyncComplete, AsyncFail], Awaitable[None]]


class WorkflowStep:
    """Accepts what a workflow wants to send, and tells the workflow the message's id."""

    def __init__(self, desk: Desk, directory: Directory) -> None:
        self._desk, self._directory = desk, directory

    def listener(self, tasks: Tasks) -> Listen:
        """Acknowledged once the message is durable and the step has ended: else Slack repeats it.

        A bot that dies in between would leave the workflow waiting for ever.
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
        event = body.get("event") or {}
        inputs = event.get("inputs") or {}
        try:
            reply = await self._answer(inputs, str(event.get("function_execution_id", "")))
        except DatabaseTrouble as error:  # Not acknowledged: Slack asks once more.
            log.error("database trouble", error=str(error))
            return
        except Exception as error:  # noqa: BLE001 - The last door; it is logged with its trace.
            reply = in_words(apology(error), ENGLISH)
        try:
            if isinstance(reply, str):
                await fail(error=blocks.escape(reply))
            else:
                await complete(outputs=reply)
        except SLACK_TROUBLE as error:
            log.error("step not ended", error=name(error))
            if is_ill(error):  # Not acknowledged either: Slack tells of it again.
                return
        await ack()

    async def _answer(self, inputs: dict[str, Any], key: str) -> dict[str, Any] | str:
        """The step's outputs, or the sentence that says why nothing was sent."""
        person, say = await self._directory.caller(str(inputs.get(USER, "")), "")
        ask = Ask(person=person, say=say, key=key)
        before = await sending.accepted_before(self._desk, ask)
        # Whatever is forbidden since: what is accepted is accepted.
        return _outputs(before) if before is not None else await self._send(ask, inputs)

    async def _send(self, ask: Ask, inputs: dict[str, Any]) -> dict[str, Any] | str:
        desk, say = self._desk, ask.say
        if not desk.config.access.workflows:
            return say("Workflows may not send: access.workflows in config.yaml is false.")
        country = desk.config.kwtsms.default_country
        line = read_list(str(inputs.get(NUMBERS, "")), default_country=country)
        preview = await gather(desk, ask, Wish(line=line, text=str(inputs.get(TEXT, ""))))
        problem = await obstacles.first(desk, ask, preview)
        if problem:
            return in_words(problem, say)
        if preview.mistakes or preview.uncovered:
            return " ".join(preview.mistakes) or say("There is no route to one of the numbers.")
        if needs_approval(preview.credits, desk.config.limits):
            return say("This needs a second person's yes: send it by hand.")
        reply = await sending.accept(desk, ask, sending.draft_of(desk, ask, preview), urgent=True)
        message = reply.accepted
        if message is None:
            return in_words(reply, say)
        return _outputs(message)


def _outputs(message: Message) -> dict[str, Any]:
    return {"message": message.ref, "credits": message.pages * message.size}


def in_words(reply: Reply, say: Language) -> str:
    """An answer as one line."""
    facts = (f"{say.inline(name)}: {say.inline(value)}" for name, value in reply.facts)
    return " ".join((reply.title, *reply.details, *facts))

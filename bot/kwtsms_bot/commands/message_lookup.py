"""Finds the message that a person means: by our id or kwtSMS's, or the last without an id."""

import re
from dataclasses import dataclass

from kwtsms_bot.commands.base import Command, CommandContext, Invocation, Reply, Severity
from kwtsms_bot.i18n.translator import ISOLATES
from kwtsms_bot.outbox.message import Message

_GATEWAY_ID = re.compile(r"[0-9a-f]{32}")  # kwtSMS's msg-id: 32 lowercase hex digits.
_REF = re.compile(r"M[0-9A-Z]{4,12}")
LAST_ALIASES = ("", "last")


@dataclass(frozen=True, slots=True)
class LookupResult:
    """Message of ours, or only kwtSMS's id where another program sent the message."""

    gateway_ids: tuple[str, ...]
    message: Message | None


async def find(
    context: CommandContext, request: Invocation, typed: str, command: Command
) -> LookupResult | Reply:
    """Finds the message that `typed` names; returns a reply if there is none."""
    wanted = ISOLATES.sub("", typed).strip().strip("`<>")  # Copied from a card.
    if wanted.casefold() in LAST_ALIASES:
        message = await context.outbox.messages.latest(request.person.user)
        if message is None:
            title = request.say("You haven't sent any messages yet.")
            return Reply(Severity.INFO, title, examples=_examples(context, command))
        return from_message(message)
    gateway_id, ref = wanted.lower(), wanted.upper()
    if _GATEWAY_ID.fullmatch(gateway_id):
        message = await context.outbox.messages.find(gateway_id)
        return LookupResult((gateway_id,), message)
    message = await context.outbox.messages.find(ref) if _REF.fullmatch(ref) else None
    return (
        from_message(message)
        if message
        else _not_found_reply(context, request, command=command, wanted=wanted)
    )


def from_message(message: Message) -> LookupResult:
    """The lookup result for a message of ours."""
    return LookupResult(message.gateway_ids, message)


def _not_found_reply(
    context: CommandContext, request: Invocation, *, command: Command, wanted: str
) -> Reply:
    title = request.say("No message has the ID “{id}”.", id=wanted[:40])
    details = (
        request.say(
            "Copy the ID from “Show details” on the message's card, or leave it out for your "
            "last message."
        ),
    )
    return Reply(Severity.ERROR, title, details, examples=_examples(context, command))


def _examples(context: CommandContext, command: Command) -> tuple[str, ...]:
    return tuple(
        command.command_line(context.config.slack.command, one) for one in command.examples
    )

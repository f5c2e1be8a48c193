"""Which message a person means: by our id, by the gateway's, or by nothing for the last."""

import re
from dataclasses import dataclass

from kwtsms_bot.commands.base import Command, Desk, Invocation, Reply, Tone
from kwtsms_bot.language import ISOLATES
from kwtsms_bot.outbox.message import Message

_GATEWAY_ID = re.compile(r"[0-9a-f]{32}")  # kwtSMS's msg-id: 32 lowercase hex digits.
_REF = re.compile(r"M[0-9A-Z]{4,12}")
LAST = ("", "last")


@dataclass(frozen=True, slots=True)
class Found:
    """A message of ours, or an id of the gateway's that another program was given."""

    gateway_ids: tuple[str, ...]
    message: Message | None


async def find(desk: Desk, ask: Invocation, typed: str, command: Command) -> Found | Reply:
    """The message that `typed` names, or the answer that says why there is none."""
    wanted = ISOLATES.sub("", typed).strip().strip("`<>")  # As it is copied from a card.
    if wanted.casefold() in LAST:
        message = await desk.store.latest(ask.person.user)
        if message is None:
            title = ask.say("You have not sent anything yet.")
            return Reply(Tone.PLAIN, title, examples=_examples(desk, command))
        return found(message)
    gateway_id, ref = wanted.lower(), wanted.upper()
    if _GATEWAY_ID.fullmatch(gateway_id):
        message = await desk.store.find(gateway_id)
        return Found((gateway_id,), message)
    message = await desk.store.find(ref) if _REF.fullmatch(ref) else None
    return found(message) if message else _unknown(desk, ask, command=command, wanted=wanted)


def found(message: Message) -> Found:
    """A message of ours."""
    return Found(message.gateway_ids, message)


def _unknown(desk: Desk, ask: Invocation, *, command: Command, wanted: str) -> Reply:
    title = ask.say("There is no message with the id “{id}”.", id=wanted[:40])
    details = (
        ask.say(
            "An id stands at the foot of each message's card: ours is short (M7F3KQ2), "
            "kwtSMS's has 32 characters. Without an id your last message is meant."
        ),
    )
    return Reply(Tone.BAD, title, details, examples=_examples(desk, command))


def _examples(desk: Desk, command: Command) -> tuple[str, ...]:
    return tuple(command.typed(desk.config.slack.command, one) for one in command.examples)

"""A message whose outcome cannot be known: a person decides, and the decision is on record."""

from collections.abc import Callable, Coroutine
from typing import Any

from kwtsms_bot.commands.base import Desk, Reply, Tone
from kwtsms_bot.commands.policy import Action, Person, allows
from kwtsms_bot.commands.router import refuse
from kwtsms_bot.outbox.message import State
from kwtsms_bot.outbox.store import AuditEntry

Decision = Callable[[Desk, Person, str], Coroutine[Any, Any, Reply]]


async def send_again(desk: Desk, person: Person, ref: str) -> Reply:
    """Queues anew what is unknown, once: whoever presses second finds nothing left to decide."""
    refusal = await _refusal(desk, person, ref)
    if refusal:
        return refusal
    await desk.store.send_again(ref, desk.now())
    return await _done(desk, person, ref, "send again")


async def treat_as_sent(desk: Desk, person: Person, ref: str) -> Reply:
    """Takes what is unknown as sent; nothing leaves this machine."""
    refusal = await _refusal(desk, person, ref)
    if refusal:
        return refusal
    await desk.store.treat_as_sent(ref, desk.now())
    return await _done(desk, person, ref, "treat as sent")


async def _refusal(desk: Desk, person: Person, ref: str) -> Reply | None:
    if not allows(desk.config.access, person, Action.SEND):
        return await refuse(desk, person, Action.SEND, "decide about this message")
    message = await desk.store.find(ref)
    if message is None or State.UNKNOWN not in message.counts:
        return Reply(Tone.PLAIN, "There is nothing left to decide here: somebody already has.")
    return None


async def _done(desk: Desk, person: Person, ref: str, decision: str) -> Reply:
    entry = AuditEntry(desk.now(), person.user, Action.SEND.value, "allowed", ref, decision)
    await desk.audit.record(entry)
    desk.wake()
    return Reply(Tone.GOOD, f"Done: {decision}.")

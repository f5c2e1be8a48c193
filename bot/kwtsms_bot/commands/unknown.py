"""A message whose outcome cannot be known: a person decides, and the decision is on record."""

from kwtsms_bot.commands.base import Desk, Press, Reply, Tone
from kwtsms_bot.commands.policy import Action, allows
from kwtsms_bot.commands.refusals import by, refuse
from kwtsms_bot.outbox.message import DedupeKey, State

SEND_AGAIN, TREAT_AS_SENT = "unknown_send_again", "unknown_treat_as_sent"


async def send_again(desk: Desk, press: Press) -> Reply:
    """Queues anew what is unknown, once: whoever presses second finds nothing left to decide."""
    found = await _to_decide(desk, press)
    if isinstance(found, Reply):
        return found
    ref, once = found
    now = desk.now()
    expires_at = now + desk.config.outbox.expires_after
    decide = desk.store.send_again(ref, now, by(press), expires_at=expires_at, once=once)
    return _done(desk, press) if await decide else _nothing_left(press)


async def treat_as_sent(desk: Desk, press: Press) -> Reply:
    """Takes what is unknown as sent; nothing leaves this machine."""
    found = await _to_decide(desk, press)
    if isinstance(found, Reply):
        return found
    ref, once = found
    decide = desk.store.treat_as_sent(ref, desk.now(), by(press), once=once)
    return _done(desk, press) if await decide else _nothing_left(press)


async def _to_decide(desk: Desk, press: Press) -> tuple[str, DedupeKey] | Reply:
    """The message, and the key under which this press decides about it.

    The button's value names the message and the state of the card that it stood on; each is good
    for one decision, whatever Slack or a double click delivers.
    """
    if not allows(desk.config.access, press.person, Action.SEND):
        return await refuse(desk, press, Action.SEND, "decide")
    ref = press.value.partition(".")[0]
    message = await desk.store.find(ref)
    if message is None or State.UNKNOWN not in message.counts:
        return _nothing_left(press)
    return ref, DedupeKey("button.unknown", press.value[:200])


def _nothing_left(press: Press) -> Reply:
    title = press.say("There is nothing left to decide here: somebody already has.")
    return Reply(Tone.PLAIN, title)


def _done(desk: Desk, press: Press) -> Reply:
    desk.wake()
    return Reply(Tone.GOOD, press.say("Done."))


DEEDS = {SEND_AGAIN: send_again, TREAT_AS_SENT: treat_as_sent}

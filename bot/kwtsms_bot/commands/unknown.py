"""A message whose outcome cannot be known: a person decides, and the decision is on record."""

from kwtsms_bot.commands.base import Desk, Press, Reply, Tone
from kwtsms_bot.commands.obstacles import of_scope
from kwtsms_bot.commands.policy import Action, allows
from kwtsms_bot.commands.preview import needs_approval
from kwtsms_bot.commands.refusals import by, over_limit, paused, record, refuse
from kwtsms_bot.commands.sending import allowance
from kwtsms_bot.outbox.limits import OverLimit
from kwtsms_bot.outbox.message import DedupeKey, Message, State
from kwtsms_bot.outbox.store import Paused
from kwtsms_client import Phone

SEND_AGAIN, TREAT_AS_SENT = "unknown_send_again", "unknown_treat_as_sent"


async def send_again(desk: Desk, press: Press) -> Reply:
    """Queues anew what is unknown, once: whoever presses second finds nothing left to decide."""
    found = await _to_decide(desk, press)
    if isinstance(found, Reply):
        return found
    message, once = found
    problem = await _stands_against(desk, press, message)
    if problem:
        return problem
    now = desk.now()
    try:
        moved = await desk.store.send_again(
            message.ref,
            now,
            by(press),
            expires_at=now + desk.config.outbox.expires_after,
            once=once,
            allowance=allowance(desk),
        )
    except OverLimit as error:
        return await over_limit(desk, press, error)
    return _done(desk, press) if moved else _nothing_left(press)


async def treat_as_sent(desk: Desk, press: Press) -> Reply:
    """Takes what is unknown as sent; nothing leaves this machine."""
    found = await _to_decide(desk, press)
    if isinstance(found, Reply):
        return found
    message, once = found
    decide = desk.store.treat_as_sent(message.ref, desk.now(), by(press), once=once)
    return _done(desk, press) if await decide else _nothing_left(press)


async def _to_decide(desk: Desk, press: Press) -> tuple[Message, DedupeKey] | Reply:
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
    return message, DedupeKey("button.unknown", press.value[:200])


async def _stands_against(desk: Desk, press: Press, message: Message) -> Reply | None:
    """Why it may not be sent again, or not by this person: the rules are those of a new message.

    Where it would take a second person's yes, whoever presses is that person.
    """
    if pause := await desk.store.paused():
        return paused(Paused(pause), desk.config.slack.command, press.say)
    again = await _unknown(desk, message)
    if needs_approval(message.pages * len(again), desk.config.limits):
        if not allows(desk.config.access, press.person, Action.APPROVE):
            return await refuse(desk, press, Action.APPROVE, "decide")
        if message.author == press.person.user:
            await record(desk, press, "refused", (Action.APPROVE, message.ref, "their own"))
            title = press.say("Nobody approves what they asked for themselves.")
            return Reply(Tone.BAD, title, (press.say("Ask somebody else to look at it."),))
    return await of_scope(desk, press, again)


async def _unknown(desk: Desk, message: Message) -> tuple[Phone, ...]:
    """The numbers of which it is not known whether they got it."""
    found: list[Phone] = []
    after = 0
    while page := await desk.store.recipients(message.id, (State.UNKNOWN,), after=after):
        found += [Phone(one.phone) for one in page if one.phone]
        after = page[-1].id
    return tuple(found)


def _nothing_left(press: Press) -> Reply:
    title = press.say("There is nothing left to decide here: somebody already has.")
    return Reply(Tone.PLAIN, title)


def _done(desk: Desk, press: Press) -> Reply:
    desk.wake()
    return Reply(Tone.GOOD, press.say("Done."))


DEEDS = {SEND_AGAIN: send_again, TREAT_AS_SENT: treat_as_sent}

"""`/sms cancel`, `/sms pause`, `/sms resume`: taking back, and the kill switch."""

from kwtsms_bot.commands import lookup, refusals
from kwtsms_bot.commands.base import Ask, Command, Desk, Invocation, Press, Reply, Tone
from kwtsms_bot.commands.policy import Action, allows
from kwtsms_bot.language import marked
from kwtsms_bot.outbox.message import DedupeKey, Message
from kwtsms_bot.outbox.store import Paused, TakenBack

CANCEL = "message_cancel"


async def cancel(desk: Desk, ask: Invocation, rest: str) -> Reply:
    """Takes a message back, as far as it has not left."""
    found = await lookup.find(desk, ask, rest, CANCEL_COMMAND)
    if isinstance(found, Reply):
        return found
    if found.message is None:
        title = ask.say("That message was not sent by this bot: it cannot be taken back here.")
        return Reply(Tone.BAD, title)
    return await _cancel(desk, ask, found.message)


async def press_cancel(desk: Desk, press: Press) -> Reply:
    """The button of the same meaning."""
    message = await desk.store.find(press.value)
    if message is None:
        return Reply(Tone.PLAIN, press.say("That message is not there any more."))
    return await _cancel(desk, press, message)


async def _cancel(desk: Desk, ask: Ask, message: Message) -> Reply:
    access, person = desk.config.access, ask.person
    own = message.author == person.user and allows(access, person, Action.SEND)
    if not (own or allows(access, person, Action.ADMIN)):
        return await refusals.refuse(desk, ask, Action.ADMIN, "cancel")
    if not await _is_new(desk, ask):
        return _done_before(ask)
    found = await desk.store.cancel(message.ref, desk.now(), refusals.by(ask))
    if not (found.count or found.leaving):
        title = ask.say("It is too late: nothing of {ref} is waiting any more.", ref=message.ref)
        return Reply(Tone.PLAIN, title)
    desk.wake()
    return _taken_back(ask, message.ref, found)


def _taken_back(ask: Ask, ref: str, found: TakenBack) -> Reply:
    say = ask.say
    leaving = say.plural(
        "{count} number is on its way at this moment; where kwtSMS does not take it, it is not "
        "tried again.",
        "{count} numbers are on their way at this moment; where kwtSMS does not take them, they "
        "are not tried again.",
        found.leaving,
    )
    if not found.count:
        return Reply(Tone.WARNING, say("It is almost too late."), (leaving,))
    title = say.plural(
        "Taken back: {count} number gets nothing of {ref}.",
        "Taken back: {count} numbers get nothing of {ref}.",
        found.count,
        ref=ref,
    )
    return Reply(Tone.GOOD, title, (leaving,) if found.leaving else ())


async def pause(desk: Desk, ask: Invocation, rest: str) -> Reply:
    """Stops everything: nothing is accepted, and what waits keeps waiting."""
    if not await _is_new(desk, ask):
        return _done_before(ask)
    fresh = await desk.store.pause(rest.strip()[:200], desk.now(), refusals.by(ask))
    if not fresh and (held := await desk.store.paused()):
        return refusals.paused(Paused(held), desk.config.slack.command, ask.say)
    details = (
        ask.say("What waits keeps waiting, until it is too old; what is in flight is finished."),
    )
    examples = (RESUME.typed(desk.config.slack.command),)
    title = ask.say("All sending is paused.")
    return Reply(Tone.WARNING, title, details, examples=examples)


async def resume(desk: Desk, ask: Invocation, _rest: str) -> Reply:
    """Lets it go on."""
    if not await _is_new(desk, ask):
        return _done_before(ask)
    if not await desk.store.resume(desk.now(), refusals.by(ask)):
        return Reply(Tone.PLAIN, ask.say("Sending was not paused."))
    desk.wake()
    return Reply(Tone.GOOD, ask.say("Sending goes on. What waited goes out now."))


async def _is_new(desk: Desk, ask: Ask) -> bool:
    """Whether this is the first time that it comes: what was lifted since must stay lifted."""
    return await desk.store.consume(DedupeKey("control", ask.key), desk.now())


def _done_before(ask: Ask) -> Reply:
    return Reply(Tone.PLAIN, ask.say("Slack has brought this twice; the first time counts."))


CANCEL_COMMAND = Command(
    "cancel",
    marked("[ID]"),
    marked("Take a message back that has not left yet"),
    ("", "M7F3KQ2"),
    Action.SEND,
    cancel,
)
PAUSE = Command(
    "pause", marked("[REASON]"), marked("Stop all sending"), ("a mistake",), Action.ADMIN, pause
)
RESUME = Command("resume", "", marked("Let sending go on"), ("",), Action.ADMIN, resume)
DEEDS = {CANCEL: press_cancel}

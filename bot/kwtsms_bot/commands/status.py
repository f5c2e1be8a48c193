"""`/sms status`: what we know of a message, and what kwtSMS says of it this moment.

What it says of a message of ours is written down, so that its card shows it, too.
"""

from kwtsms_bot import retelling
from kwtsms_bot.commands import lookup, wording
from kwtsms_bot.commands.base import Ask, Command, Desk, Invocation, Reply, Tone
from kwtsms_bot.commands.lookup import Found
from kwtsms_bot.commands.policy import Action
from kwtsms_bot.language import Language, marked
from kwtsms_bot.outbox.message import Message
from kwtsms_bot.outbox.tracking import (
    STUCK,
    Learned,
    Tracked,
    from_refusal,
    from_report,
    from_status,
    wants_report,
)
from kwtsms_client import Rejected, Status, mask

MAX_ASKED = 3  # Each is a request of its own, and requests are paced.
MAX_LISTED = 5  # Numbers of a delivery report.


async def run(desk: Desk, ask: Invocation, rest: str) -> Reply:
    """Answers from the outbox, and asks kwtSMS where it has the message."""
    found = await lookup.find(desk, ask, rest, COMMAND)
    return found if isinstance(found, Reply) else await tell(desk, ask, found)


async def tell(desk: Desk, ask: Ask, found: Found) -> Reply:
    """What is known of a message, and what kwtSMS says."""
    say, facts = ask.say, []
    for gateway_id in found.gateway_ids[:MAX_ASKED]:
        facts.append((say("kwtSMS id"), gateway_id))
        facts.append((say("kwtSMS says"), await _ask(desk, gateway_id, say)))
    if found.message is None:
        return Reply(Tone.PLAIN, say("A message of this account"), facts=tuple(facts))
    message = await _as_it_is_now(desk, found.message)
    facts.insert(0, (say("State"), wording.summary(message, say)))
    title = say("Message {ref}", ref=message.ref)
    return Reply(Tone.PLAIN, title, wording.explanations(message, say), tuple(facts))


async def _as_it_is_now(desk: Desk, message: Message) -> Message:
    """With what has just been learned."""
    return await desk.store.get(message.id) or message


async def _ask(desk: Desk, gateway_id: str, say: Language) -> str:
    """What kwtSMS says of a call; written down where the call is ours."""
    tracked = await desk.store.taken(gateway_id)
    try:
        if tracked is None:
            return _said(await desk.gateway.status(gateway_id), say)
        learned, said = await _answer(desk, tracked, say)
    except Rejected as error:
        learned, said = Learned(), _refused(error, say)
        if tracked is not None:
            learned = from_refusal(tracked, error)
    if tracked is not None and await desk.store.note_answer(tracked, learned, desk.now()):
        desk.wake()
    return said


async def _answer(desk: Desk, tracked: Tracked, say: Language) -> tuple[Learned, str]:
    """The same question that the tracker would ask now."""
    if wants_report(tracked, desk.now()):
        report = await desk.gateway.dlr(tracked.gateway_id)
        lines = [
            f"{say.ltr(mask(one.recipient))}: {say.inline(retelling.word(one.status, say))}"
            for one in report.deliveries
        ]
        more = ["…"] if len(lines) > MAX_LISTED else []
        return from_report(tracked, report), say(", ").join(lines[:MAX_LISTED] + more) or "–"
    status = await desk.gateway.status(tracked.gateway_id)
    return from_status(tracked, status.status), _said(status, say)


def _said(status: Status, say: Language) -> str:
    told = (say.inline(retelling.word(one, say)) for one in (status.status, status.description))
    return ": ".join(filter(None, told))


def _refused(error: Rejected, say: Language) -> str:
    if error.code == STUCK:
        stuck = say("Accepted, and stuck in its queue (ERR030).")
        return f"{stuck} {retelling.remedy(error.code, say)}"
    return retelling.trouble(error, say)


COMMAND = Command(
    "status",
    marked("[ID]"),
    marked("What became of a message (without an id: your last one)"),
    ("", "f4c841adee210f31307633ceaebff2ec"),
    Action.READ,
    run,
)

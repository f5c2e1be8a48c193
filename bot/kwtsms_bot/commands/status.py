"""`/sms status`: what we know of a message, and what kwtSMS says of it this moment."""

from kwtsms_bot import retelling
from kwtsms_bot.commands import lookup, wording
from kwtsms_bot.commands.base import Ask, Command, Desk, Invocation, Reply, Tone
from kwtsms_bot.commands.lookup import Found
from kwtsms_bot.commands.policy import Action
from kwtsms_bot.language import Language, marked
from kwtsms_client import Rejected

MAX_ASKED = 3  # Each is a request of its own, and requests are paced.
STUCK = "ERR030"


async def run(desk: Desk, ask: Invocation, rest: str) -> Reply:
    """Answers from the outbox, and asks kwtSMS where it has the message."""
    found = await lookup.find(desk, ask, rest, COMMAND)
    return found if isinstance(found, Reply) else await tell(desk, ask, found)


async def tell(desk: Desk, ask: Ask, found: Found) -> Reply:
    """What is known of a message, and what kwtSMS says."""
    say, message = ask.say, found.message
    facts = [(say("State"), wording.summary(message, say))] if message else []
    for gateway_id in found.gateway_ids[:MAX_ASKED]:
        facts.append((say("kwtSMS id"), gateway_id))
        facts.append((say("kwtSMS says"), await _ask(desk, gateway_id, say)))
    if message is None:
        return Reply(Tone.PLAIN, say("A message of this account"), facts=tuple(facts))
    title = say("Message {ref}", ref=message.ref)
    return Reply(Tone.PLAIN, title, wording.explanations(message, say), tuple(facts))


async def _ask(desk: Desk, gateway_id: str, say: Language) -> str:
    try:
        status = await desk.gateway.status(gateway_id)
    except Rejected as error:
        if error.code == STUCK:
            stuck = say("Accepted, and stuck in its queue (ERR030).")
            return f"{stuck} {retelling.remedy(error.code, say)}"
        return retelling.trouble(error, say)
    told = (say.inline(retelling.word(one, say)) for one in (status.status, status.description))
    return ": ".join(filter(None, told))


COMMAND = Command(
    "status",
    marked("[ID]"),
    marked("What became of a message (without an id: your last one)"),
    ("", "f4c841adee210f31307633ceaebff2ec"),
    Action.READ,
    run,
)

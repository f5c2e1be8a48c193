"""`/sms status`: what we know of a message, and what kwtSMS says of it this moment."""

from kwtsms_bot.commands import lookup, wording
from kwtsms_bot.commands.base import Command, Desk, Invocation, Reply, Tone
from kwtsms_bot.commands.policy import Action
from kwtsms_client import Rejected

MAX_ASKED = 3  # Each is a request of its own, and requests are paced.
STUCK = "ERR030"


async def run(desk: Desk, ask: Invocation, rest: str) -> Reply:
    """Answers from the outbox, and asks kwtSMS where it has the message."""
    found = await lookup.find(desk, ask, rest, COMMAND)
    if isinstance(found, Reply):
        return found
    message = found.message
    facts = [("State", wording.summary(message))] if message else []
    for gateway_id in found.gateway_ids[:MAX_ASKED]:
        facts += [("kwtSMS id", gateway_id), ("kwtSMS says", await _ask(desk, gateway_id))]
    title = f"Message {message.ref}" if message else "A message of this account"
    details = wording.explanations(message) if message else ()
    return Reply(Tone.PLAIN, title, details, tuple(facts))


async def _ask(desk: Desk, gateway_id: str) -> str:
    try:
        status = await desk.gateway.status(gateway_id)
    except Rejected as error:
        if error.code == STUCK:
            return "Accepted, and stuck in its queue (ERR030). " + error.remedy
        return f"{error.description} ({error.code})"
    return f"{status.status}: {status.description}" if status.description else status.status


COMMAND = Command(
    "status",
    "[ID]",
    "What became of a message (without an id: your last one)",
    ("", "f4c841adee210f31307633ceaebff2ec"),
    Action.READ,
    run,
)

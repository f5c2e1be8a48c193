"""`/sms history` and `/sms whoami`: what somebody sent, and what they may."""

from kwtsms_bot.commands import wording
from kwtsms_bot.commands.base import Command, Desk, Invocation, Reply, Tone
from kwtsms_bot.commands.policy import ROLES, Action, allows
from kwtsms_bot.commands.refusals import refuse
from kwtsms_bot.kuwait import ZONE
from kwtsms_bot.language import Language, marked
from kwtsms_bot.outbox.message import Message
from kwtsms_client import mask

SHOWN = 10
DEEDS = {
    Action.READ: marked("read"),
    Action.SEND: marked("send"),
    Action.BULK: marked("bulk"),
    Action.APPROVE: marked("approve"),
    Action.ADMIN: marked("admin"),
}


async def history(desk: Desk, ask: Invocation, rest: str) -> Reply:
    """The newest messages: one's own, or everybody's for an administrator."""
    say, all_people = ask.say, rest.strip().casefold() == "all"
    if all_people and not allows(desk.config.access, ask.person, Action.ADMIN):
        return await refuse(desk, ask, Action.ADMIN, "history all")
    found = await desk.store.recent(None if all_people else ask.person.user, SHOWN)
    if not found:
        return Reply(Tone.PLAIN, say("Nothing has been sent yet."))
    facts = []
    for message in found:
        who = f" · {say.inline(await desk.people.name(message.author))}" if all_people else ""
        facts.append((message.ref, line(message, say) + who))
    title = say("The last messages of all") if all_people else say("Your last messages")
    return Reply(Tone.PLAIN, title, facts=tuple(facts))


def line(message: Message, say: Language) -> str:
    """A message in one line: when, to whom, what became of it. Not what it said."""
    when = say.ltr(message.created_at.astimezone(ZONE).strftime("%d.%m. %H:%M"))
    whom = wording.with_more(say.ltr(mask(message.first[0])), message.size - 1, say)
    return f"{when} · {whom} · {wording.summary(message, say)}"


async def whoami(desk: Desk, ask: Invocation, _rest: str) -> Reply:
    """What the permissions know of somebody, and what they may do here."""
    say, person, access = ask.say, ask.person, desk.config.access
    may = [say(DEEDS[action]) for action in ROLES if allows(access, person, action)]
    facts = [
        (say("Your Slack id"), person.user),
        (say("This channel"), person.channel or "–"),
        (say("User groups"), say.listed(sorted(person.groups)) or "–"),
        (say("You may"), say.listed(may) or "–"),
    ]
    details: tuple[str, ...] = ()
    if person.outsider:
        details = (say("Guests and people from other workspaces need it for their own Slack id."),)
    return Reply(Tone.PLAIN, await desk.people.name(person.user), details, tuple(facts))


HISTORY = Command(
    "history", marked("[all]"), marked("What you sent last"), ("",), Action.READ, history
)
WHOAMI = Command("whoami", "", marked("What you may do here"), ("",), Action.HELP, whoami)

"""`/sms history` and `/sms whoami`: a person's latest messages, and their permissions."""

from kwtsms_bot.commands import status_text
from kwtsms_bot.commands.base import Command, CommandContext, Invocation, Reply, Severity
from kwtsms_bot.commands.error_replies import refuse
from kwtsms_bot.commands.policy import ROLES, Permission, allows
from kwtsms_bot.i18n.dates import format_short_datetime
from kwtsms_bot.i18n.translator import N_, Language
from kwtsms_bot.outbox.queries.summaries import MessageSummary

MAX_SHOWN = 10
MAX_WORDS = 40  # Characters of a text in a line.
PERMISSION_NAMES = {
    Permission.READ: N_("view"),
    Permission.SEND: N_("send"),
    Permission.BULK: N_("send in bulk"),
    Permission.APPROVE: N_("approve"),
    Permission.ADMIN: N_("manage"),
}


async def history(context: CommandContext, request: Invocation, rest: str) -> Reply:
    """Lists the requester's latest messages; `all` lists everybody's, for administrators."""
    say, everybody = request.say, rest.strip().casefold() == "all"
    if everybody and not allows(context.config.access, request.person, Permission.ADMIN):
        return await refuse(context, request, Permission.ADMIN, "history all")
    messages = await context.outbox.messages.recent(
        None if everybody else request.person.user, MAX_SHOWN
    )
    if not messages:
        return Reply(Severity.INFO, say("No messages yet."))
    facts = []
    for message in messages:
        author = f" · {say.inline(await context.users.name(message.author))}" if everybody else ""
        facts.append((message.ref, format_line(message, say) + author))
    title = say("Recent messages (everyone)") if everybody else say("Your recent messages")
    return Reply(Severity.INFO, title, facts=tuple(facts))


def format_line(message: MessageSummary, say: Language) -> str:
    """A message in one line: its time, recipients, status and first words."""
    when = format_short_datetime(message.created_at, say)
    first = say.inline(status_text.mask_number(message.first_phone, say))
    recipients = status_text.with_more(first, message.size - 1, say)
    summary = status_text.summary(message.counts, say, presumed_sent=message.presumed_sent)
    line = f"{when} · {recipients} · {summary}"
    words = first_words(message.text_start or "")
    return f"{line} · {say('“{text}”', text=words)}" if words else line


def first_words(text: str) -> str:
    """The first words of a text in one line; a text that is longer ends with an ellipsis."""
    flat = " ".join(text.split())
    if len(flat) <= MAX_WORDS:
        return flat
    start = flat[: MAX_WORDS + 1]
    words = start.rpartition(" ")[0] or start[:MAX_WORDS]
    return f"{words}…"


async def whoami(context: CommandContext, request: Invocation, _rest: str) -> Reply:
    """Shows the requester's ids and their permissions in this channel."""
    say, person, access = request.say, request.person, context.config.access
    allowed = [say(PERMISSION_NAMES[action]) for action in ROLES if allows(access, person, action)]
    facts = [
        (say("Your Slack ID"), person.user),
        (say("This channel"), person.channel or "–"),
        (say("User groups"), say.join(sorted(person.groups)) or "–"),
        (say("Your permissions"), say.join(allowed) or "–"),
    ]
    details: tuple[str, ...] = ()
    if person.outsider:
        details = (say("You're a guest here, so the role must be given to your own Slack ID."),)
    return Reply(Severity.INFO, await context.users.name(person.user), details, tuple(facts))


HISTORY = Command(
    "history", N_("[all]"), N_("Your recent messages"), ("",), Permission.READ, history
)
WHOAMI = Command("whoami", "", N_("Show your permissions here"), ("",), Permission.HELP, whoami)

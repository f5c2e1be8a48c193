"""Replies to errors and refusals, which say what to do; refusals go to the audit log too."""

from kwtsms_bot import logs
from kwtsms_bot.commands.base import (
    CommandContext,
    CommandRequest,
    Reply,
    Severity,
    UserMention,
)
from kwtsms_bot.commands.mentions import admin_facts
from kwtsms_bot.commands.policy import ROLES, Permission
from kwtsms_bot.database import CommitUnknown, DatabaseError, InvalidValue
from kwtsms_bot.i18n import gateway_texts
from kwtsms_bot.i18n.dates import format_datetime, format_time
from kwtsms_bot.i18n.translator import N_, Language
from kwtsms_bot.outbox.quota.limits import Limit, QuotaExceeded, QuotaExceededError
from kwtsms_bot.outbox.store import Actor, SendingPaused
from kwtsms_client import KwtSMSError, NotSent, Rejected, UnknownOutcome

UNREACHABLE = (
    N_("Can't reach kwtSMS."),
    N_("Try again in a minute. If it keeps happening, check the server's network and firewall."),
)
UNREADABLE = (
    N_("kwtSMS didn't send a readable answer."),
    N_("Try again in a minute. Nothing was changed."),
)
COMMIT_UNKNOWN = N_("Database error: your request may have completed.")
# Role names stay as in config.yaml; Arabic adds what they mean.
ROLE_NAMES = {
    "reader": N_("reader"),
    "sender": N_("sender"),
    "bulk": N_("bulk"),
    "admin": N_("admin"),
}
INVALID = (N_("Your request isn't valid."), N_("Check what you typed and try again."))


def gateway_error_reply(error: KwtSMSError, say: Language) -> Reply:
    """The reply to a question that kwtSMS did not answer, with what to do about it."""
    if isinstance(error, Rejected):
        description = gateway_texts.translate_error(error.code, error.description, say)
        title = say("kwtSMS rejected the request: {description}", description=description)
        advice = say("What to do: {remedy}", remedy=gateway_texts.translate_remedy(error.code, say))
        return Reply(Severity.ERROR, title, (advice,), ((say("Code"), error.code),))
    if isinstance(error, NotSent):
        title, remedy = UNREACHABLE
    elif isinstance(error, UnknownOutcome):
        title, remedy = UNREADABLE
    else:
        title, remedy = INVALID
    details = (
        gateway_texts.translate_text(str(error), say),
        say("What to do: {remedy}", remedy=say(remedy)),
    )
    return Reply(Severity.ERROR, say(title), details)


def database_error_reply(error: DatabaseError, slash: str, say: Language) -> Reply:
    """The reply when the database does not answer, broke off, or does not store a value."""
    if isinstance(error, CommitUnknown):
        title = say(COMMIT_UNKNOWN)
        advice = say(
            "Before you try again, check {history} in a minute.", history=f"{slash} history"
        )
        return Reply(Severity.ERROR, title, (advice,))
    if isinstance(error, InvalidValue):
        title = say("Nothing was done: your input can't be stored.")
        advice = say("Shorten the text or remove special characters, then try again.")
        return Reply(Severity.ERROR, title, (advice,))
    title = say("The bot's database isn't responding. Nothing was sent.")
    details = (say("Try again in a minute. If it keeps happening, tell an admin."),)
    return Reply(Severity.ERROR, title, details)


def actor_of(request: CommandRequest) -> Actor:
    """The requester as an actor of the audit log."""
    person = request.person
    return Actor(person.user, person.team, person.channel, logs.current_request_id())


async def audit(
    context: CommandContext,
    request: CommandRequest,
    decision: str,
    about: tuple[Permission, str, str],
) -> None:
    """Records a decision in the audit log; `about` is the permission, its subject and the detail.

    Changes have their entry in the transaction that makes them: the store writes that.
    """
    permission, subject, detail = about
    line = actor_of(request).entry(
        context.now(), permission.value, decision, subject=subject, detail=detail
    )
    await context.audit.record(line)


async def refuse(
    context: CommandContext, request: CommandRequest, permission: Permission, subject: str
) -> Reply:
    """Records a refusal and returns the reply to a person without the role."""
    channel = request.person.channel or "no channel"
    detail = f"needs one of: {', '.join(ROLES[permission])}; asked in {channel}"
    await audit(context, request, "refused", (permission, subject, detail))
    say, person = request.say, request.person
    if person.deactivated:
        title = say("This person's Slack account is deactivated. Nothing was done.")
        return Reply(Severity.ERROR, title)
    if not person.known:
        title = say("Slack can't confirm who you are. Nothing was done.")
        return Reply(Severity.WARNING, title, (say("Try again in a minute."),))
    details = [say("Ask an admin for the {role} role.", role=say(ROLE_NAMES[ROLES[permission][0]]))]
    if person.outsider:
        details.append(say("You're a guest here, so the role must be given to your own Slack ID."))
    facts = [(say("Your Slack ID"), person.user)]
    if person.channel:
        facts.append((say("This channel"), person.channel))
    title = say("You don't have permission to do this here.")
    facts += await admin_facts(context, say)
    return Reply(Severity.ERROR, title, tuple(details), tuple(facts))


async def refuse_quota_exceeded(
    context: CommandContext, request: CommandRequest, error: QuotaExceededError
) -> Reply:
    """Records a refusal and returns the reply that says which limit, and when it ends."""
    exceeded = error.exceeded
    await audit(
        context, request, "refused", (Permission.SEND, "send", f"over the limit: {exceeded.limit}")
    )
    return Reply(
        Severity.ERROR,
        request.say("Message not sent: limit reached."),
        _limit_details(exceeded, request.say),
        await admin_facts(context, request.say),
    )


def _limit_details(exceeded: QuotaExceeded, say: Language) -> tuple[str, ...]:
    if exceeded.limit is Limit.PERSON:
        what = say.plural(
            "You can send {count} message an hour.",
            "You can send {count} messages an hour.",
            exceeded.maximum,
        )
    elif exceeded.limit is Limit.NUMBER:
        what = say.plural(
            "A recipient can get {count} message an hour.",
            "A recipient can get {count} messages an hour.",
            exceeded.maximum,
        )
    elif exceeded.limit is Limit.TEXT:
        what = say.plural(
            "Without the bulk role, you can send the same text to {count} recipient an hour.",
            "Without the bulk role, you can send the same text to {count} recipients an hour.",
            exceeded.maximum,
        )
    elif exceeded.limit is Limit.SPENDING:
        what = say.plural(
            "You can use {count} credit an hour; you have {left} left.",
            "You can use {count} credits an hour; you have {left} left.",
            exceeded.maximum,
            left=exceeded.remaining,
        )
    else:
        what = _day_detail(exceeded, say)
    when = say("The limit resets at {time}.", time=format_time(exceeded.ends_at, say))
    return what, when, say("For a higher limit, ask an admin (limits in config.yaml).")


def _day_detail(exceeded: QuotaExceeded, say: Language) -> str:
    what = say.plural(
        "Everyone together can use {count} credit a day; {left} left today.",
        "Everyone together can use {count} credits a day; {left} left today.",
        exceeded.maximum,
        left=exceeded.remaining,
    )
    if not exceeded.urgent_credits:
        return what
    kept = say.plural(
        "{count} credit is reserved for urgent messages.",
        "{count} credits are reserved for urgent messages.",
        exceeded.urgent_credits,
    )
    return f"{what} {kept}"


def paused_reply(error: SendingPaused, slash: str, say: Language) -> Reply:
    """The reply while an administrator has paused all sending."""
    pause = error.pause
    facts = [
        (say("Paused by"), UserMention(pause.actor, pause.actor)),
        (say("Since"), format_datetime(pause.at, say)),
    ]
    if pause.reason:
        facts.append((say("Reason"), pause.reason))
    title = say("Sending is paused.")
    details = (say("An admin can resume it with {command}.", command=f"{slash} resume"),)
    return Reply(Severity.WARNING, title, details, tuple(facts))

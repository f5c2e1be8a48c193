"""Replies to errors and refusals, which say what to do; refusals go to the audit log too."""

from kwtsms_bot import logs
from kwtsms_bot.commands.base import (
    CommandContext,
    CommandRequest,
    Reply,
    Severity,
    UserMention,
)
from kwtsms_bot.commands.policy import ROLES, Permission
from kwtsms_bot.database import CommitUnknown, DatabaseError, InvalidValue
from kwtsms_bot.i18n import gateway_texts
from kwtsms_bot.i18n.translator import N_, Language
from kwtsms_bot.kuwait_time import KUWAIT_TZ
from kwtsms_bot.outbox.quota.limits import Limit, QuotaExceeded, QuotaExceededError
from kwtsms_bot.outbox.store import Actor, SendingPaused
from kwtsms_client import KwtSMSError, NotSent, Rejected, UnknownOutcome

UNREACHABLE = (
    N_("kwtSMS cannot be reached from here."),
    N_("Try again in a minute. If it stays so, check this server's network and firewall."),
)
UNREADABLE = (
    N_("kwtSMS gave no readable answer."),
    N_("Try again in a minute: nothing was changed by asking."),
)
COMMIT_UNKNOWN = N_("The bot's database broke off: it is not known whether that was done.")
INVALID = (N_("That could not be asked."), N_("Check what you typed."))


def gateway_error_reply(error: KwtSMSError, say: Language) -> Reply:
    """The reply to a question that kwtSMS did not answer, with what to do about it."""
    if isinstance(error, Rejected):
        description = gateway_texts.translate_error(error.code, error.description, say)
        title = say("kwtSMS refused: {description}", description=description)
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
            "Look at {history} in a minute, before you do it again.", history=f"{slash} history"
        )
        return Reply(Severity.ERROR, title, (advice,))
    if isinstance(error, InvalidValue):
        title = say("Nothing was done: the bot can't store a part of what you entered.")
        advice = say("Enter it again, with shorter and plainer text.")
        return Reply(Severity.ERROR, title, (advice,))
    title = say("The bot's database does not answer. Nothing was accepted, and nothing was sent.")
    details = (say("Try again in a minute; if it stays so, tell whoever runs the bot."),)
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
        title = say("Slack does not say who you are. Nothing was done.")
        return Reply(Severity.WARNING, title, (say("Try again in a minute."),))
    details = [
        say(
            "Ask an administrator of the bot for the role {role}: it is given in config.yaml, "
            "under access.",
            role=ROLES[permission][0],
        )
    ]
    if person.outsider:
        details.append(
            say("Guests and people from other workspaces need it for their own Slack id.")
        )
    facts = [(say("Your Slack id"), person.user)]
    if person.channel:
        facts.append((say("This channel"), person.channel))
    title = say("You may not do that here.")
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
        request.say("Nothing was sent: that would be too much."),
        _limit_details(exceeded, request.say),
    )


def _limit_details(exceeded: QuotaExceeded, say: Language) -> tuple[str, ...]:
    until = exceeded.ends_at.astimezone(KUWAIT_TZ).strftime("%H:%M")
    if exceeded.limit is Limit.PERSON:
        what = say.plural(
            "One person may send {count} message in an hour.",
            "One person may send {count} messages in an hour.",
            exceeded.maximum,
        )
    elif exceeded.limit is Limit.NUMBER:
        what = say.plural(
            "One phone may get {count} message in an hour.",
            "One phone may get {count} messages in an hour.",
            exceeded.maximum,
        )
    elif exceeded.limit is Limit.TEXT:
        what = say.plural(
            "Without the role bulk, you can send one text to {count} number in an hour.",
            "Without the role bulk, you can send one text to {count} numbers in an hour.",
            exceeded.maximum,
        )
    elif exceeded.limit is Limit.SPENDING:
        what = say.plural(
            "You can spend {count} credit in an hour; you have {left} left.",
            "You can spend {count} credits in an hour; you have {left} left.",
            exceeded.maximum,
            left=exceeded.remaining,
        )
    else:
        what = _day_detail(exceeded, say)
    when = say("That ends at {time} (Kuwait).", time=until)
    return what, when, say("An administrator can change it in config.yaml, under limits.")


def _day_detail(exceeded: QuotaExceeded, say: Language) -> str:
    what = say.plural(
        "All people together may spend {count} credit a day; {left} are left of today's.",
        "All people together may spend {count} credits a day; {left} are left of today's.",
        exceeded.maximum,
        left=exceeded.remaining,
    )
    if not exceeded.urgent_credits:
        return what
    kept = say.plural(
        "{count} credit is kept for urgent messages.",
        "{count} credits are kept for urgent messages.",
        exceeded.urgent_credits,
    )
    return f"{what} {kept}"


def paused_reply(error: SendingPaused, slash: str, say: Language) -> Reply:
    """The reply while an administrator has paused all sending."""
    pause = error.pause
    since = pause.at.astimezone(KUWAIT_TZ).strftime("%H:%M")
    facts = [(say("Paused by"), UserMention(pause.actor, pause.actor)), (say("Since"), since)]
    if pause.reason:
        facts.append((say("Reason"), pause.reason))
    title = say("All sending is paused. Nothing was sent.")
    details = (say("An administrator can lift it with {command}.", command=f"{slash} resume"),)
    return Reply(Severity.WARNING, title, details, tuple(facts))

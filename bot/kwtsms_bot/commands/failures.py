"""What went wrong with kwtSMS or the database, as an answer that says what to do. Pure."""

from kwtsms_bot import retelling
from kwtsms_bot.commands.base import Reply, Severity
from kwtsms_bot.database import CommitUnknown, DatabaseError
from kwtsms_bot.language import N_, Language
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
    """The answer for somebody whose question could not be answered."""
    if isinstance(error, Rejected):
        description = retelling.translate_error(error.code, error.description, say)
        title = say("kwtSMS refused: {description}", description=description)
        advice = say("What to do: {remedy}", remedy=retelling.translate_remedy(error.code, say))
        return Reply(Severity.ERROR, title, (advice,), ((say("Code"), error.code),))
    if isinstance(error, NotSent):
        title, remedy = UNREACHABLE
    elif isinstance(error, UnknownOutcome):
        title, remedy = UNREADABLE
    else:
        title, remedy = INVALID
    details = (
        retelling.translate_text(str(error), say),
        say("What to do: {remedy}", remedy=say(remedy)),
    )
    return Reply(Severity.ERROR, say(title), details)


def database_error_reply(error: DatabaseError, slash: str, say: Language) -> Reply:
    """The answer where the database does not answer, or broke off at the last moment."""
    if isinstance(error, CommitUnknown):
        title = say(COMMIT_UNKNOWN)
        advice = say(
            "Look at {history} in a minute, before you do it again.", history=f"{slash} history"
        )
        return Reply(Severity.ERROR, title, (advice,))
    title = say("The bot's database does not answer. Nothing was accepted, and nothing was sent.")
    details = (say("Try again in a minute; if it stays so, tell whoever runs the bot."),)
    return Reply(Severity.ERROR, title, details)

"""What went wrong with kwtSMS or the database, as an answer that says what to do. Pure."""

from kwtsms_bot import retelling
from kwtsms_bot.commands.base import Reply, Tone
from kwtsms_bot.database import CommitLost, DatabaseTrouble
from kwtsms_bot.language import Language, marked
from kwtsms_client import KwtSMSError, NotSent, Rejected, UnknownOutcome

UNREACHABLE = (
    marked("kwtSMS cannot be reached from here."),
    marked("Try again in a minute. If it stays so, check this server's network and firewall."),
)
UNREADABLE = (
    marked("kwtSMS gave no readable answer."),
    marked("Try again in a minute: nothing was changed by asking."),
)
BROKE_OFF = marked("The bot's database broke off: it is not known whether that was done.")
WRONG = (marked("That could not be asked."), marked("Check what you typed."))


def explain(error: KwtSMSError, say: Language) -> Reply:
    """The answer for somebody whose question could not be answered."""
    if isinstance(error, Rejected):
        what = retelling.meaning(error.code, error.description, say)
        title = say("kwtSMS refused: {description}", description=what)
        todo = say("What to do: {remedy}", remedy=retelling.remedy(error.code, say))
        return Reply(Tone.BAD, title, (todo,), ((say("Code"), error.code),))
    if isinstance(error, NotSent):
        title, remedy = UNREACHABLE
    elif isinstance(error, UnknownOutcome):
        title, remedy = UNREADABLE
    else:
        title, remedy = WRONG
    details = (retelling.retold(str(error), say), say("What to do: {remedy}", remedy=say(remedy)))
    return Reply(Tone.BAD, say(title), details)


def trouble(error: DatabaseTrouble, slash: str, say: Language) -> Reply:
    """The answer where the database does not answer, or broke off at the last moment."""
    if isinstance(error, CommitLost):
        title = say(BROKE_OFF)
        look = say(
            "Look at {history} in a minute, before you do it again.", history=f"{slash} history"
        )
        return Reply(Tone.BAD, title, (look,))
    title = say("The bot's database does not answer. Nothing was accepted, and nothing was sent.")
    details = (say("Try again in a minute; if it stays so, tell whoever runs the bot."),)
    return Reply(Tone.BAD, title, details)

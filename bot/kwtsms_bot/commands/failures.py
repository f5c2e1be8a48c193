"""What went wrong between us and kwtSMS, as an answer that says what to do. Pure."""

from kwtsms_bot.commands.base import Reply, Tone
from kwtsms_client import KwtSMSError, NotSent, Rejected, UnknownOutcome


def explain(error: KwtSMSError) -> Reply:
    """The answer for somebody whose question could not be answered."""
    if isinstance(error, Rejected):
        return Reply(
            Tone.BAD,
            f"kwtSMS refused: {error.description}",
            details=(f"What to do: {error.remedy}",),
            facts=(("Code", error.code),),
        )
    if isinstance(error, NotSent):
        title = "kwtSMS cannot be reached from here."
        remedy = "Try again in a minute. If it stays so, check this server's network and firewall."
    elif isinstance(error, UnknownOutcome):
        title = "kwtSMS gave no readable answer."
        remedy = "Try again in a minute: nothing was changed by asking."
    else:
        title = "That could not be asked."
        remedy = "Check what you typed."
    return Reply(Tone.BAD, title, details=(f"{error}", f"What to do: {remedy}"))

"""`/sms dlr`: the delivery report of a message, where its country gives one."""

from kwtsms_bot import retelling
from kwtsms_bot.commands import lookup
from kwtsms_bot.commands.base import Command, Desk, Invocation, Reply, Tone
from kwtsms_bot.commands.lookup import Found
from kwtsms_bot.commands.policy import Action
from kwtsms_bot.language import Language, marked
from kwtsms_client import DeliveryReport, Rejected, mask

MAX_LISTED = 20
NO_REPORT = ("ERR019", "ERR021")  # Kuwait: kwtSMS never has a receipt from the phone.
NOT_YET = "ERR022"


async def run(desk: Desk, ask: Invocation, rest: str) -> Reply:
    """Asks kwtSMS for the report of the message that `rest` names."""
    found = await lookup.find(desk, ask, rest, COMMAND)
    if isinstance(found, Reply):
        return found
    if not found.gateway_ids:
        return _not_sent_yet(desk, found, ask.say)
    gateway_id = found.gateway_ids[0]
    try:
        report = await desk.gateway.dlr(gateway_id)
    except Rejected as error:
        return _no_report(desk, gateway_id, error=error, say=ask.say)
    return _reply(found, report, ask.say)


def _reply(found: Found, report: DeliveryReport, say: Language) -> Reply:
    facts = [(say("kwtSMS id"), report.message_id)]
    facts += [
        (mask(one.recipient), retelling.word(one.status, say))
        for one in report.deliveries[:MAX_LISTED]
    ]
    more = max(0, len(report.deliveries) - MAX_LISTED) + max(0, len(found.gateway_ids) - 1)
    details = (say("This is the first part of a longer report."),) if more else ()
    return Reply(Tone.PLAIN, say("Delivery report"), details, tuple(facts))


def _not_sent_yet(desk: Desk, found: Found, say: Language) -> Reply:
    slash = desk.config.slack.command
    ref = found.message.ref if found.message else ""
    title = say("kwtSMS has not accepted this message, so there is no delivery report.")
    return Reply(Tone.PLAIN, title, examples=(f"{slash} status {ref}",))


def _no_report(desk: Desk, gateway_id: str, *, error: Rejected, say: Language) -> Reply:
    facts = ((say("kwtSMS id"), gateway_id), (say("Code"), error.code))
    examples = (f"{desk.config.slack.command} status {gateway_id}",)
    if error.code in NO_REPORT:
        why = (
            say(
                "Kuwaiti operators give no receipt from the phone; kwtSMS has reports for "
                "international numbers only. What kwtSMS did with the message you can still ask:"
            ),
        )
        return Reply(Tone.PLAIN, say("There is no delivery report."), why, facts, examples)
    if error.code == NOT_YET:
        title = say("The delivery report is not there yet.")
        return Reply(Tone.PLAIN, title, (say("It can take up to 24 hours."),), facts)
    details = (
        say(
            "kwtSMS says: {description}",
            description=retelling.meaning(error.code, error.description, say),
        ),
        say("What to do: {remedy}", remedy=retelling.remedy(error.code, say)),
    )
    return Reply(Tone.BAD, say("There is no delivery report."), details, facts)


COMMAND = Command(
    "dlr",
    marked("[ID]"),
    marked("Delivery report of a message (without an id: your last one)"),
    ("", "f4c841adee210f31307633ceaebff2ec"),
    Action.READ,
    run,
)

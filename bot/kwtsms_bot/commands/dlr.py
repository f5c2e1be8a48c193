"""`/sms dlr`: the delivery report of a message, where its country gives one."""

from kwtsms_bot.commands import lookup
from kwtsms_bot.commands.base import Command, Desk, Invocation, Reply, Tone
from kwtsms_bot.commands.lookup import Found
from kwtsms_bot.commands.policy import Action
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
        return _not_sent_yet(desk, found)
    gateway_id = found.gateway_ids[0]
    try:
        report = await desk.gateway.dlr(gateway_id)
    except Rejected as error:
        return _no_report(desk, found, error)
    return _reply(found, report)


def _reply(found: Found, report: DeliveryReport) -> Reply:
    facts = [("kwtSMS id", report.message_id)]
    facts += [(mask(one.recipient), one.status) for one in report.deliveries[:MAX_LISTED]]
    more = max(0, len(report.deliveries) - MAX_LISTED) + max(0, len(found.gateway_ids) - 1)
    details = ("This is the first part of a longer report.",) if more else ()
    return Reply(Tone.PLAIN, "Delivery report", details, tuple(facts))


def _not_sent_yet(desk: Desk, found: Found) -> Reply:
    slash = desk.config.slack.command
    ref = found.message.ref if found.message else ""
    return Reply(
        Tone.PLAIN,
        "kwtSMS has not accepted this message, so there is no delivery report.",
        examples=(f"{slash} status {ref}",),
    )


def _no_report(desk: Desk, found: Found, error: Rejected) -> Reply:
    facts = (("kwtSMS id", found.gateway_ids[0]), ("Code", error.code))
    examples = (f"{desk.config.slack.command} status {found.gateway_ids[0]}",)
    if error.code in NO_REPORT:
        title = "There is no delivery report."
        why = (
            "Kuwaiti operators give no receipt from the phone; kwtSMS has reports for "
            "international numbers only. What kwtSMS did with the message you can still ask:",
        )
        return Reply(Tone.PLAIN, title, why, facts, examples)
    if error.code == NOT_YET:
        title = "The delivery report is not there yet."
        return Reply(Tone.PLAIN, title, ("It can take up to 24 hours.",), facts)
    details = (f"kwtSMS says: {error.description}", f"What to do: {error.remedy}")
    return Reply(Tone.BAD, "There is no delivery report.", details, facts)


COMMAND = Command(
    "dlr",
    "[ID]",
    "Delivery report of a message (without an id: your last one)",
    ("", "f4c841adee210f31307633ceaebff2ec"),
    Action.READ,
    run,
)

"""`/sms dlr`: the delivery report of a message, where its country gives one."""

from kwtsms_bot.commands import message_lookup
from kwtsms_bot.commands.base import Command, CommandContext, Invocation, Reply, Severity
from kwtsms_bot.commands.message_lookup import LookupResult
from kwtsms_bot.commands.policy import Permission
from kwtsms_bot.i18n import gateway_texts
from kwtsms_bot.i18n.translator import N_, Language
from kwtsms_client import DeliveryReport, Rejected, mask

MAX_LISTED = 20
NO_REPORT = ("ERR019", "ERR021")  # Kuwait: kwtSMS never has a receipt from the phone.
NOT_AVAILABLE_YET = "ERR022"


async def run(context: CommandContext, request: Invocation, rest: str) -> Reply:
    """Asks kwtSMS for the report of the message that `rest` names."""
    found = await message_lookup.find(context, request, rest, COMMAND)
    if isinstance(found, Reply):
        return found
    if not found.gateway_ids:
        return _not_accepted_reply(context, found, request.say)
    gateway_id = found.gateway_ids[0]
    try:
        report = await context.gateway.dlr(gateway_id)
    except Rejected as error:
        return _no_report_reply(context, gateway_id, error=error, say=request.say)
    return _report_reply(found, report, request.say)


def _report_reply(found: LookupResult, report: DeliveryReport, say: Language) -> Reply:
    facts = [(say("kwtSMS message ID"), report.message_id)]
    facts += [
        (mask(one.recipient), gateway_texts.translate_status(one.status, say))
        for one in report.deliveries[:MAX_LISTED]
    ]
    more = max(0, len(report.deliveries) - MAX_LISTED) + max(0, len(found.gateway_ids) - 1)
    details = (say("Only the first part of a longer report is shown."),) if more else ()
    return Reply(Severity.INFO, say("Delivery report"), details, tuple(facts))


def _not_accepted_reply(context: CommandContext, found: LookupResult, say: Language) -> Reply:
    slash = context.config.slack.command
    ref = found.message.ref if found.message else ""
    title = say("No delivery report: kwtSMS hasn't accepted this message.")
    return Reply(Severity.INFO, title, examples=(f"{slash} status {ref}",))


def _no_report_reply(
    context: CommandContext, gateway_id: str, *, error: Rejected, say: Language
) -> Reply:
    facts = ((say("kwtSMS message ID"), gateway_id), (say("Code"), error.code))
    examples = (f"{context.config.slack.command} status {gateway_id}",)
    if error.code in NO_REPORT:
        why = (
            say(
                "Kuwaiti carriers don't confirm delivery to the phone. To see kwtSMS's "
                "status of the message, use:"
            ),
        )
        return Reply(Severity.INFO, say("No delivery report available."), why, facts, examples)
    if error.code == NOT_AVAILABLE_YET:
        title = say("The delivery report isn't ready yet.")
        return Reply(
            Severity.INFO, title, (say("Check again later: it can take up to 24 hours."),), facts
        )
    details = (
        say(
            "kwtSMS reports: {description}",
            description=gateway_texts.translate_error(error.code, error.description, say),
        ),
        say("What to do: {remedy}", remedy=gateway_texts.translate_remedy(error.code, say)),
    )
    return Reply(Severity.ERROR, say("No delivery report available."), details, facts)


COMMAND = Command(
    "dlr",
    N_("[ID]"),
    N_("Show a delivery report (default: your last message)"),
    ("", "f4c841adee210f31307633ceaebff2ec"),
    Permission.READ,
    run,
)

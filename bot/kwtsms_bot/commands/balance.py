"""`/sms balance`: the credits left."""

from kwtsms_bot.balance.forecast import WINDOW, forecast
from kwtsms_bot.balance.messages import format_forecast, pluralize_credits
from kwtsms_bot.commands.base import Command, CommandContext, Invocation, Reply, Severity
from kwtsms_bot.commands.policy import Permission
from kwtsms_bot.i18n.translator import N_, Language


async def run(context: CommandContext, request: Invocation, _rest: str) -> Reply:
    """Asks kwtSMS for the balance, so that the figure is current."""
    say = request.say
    balance = await context.gateway.balance()
    context.asked_balance.newest = (context.now(), balance.available)
    thresholds = context.config.alerts.balance
    left = pluralize_credits(balance.available, say)
    facts = [(say("Available"), left)]
    if balance.purchased is not None:
        facts.append((say("Total purchased"), pluralize_credits(balance.purchased, say)))
    duration = await _format_forecast(context, say)
    if duration:
        facts.append((say("Estimated to last"), duration))
    if balance.available < thresholds.critical:
        title = say("Credits almost gone. Top up now at kwtsms.com.")
        details = (say("At zero credits, messages stay queued until you top up."),)
        return Reply(Severity.ERROR, title, details, tuple(facts))
    if balance.available < thresholds.warn:
        title = say("Credits low. Top up soon at kwtsms.com.")
        return Reply(Severity.WARNING, title, facts=tuple(facts))
    title = say("{credits} left.", credits=left)
    details = (say("One credit pays for one page to one Kuwaiti number."),)
    return Reply(Severity.GOOD, title, details, tuple(facts))


async def _format_forecast(context: CommandContext, say: Language) -> str:
    """The estimated time until the credits run out; empty without enough history."""
    now = context.now()
    settings = context.config.alerts.balance
    found = forecast(await context.balance.samples.samples(now - WINDOW), now, settings.zone)
    return format_forecast(found, say) if found else ""


COMMAND = Command("balance", "", N_("Show your credits"), ("",), Permission.READ, run)

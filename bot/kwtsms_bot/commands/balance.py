"""`/sms balance`: the credits left."""

from kwtsms_bot.alerts.outlook import WINDOW, outlook
from kwtsms_bot.alerts.wording import credits_text, lasts
from kwtsms_bot.commands.base import Command, Desk, Invocation, Reply, Tone
from kwtsms_bot.commands.policy import Action
from kwtsms_bot.language import Language, marked


async def run(desk: Desk, ask: Invocation, _rest: str) -> Reply:
    """Asks the gateway, so the figure is of this moment."""
    say = ask.say
    balance = await desk.gateway.balance()
    watch = desk.config.alerts.balance
    left = say("{credits} credits", credits=credits_text(balance.available))
    facts = [(say("Available"), left)]
    if balance.purchased is not None:
        bought = say("{credits} credits", credits=credits_text(balance.purchased))
        facts.append((say("Purchased in all"), bought))
    outlasts = await _outlook(desk, say)
    if outlasts:
        facts.append((say("Lasts"), outlasts))
    if balance.available < watch.critical:
        title = say("Almost empty: top up now at kwtsms.com.")
        details = (say("Messages wait in the outbox when the balance reaches zero."),)
        return Reply(Tone.BAD, title, details, tuple(facts))
    if balance.available < watch.warn:
        title = say("Low: top up soon at kwtsms.com.")
        return Reply(Tone.WARNING, title, facts=tuple(facts))
    title = say("{credits} credits left.", credits=credits_text(balance.available))
    details = (say("One credit is one page to one Kuwaiti number."),)
    return Reply(Tone.GOOD, title, details, tuple(facts))


async def _outlook(desk: Desk, say: Language) -> str:
    """For how long, where enough of the past is known."""
    now = desk.now()
    watch = desk.config.alerts.balance
    found = outlook(await desk.alerts.samples(now - WINDOW), now, watch.zone)
    return lasts(found, say) if found else ""


COMMAND = Command("balance", "", marked("Credits left on the account"), ("",), Action.READ, run)

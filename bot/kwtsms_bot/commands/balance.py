"""`/sms balance`: the credits left."""

from kwtsms_bot.alerts.wording import credits_text
from kwtsms_bot.commands.base import Command, Desk, Invocation, Reply, Tone
from kwtsms_bot.commands.policy import Action


async def run(desk: Desk, _ask: Invocation, _rest: str) -> Reply:
    """Asks the gateway, so the figure is of this moment."""
    balance = await desk.gateway.balance()
    watch = desk.config.alerts.balance
    facts = [("Available", f"{credits_text(balance.available)} credits")]
    if balance.purchased is not None:
        facts.append(("Purchased in all", f"{credits_text(balance.purchased)} credits"))
    if balance.available < watch.critical:
        return Reply(
            Tone.BAD,
            "Almost empty: top up now at kwtsms.com.",
            details=("Messages wait in the outbox when the balance reaches zero.",),
            facts=tuple(facts),
        )
    if balance.available < watch.warn:
        return Reply(Tone.WARNING, "Low: top up soon at kwtsms.com.", facts=tuple(facts))
    return Reply(
        Tone.GOOD,
        f"{credits_text(balance.available)} credits left.",
        details=("One credit is one page to one Kuwaiti number.",),
        facts=tuple(facts),
    )


COMMAND = Command("balance", "", "Credits left on the account", ("",), Action.READ, run)

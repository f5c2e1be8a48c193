"""Balance warnings and digests in words. Pure; every surface uses the same words."""

from decimal import Decimal

from kwtsms_bot.alerts.balance import Kind
from kwtsms_bot.alerts.facts import Facts, Yesterday
from kwtsms_bot.alerts.outlook import Outlook
from kwtsms_bot.alerts.store import Pending
from kwtsms_bot.language import Language, marked

SAYS = {
    Kind.LOW: marked("The SMS credits are running low: {credits} credits"),
    Kind.CRITICAL: marked("The SMS credits are almost gone: {credits} credits"),
    Kind.REMINDER: marked("The SMS credits are still low: {credits} credits"),
    Kind.ALL_CLEAR: marked("The SMS credits are fine again: {credits} credits"),
    Kind.DIGEST: marked("SMS credits today: {credits}"),
}


def credits_text(amount: Decimal) -> str:
    """`Decimal("1234.50")` as `1,234.5`: no exponent, no trailing zeros."""
    text = f"{amount:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def title(pending: Pending, say: Language) -> str:
    """What happened, and how much is left."""
    notice = pending.notice
    return say(SAYS[notice.kind], credits=credits_text(notice.available))


def threshold(pending: Pending, say: Language) -> str:
    """The line that was crossed."""
    return say("The threshold is {credits}.", credits=credits_text(pending.notice.threshold))


def lasts(outlook: Outlook, say: Language) -> str:
    """For how long the credits last, as a range."""
    if outlook.likely is None:
        return say.plural(
            "more than a year, at least {count} day",
            "more than a year, at least {count} days",
            outlook.least,
        )
    likely = say("less than a day")
    if outlook.likely:
        likely = say.plural("about {count} day", "about {count} days", outlook.likely)
    if outlook.most is None:
        return say("{likely}, at least {least}", likely=likely, least=outlook.least)
    return say(
        "{likely}, between {least} and {most}",
        likely=likely,
        least=outlook.least,
        most=outlook.most,
    )


def remedy(pending: Pending, say: Language) -> str:
    """What to do about it; nothing where all is well."""
    if pending.notice.kind in (Kind.ALL_CLEAR, Kind.DIGEST):
        return ""
    return say("Top up at kwtsms.com. At zero, messages wait in the outbox.")


def details(pending: Pending, say: Language) -> tuple[str, ...]:
    """The sentences below the title, without the remedy and the threshold."""
    facts, kind = pending.notice.facts, pending.notice.kind
    found = []
    if facts.yesterday is not None:
        found += _yesterday(facts.yesterday, say)
    if facts.outlook is not None:
        found.append(say("The credits last {days}.", days=lasts(facts.outlook, say)))
    if kind is not Kind.ALL_CLEAR:
        found += _elsewhere(facts, say)
    return tuple(found)


def body(pending: Pending, say: Language) -> str:
    """All that there is to say below the title."""
    parts = [*details(pending, say), remedy(pending, say)]
    if pending.notice.kind is not Kind.DIGEST:
        parts.append(threshold(pending, say))
    return "\n".join(part for part in parts if part)


def _yesterday(day: Yesterday, say: Language) -> list[str]:
    used = say("Yesterday the balance was not watched all day, so what was used is not known.")
    if day.used is not None:
        used = say("Credits used yesterday: {credits}.", credits=credits_text(day.used))
    return [
        used,
        say(
            "Messages of yesterday: {sent} sent, {failed} failed, {unknown} unknown.",
            sent=f"{day.sent:,}",
            failed=f"{day.failed:,}",
            unknown=f"{day.unknown:,}",
        ),
    ]


def _elsewhere(facts: Facts, say: Language) -> list[str]:
    found = []
    if facts.elsewhere:
        when = say("yesterday") if facts.yesterday else say("in the last 24 hours")
        found.append(
            say(
                "Credits that left the account {when}, and not through this bot: {credits}. If "
                "nobody knows who used them, change the API password at kwtsms.com.",
                credits=credits_text(facts.elsewhere),
                when=when,
            )
        )
    if facts.held:
        found.append(
            say(
                "Credits held by test and stuck messages: up to {credits}. They come back when "
                "you delete the messages from the queue at kwtsms.com.",
                credits=credits_text(facts.held),
            )
        )
    return found

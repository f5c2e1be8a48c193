"""Balance warnings and digests in words. Pure; every surface uses the same words."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from kwtsms_bot import retelling
from kwtsms_bot.alerts.balance import STANDING, Kind
from kwtsms_bot.alerts.facts import Facts, Trouble, Yesterday
from kwtsms_bot.alerts.outlook import Outlook
from kwtsms_bot.alerts.store import Pending
from kwtsms_bot.language import Language, marked
from kwtsms_client.errors import rejection

Clock = Callable[[datetime], str]  # A time as the surface shows it.
SAYS = {
    Kind.LOW: marked("The SMS credits are running low: {credits} credits"),
    Kind.CRITICAL: marked("The SMS credits are almost gone: {credits} credits"),
    Kind.REMINDER: marked("The SMS credits are still low: {credits} credits"),
    Kind.ALL_CLEAR: marked("The SMS credits are fine again: {credits} credits"),
    Kind.DIGEST: marked("SMS credits today: {credits}"),
    Kind.UNREADABLE: marked("The SMS credits cannot be read"),
    Kind.READABLE: marked("The SMS credits can be read again: {credits} credits"),
}


def credits_text(amount: Decimal) -> str:
    """`Decimal("1234.50")` as `1,234.5`: no exponent, no trailing zeros."""
    text = f"{amount:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def title(pending: Pending, say: Language) -> str:
    """What happened, and how much is left."""
    notice = pending.notice
    return say(SAYS[notice.kind], credits=credits_text(notice.available))


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
    if pending.notice.kind in (Kind.LOW, Kind.CRITICAL, Kind.REMINDER):
        return say("Top up at kwtsms.com. At zero, messages wait in the outbox.")
    trouble = pending.notice.facts.trouble
    if trouble is None:
        return ""
    if trouble.code:
        return retelling.remedy(trouble.code, say)
    return say("kwtsms-bridge doctor says what is in the way.")


def details(pending: Pending, say: Language, clock: Clock) -> tuple[str, ...]:
    """The sentences below the title, without the remedy and the footing."""
    facts, kind = pending.notice.facts, pending.notice.kind
    found = []
    if facts.trouble is not None:
        found += _trouble(facts.trouble, pending, say, clock)
    if facts.yesterday is not None:
        found += _yesterday(facts.yesterday, say)
    if facts.outlook is not None:
        found.append(say("The credits last {days}.", days=lasts(facts.outlook, say)))
    if kind is not Kind.ALL_CLEAR:
        found += _elsewhere(facts, say)
    return tuple(found)


def footing(pending: Pending, say: Language, clock: Clock) -> str:
    """The line that was crossed, and when the balance that is told was seen."""
    notice, found = pending.notice, []
    if notice.kind in STANDING:
        found.append(say("The threshold is {credits}.", credits=credits_text(notice.threshold)))
    if notice.kind is not Kind.UNREADABLE:
        day = notice.facts.yesterday
        found.append(say("Seen at {when}.", when=clock(day.seen_at if day else pending.at)))
    return " ".join(found)


def body(pending: Pending, say: Language, clock: Clock) -> str:
    """All that there is to say below the title."""
    parts = [
        *details(pending, say, clock),
        remedy(pending, say),
        footing(pending, say, clock),
    ]
    return "\n".join(part for part in parts if part)


def _trouble(trouble: Trouble, pending: Pending, say: Language, clock: Clock) -> list[str]:
    why = say("There is no answer that can be read.")
    if trouble.code:
        why = retelling.trouble(rejection(trouble.code), say)
    found = [say("kwtSMS has not told how many are left since {when}.", when=clock(trouble.since))]
    if trouble.seen_at is not None:
        left, when = credits_text(pending.notice.available), clock(trouble.seen_at)
        found.append(say("Last seen: {credits} credits, at {when}.", credits=left, when=when))
    return [*found, why, say("Until they can be read, no warning comes when they run out.")]


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

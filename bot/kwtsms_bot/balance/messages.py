"""Renders balance warnings and digests as text, the same for Slack and Apprise. Pure."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from kwtsms_bot.balance.details import DailySummary, NoticeDetails, OutageDetails
from kwtsms_bot.balance.forecast import Forecast
from kwtsms_bot.balance.rules import LEVEL_KINDS, NoticeKind
from kwtsms_bot.balance.store import PendingNotice
from kwtsms_bot.i18n import gateway_texts
from kwtsms_bot.i18n.translator import N_, Language
from kwtsms_client.errors import rejection

TimeFormatter = Callable[[datetime], str]  # A time as the surface shows it.
TITLES = {
    NoticeKind.LOW: N_("The SMS credits are running low: {credits} credits"),
    NoticeKind.CRITICAL: N_("The SMS credits are almost gone: {credits} credits"),
    NoticeKind.REMINDER: N_("The SMS credits are still low: {credits} credits"),
    NoticeKind.ALL_CLEAR: N_("The SMS credits are fine again: {credits} credits"),
    NoticeKind.DIGEST: N_("SMS credits today: {credits}"),
    NoticeKind.UNREADABLE: N_("The SMS credits cannot be read"),
    NoticeKind.READABLE: N_("The SMS credits can be read again: {credits} credits"),
}


def format_credits(amount: Decimal) -> str:
    """`Decimal("1234.50")` as `1,234.5`: no exponent, no trailing zeros."""
    text = f"{amount:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def title(pending: PendingNotice, say: Language) -> str:
    """The title of a notice: its kind and the credits left."""
    notice = pending.notice
    return say(TITLES[notice.kind], credits=format_credits(notice.available))


def format_forecast(forecast: Forecast, say: Language) -> str:
    """The time for which the credits last, as a range."""
    if forecast.likely_days is None:
        return say.plural(
            "more than a year, at least {count} day",
            "more than a year, at least {count} days",
            forecast.min_days,
        )
    likely = say("less than a day")
    if forecast.likely_days:
        likely = say.plural("about {count} day", "about {count} days", forecast.likely_days)
    if forecast.max_days is None:
        return say("{likely}, at least {least}", likely=likely, least=forecast.min_days)
    return say(
        "{likely}, between {least} and {most}",
        likely=likely,
        least=forecast.min_days,
        most=forecast.max_days,
    )


def remedy(pending: PendingNotice, say: Language) -> str:
    """The action to take; empty if there is none."""
    if pending.notice.kind in (NoticeKind.LOW, NoticeKind.CRITICAL, NoticeKind.REMINDER):
        return say("Top up at kwtsms.com. At zero, messages wait in the outbox.")
    outage = pending.notice.details.outage
    if outage is None:
        return ""
    if outage.code:
        return gateway_texts.translate_remedy(outage.code, say)
    return say("kwtsms-bridge doctor says what is in the way.")


def detail_lines(
    pending: PendingNotice, say: Language, format_time: TimeFormatter
) -> tuple[str, ...]:
    """The sentences below the title, without the remedy and the footer."""
    notice_details, kind = pending.notice.details, pending.notice.kind
    found = []
    if notice_details.outage is not None:
        found += _outage_lines(notice_details.outage, pending, say, format_time)
    if notice_details.daily_summary is not None:
        found += _summary_lines(notice_details.daily_summary, say)
    if notice_details.forecast is not None:
        found.append(
            say("The credits last {days}.", days=format_forecast(notice_details.forecast, say))
        )
    if kind is not NoticeKind.ALL_CLEAR:
        found += _usage_lines(notice_details, say)
    return tuple(found)


def footer(pending: PendingNotice, say: Language, format_time: TimeFormatter) -> str:
    """The threshold, for a notice about the level, and the time at which the balance was seen."""
    notice, found = pending.notice, []
    if notice.kind in LEVEL_KINDS:
        found.append(say("The threshold is {credits}.", credits=format_credits(notice.threshold)))
    if notice.kind is not NoticeKind.UNREADABLE:
        summary = notice.details.daily_summary
        found.append(
            say("Seen at {when}.", when=format_time(summary.sampled_at if summary else pending.at))
        )
    return " ".join(found)


def body(pending: PendingNotice, say: Language, format_time: TimeFormatter) -> str:
    """All text below the title."""
    parts = [
        *detail_lines(pending, say, format_time),
        remedy(pending, say),
        footer(pending, say, format_time),
    ]
    return "\n".join(part for part in parts if part)


def _outage_lines(
    outage: OutageDetails, pending: PendingNotice, say: Language, format_time: TimeFormatter
) -> list[str]:
    reason = say("There is no answer that can be read.")
    if outage.code:
        reason = gateway_texts.describe_error(rejection(outage.code), say)
    found = [
        say("kwtSMS has not told how many are left since {when}.", when=format_time(outage.since))
    ]
    if outage.sampled_at is not None:
        remaining, when = format_credits(pending.notice.available), format_time(outage.sampled_at)
        found.append(say("Last seen: {credits} credits, at {when}.", credits=remaining, when=when))
    return [*found, reason, say("Until they can be read, no warning comes when they run out.")]


def _summary_lines(summary: DailySummary, say: Language) -> list[str]:
    used = say("Yesterday the balance was not watched all day, so what was used is not known.")
    if summary.used is not None:
        used = say("Credits used yesterday: {credits}.", credits=format_credits(summary.used))
    return [
        used,
        say(
            "Messages of yesterday: {sent} sent, {failed} failed, {unknown} unknown.",
            sent=f"{summary.sent:,}",
            failed=f"{summary.failed:,}",
            unknown=f"{summary.unknown:,}",
        ),
    ]


def _usage_lines(notice_details: NoticeDetails, say: Language) -> list[str]:
    found = []
    if notice_details.external_usage:
        when = say("yesterday") if notice_details.daily_summary else say("in the last 24 hours")
        found.append(
            say(
                "Credits that left the account {when}, and not through this bot: {credits}. If "
                "nobody knows who used them, change the API password at kwtsms.com.",
                credits=format_credits(notice_details.external_usage),
                when=when,
            )
        )
    if notice_details.held_credits:
        found.append(
            say(
                "Credits held by test and stuck messages: up to {credits}. They come back when "
                "you delete the messages from the queue at kwtsms.com.",
                credits=format_credits(notice_details.held_credits),
            )
        )
    return found

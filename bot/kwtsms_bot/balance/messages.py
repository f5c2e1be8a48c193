"""Renders balance warnings and digests as text, the same for Slack and Apprise. Pure."""

import math
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

from kwtsms_bot.balance.details import DailySummary, NoticeDetails, OutageDetails
from kwtsms_bot.balance.forecast import Forecast
from kwtsms_bot.balance.rules import ALERT_KINDS, LEVEL_KINDS, NoticeKind
from kwtsms_bot.balance.store import PendingNotice
from kwtsms_bot.i18n import gateway_texts
from kwtsms_bot.i18n.translator import N_, Language
from kwtsms_client.errors import rejection

TimeFormatter = Callable[[datetime], str]  # A time as the surface shows it.
TITLES = {
    NoticeKind.LOW: N_("SMS balance low: {credits} left"),
    NoticeKind.CRITICAL: N_("SMS balance almost empty: {credits} left"),
    NoticeKind.REMINDER: N_("SMS balance still low: {credits} left"),
    NoticeKind.ALL_CLEAR: N_("SMS balance OK again: {credits} left"),
    NoticeKind.DIGEST: N_("SMS balance today: {credits}"),
    NoticeKind.UNREADABLE: N_("Can't check the SMS balance"),
    NoticeKind.READABLE: N_("SMS balance check works again: {credits} left"),
    NoticeKind.ALERTS_LOW: N_("80% of today's credits for alerts are used"),
    NoticeKind.ALERTS_LIMITED: N_("Today's credits for alerts are used up"),
    NoticeKind.ALERTS_WAITING: N_("No more SMS for alerts today"),
}
ALERT_REMEDIES = {
    NoticeKind.ALERTS_LOW: N_(
        "At 100%, only critical alerts are sent by SMS. To allow more, raise "
        "bridge.credits_per_day."
    ),
    NoticeKind.ALERTS_LIMITED: N_(
        "Only critical alerts are sent by SMS now; the others wait until midnight. To send them "
        "now, raise bridge.credits_per_day."
    ),
    NoticeKind.ALERTS_WAITING: N_(
        "Even critical alerts wait until midnight; Slack still shows them. To send them now, "
        "raise bridge.credits_per_day."
    ),
}


def format_credits(amount: Decimal) -> str:
    """`Decimal("1234.50")` as `1,234.5`: no exponent, no trailing zeros."""
    text = f"{amount:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def pluralize_credits(amount: Decimal, say: Language) -> str:
    """`1 credit`, `1,234.5 credits`."""
    text = format_credits(amount)
    return say.plural("{credits} credit", "{credits} credits", math.ceil(amount), credits=text)


def title(pending: PendingNotice, say: Language) -> str:
    """The title of a notice: its kind and the credits left."""
    notice = pending.notice
    return say(TITLES[notice.kind], credits=pluralize_credits(notice.available, say))


def format_forecast(forecast: Forecast, say: Language) -> str:
    """The time for which the credits last, with its range if that is wider than a day."""
    if forecast.likely_days is None:
        return say.plural(
            "more than a year (at least {count} day)",
            "more than a year (at least {count} days)",
            forecast.min_days,
        )
    likely = say("less than a day")
    if forecast.likely_days:
        likely = say.plural("about {count} day", "about {count} days", forecast.likely_days)
    if forecast.min_days == forecast.max_days:
        return likely
    if forecast.max_days is None:
        return say("{likely} (at least {least})", likely=likely, least=forecast.min_days)
    return say(
        "{likely} ({least} to {most})",
        likely=likely,
        least=forecast.min_days,
        most=forecast.max_days,
    )


def remedy(pending: PendingNotice, say: Language) -> str:
    """The action to take; empty if there is none."""
    if pending.notice.kind in (NoticeKind.LOW, NoticeKind.CRITICAL, NoticeKind.REMINDER):
        return say("Top up at kwtsms.com. At zero credits, messages stay queued.")
    if pending.notice.kind in ALERT_REMEDIES:
        return say(ALERT_REMEDIES[pending.notice.kind])
    outage = pending.notice.details.outage
    if outage is None:
        return ""
    if outage.code:
        return gateway_texts.translate_remedy(outage.code, say)
    return say("To find the cause, run kwtsms-bridge doctor.")


def detail_lines(
    pending: PendingNotice, say: Language, format_time: TimeFormatter
) -> tuple[str, ...]:
    """The sentences below the title, without the remedy and the footer."""
    notice_details, kind = pending.notice.details, pending.notice.kind
    found = []
    if kind in ALERT_KINDS:
        found.append(
            say(
                "Used for alerts today: {used} of {limit}.",
                used=format_credits(pending.notice.available),
                limit=pluralize_credits(pending.notice.threshold, say),
            )
        )
    if notice_details.outage is not None:
        found += _outage_lines(notice_details.outage, pending, say, format_time)
    if notice_details.daily_summary is not None:
        found += _summary_lines(notice_details.daily_summary, say)
    if notice_details.forecast is not None:
        found.append(
            say(
                "At this rate, your credits last {days}.",
                days=format_forecast(notice_details.forecast, say),
            )
        )
    if kind is not NoticeKind.ALL_CLEAR:
        found += _usage_lines(notice_details, say)
    return tuple(found)


def footer(pending: PendingNotice, say: Language, format_time: TimeFormatter) -> str:
    """The threshold, for a notice about the level, and the time at which the balance was seen."""
    notice, found = pending.notice, []
    if notice.kind in LEVEL_KINDS:
        found.append(
            say("Warning level: {credits}.", credits=pluralize_credits(notice.threshold, say))
        )
    if notice.kind not in (NoticeKind.UNREADABLE, *ALERT_KINDS):
        summary = notice.details.daily_summary
        found.append(
            say("Checked {when}.", when=format_time(summary.sampled_at if summary else pending.at))
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
    reason = say("kwtSMS isn't sending readable answers.")
    if outage.code:
        reason = gateway_texts.describe_error(rejection(outage.code), say)
    found = [say("The balance hasn't been updated since {when}.", when=format_time(outage.since))]
    if outage.sampled_at is not None:
        remaining = pluralize_credits(pending.notice.available, say)
        when = format_time(outage.sampled_at)
        found.append(say("Last known balance: {credits}, {when}.", credits=remaining, when=when))
    return [*found, reason, say("Until this works again, you won't get low balance warnings.")]


def _summary_lines(summary: DailySummary, say: Language) -> list[str]:
    used = say("Yesterday's usage is unknown: the balance wasn't checked all day.")
    if summary.used is not None:
        used = say("Credits used yesterday: {credits}.", credits=format_credits(summary.used))
    return [
        used,
        say(
            "Yesterday: {sent} sent, {failed} failed, {unknown} unknown.",
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
                "Used outside this bot {when}: {credits}. If that's unexpected, change the "
                "API password at kwtsms.com.",
                credits=pluralize_credits(notice_details.external_usage, say),
                when=when,
            )
        )
    if notice_details.held_credits:
        found.append(
            say(
                "Held for test and stuck messages: up to {credits}. To get them back, delete "
                "those messages from the queue at kwtsms.com.",
                credits=pluralize_credits(notice_details.held_credits, say),
            )
        )
    return found

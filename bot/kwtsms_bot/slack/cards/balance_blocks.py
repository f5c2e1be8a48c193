"""Renders balance warnings and digests as Slack messages. Pure."""

from dataclasses import replace
from functools import partial

from kwtsms_bot.balance.details import DailySummary
from kwtsms_bot.balance.messages import body, detail_lines, footer, remedy, title
from kwtsms_bot.balance.rules import ALERT_KINDS, NoticeKind
from kwtsms_bot.balance.store import PendingNotice
from kwtsms_bot.i18n.translator import ENGLISH, Language
from kwtsms_bot.slack import blocks
from kwtsms_bot.slack.blocks import Block, Payload

MAX_CATEGORIES = 20  # In a chart: https://docs.slack.dev/reference/block-kit/blocks
MAX_LABEL = 20
MAX_CHART_TITLE = 50
_ICONS = {
    NoticeKind.LOW: ":warning:",
    NoticeKind.CRITICAL: ":rotating_light:",
    NoticeKind.REMINDER: ":warning:",
    NoticeKind.ALL_CLEAR: ":white_check_mark:",
    NoticeKind.DIGEST: ":bar_chart:",
    NoticeKind.UNREADABLE: ":warning:",
    NoticeKind.READABLE: ":white_check_mark:",
    NoticeKind.ALERTS_LOW: ":warning:",
    NoticeKind.ALERTS_LIMITED: ":rotating_light:",
    NoticeKind.ALERTS_WAITING: ":rotating_light:",
}


def render(pending: PendingNotice, say: Language = ENGLISH) -> Payload:
    """Returns the Slack message for a balance notice; its `text` alone is complete, too."""
    pending = _with_escaped_code(pending)
    notice = pending.notice
    format_time = partial(blocks.format_datetime, say=say)
    made = [blocks.section(f"{_ICONS[notice.kind]} *{title(pending, say)}*")]
    parts = ("\n".join(detail_lines(pending, say, format_time)), remedy(pending, say))
    made += [blocks.section(part) for part in parts if part]
    if notice.details.daily_summary is not None:
        made += chart(notice.details.daily_summary, say)
    if footer_text := footer(pending, say, format_time):
        made.append(blocks.context(footer_text))
    return {"text": f"{title(pending, say)}\n{body(pending, say, format_time)}", "blocks": made}


def _with_escaped_code(pending: PendingNotice) -> PendingNotice:
    """Returns the notice with the gateway's error code escaped; the times in it are mark-up."""
    outage = pending.notice.details.outage
    if outage is None:
        return pending
    details = replace(
        pending.notice.details, outage=replace(outage, code=blocks.escape(outage.code))
    )
    return replace(pending, notice=replace(pending.notice, details=details))


def render_for_admin(pending: PendingNotice, error: str, say: Language = ENGLISH) -> Payload:
    """Returns a notice for an administrator, with the reason why its channel refused it."""
    rendered = render(pending, say)
    is_about_alerts = pending.notice.kind in ALERT_KINDS
    reason = say(
        "You're getting this because Slack couldn't post it to {channel} ({error}). Invite "
        "the bot to that channel, or fix {setting}.",
        setting=say.ltr("bridge.channel" if is_about_alerts else "alerts.balance.channels"),
        channel=say.ltr(pending.target),
        error=say.ltr(error),
    )
    text, made = (
        f"{rendered['text']}\n{blocks.escape(reason)}",
        [*rendered["blocks"], blocks.section(blocks.escape(reason))],
    )
    return {"text": text, "blocks": made}


def chart(summary: DailySummary, say: Language) -> list[Block]:
    """Returns a line chart of the balance of the last days; empty for fewer than two days."""
    points = [
        (blocks.truncate(f"{day.day}/{day.month}", MAX_LABEL), float(amount))
        for day, amount in summary.balances[-MAX_CATEGORIES:]
    ]
    if len(points) < 2:
        return []
    data = [{"label": label, "value": value} for label, value in points]
    line_chart = {
        "type": "line",
        "series": [{"name": blocks.truncate(say("Credits"), MAX_LABEL), "data": data}],
        "axis_config": {"categories": [label for label, _ in points]},
    }
    name = say("Credits at the end of each day")
    return [
        {
            "type": "data_visualization",
            "title": blocks.truncate(name, MAX_CHART_TITLE),
            "chart": line_chart,
        }
    ]

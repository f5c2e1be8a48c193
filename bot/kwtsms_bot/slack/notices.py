"""Balance warnings and digests as Slack messages. Pure."""

from functools import partial

from kwtsms_bot.alerts.balance import Kind
from kwtsms_bot.alerts.facts import Yesterday
from kwtsms_bot.alerts.store import Pending
from kwtsms_bot.alerts.wording import body, details, footing, remedy, title
from kwtsms_bot.language import ENGLISH, Language
from kwtsms_bot.slack import blocks
from kwtsms_bot.slack.blocks import Block, Payload

MAX_CATEGORIES = 20  # Of a chart: https://docs.slack.dev/reference/block-kit/blocks
MAX_LABEL = 20
MAX_CHART_TITLE = 50
_ICONS = {
    Kind.LOW: ":warning:",
    Kind.CRITICAL: ":rotating_light:",
    Kind.REMINDER: ":warning:",
    Kind.ALL_CLEAR: ":white_check_mark:",
    Kind.DIGEST: ":bar_chart:",
    Kind.UNREADABLE: ":warning:",
    Kind.READABLE: ":white_check_mark:",
}


def render(pending: Pending, say: Language = ENGLISH) -> Payload:
    """A warning, a reminder, an all-clear or a digest; its `text` alone says it all too."""
    notice = pending.notice
    clock = partial(blocks.moment, say=say)
    made = [blocks.section(f"{_ICONS[notice.kind]} *{title(pending, say)}*")]
    parts = ("\n".join(details(pending, say, clock)), remedy(pending, say))
    made += [blocks.section(part) for part in parts if part]
    if notice.facts.yesterday is not None:
        made += chart(notice.facts.yesterday, say)
    if below := footing(pending, say, clock):
        made.append(blocks.context(below))
    return {"text": f"{title(pending, say)}\n{body(pending, say, clock)}", "blocks": made}


def directly(pending: Pending, error: str, say: Language = ENGLISH) -> Payload:
    """The same for an administrator, because the channel that it is meant for does not take it."""
    shown = render(pending, say)
    why = say(
        "You get this directly because {channel} does not take it: Slack says {error}. Invite the "
        "bot to that channel, or mend alerts.balance.channels.",
        channel=say.ltr(pending.target),
        error=say.ltr(error),
    )
    text, made = f"{shown['text']}\n{why}", [*shown["blocks"], blocks.section(blocks.escape(why))]
    return {"text": text, "blocks": made}


def chart(yesterday: Yesterday, say: Language) -> list[Block]:
    """The balance of the last days as Slack draws it; a line needs two points."""
    points = [
        (blocks.cut(f"{day.day}/{day.month}", MAX_LABEL), float(amount))
        for day, amount in yesterday.balances[-MAX_CATEGORIES:]
    ]
    if len(points) < 2:
        return []
    data = [{"label": label, "value": value} for label, value in points]
    drawn = {
        "type": "line",
        "series": [{"name": blocks.cut(say("Credits"), MAX_LABEL), "data": data}],
        "axis_config": {"categories": [label for label, _ in points]},
    }
    name = say("Credits at the end of each day")
    return [
        {
            "type": "data_visualization",
            "title": blocks.cut(name, MAX_CHART_TITLE),
            "chart": drawn,
        }
    ]

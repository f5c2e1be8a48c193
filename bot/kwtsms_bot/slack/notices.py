"""Balance warnings as Slack messages. Pure."""

from kwtsms_bot.alerts.balance import Kind
from kwtsms_bot.alerts.store import Pending
from kwtsms_bot.alerts.wording import REMEDY, threshold, title
from kwtsms_bot.slack import blocks
from kwtsms_bot.slack.blocks import Payload

_ICONS = {
    Kind.LOW: ":warning:",
    Kind.CRITICAL: ":rotating_light:",
    Kind.REMINDER: ":warning:",
    Kind.ALL_CLEAR: ":white_check_mark:",
}


def render(pending: Pending) -> Payload:
    """A warning, a reminder or an all-clear."""
    kind = pending.notice.kind
    made = [blocks.section(f"{_ICONS[kind]} *{title(pending)}*")]
    if kind is not Kind.ALL_CLEAR:
        made.append(blocks.section(REMEDY))
    made.append(blocks.context(f"{threshold(pending)} · {blocks.clock(pending.at)}"))
    return {"text": f"{title(pending)} ({threshold(pending)})", "blocks": made}

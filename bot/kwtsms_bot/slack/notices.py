"""Balance warnings as Slack messages. Pure."""

from kwtsms_bot.alerts.balance import Kind
from kwtsms_bot.alerts.store import Pending
from kwtsms_bot.commands.balance import credits_text
from kwtsms_bot.slack import blocks
from kwtsms_bot.slack.blocks import Payload

_SAYS = {
    Kind.LOW: (":warning:", "The SMS credits are running low"),
    Kind.CRITICAL: (":rotating_light:", "The SMS credits are almost gone"),
    Kind.REMINDER: (":warning:", "The SMS credits are still low"),
    Kind.ALL_CLEAR: (":white_check_mark:", "The SMS credits are fine again"),
}


def render(pending: Pending) -> Payload:
    """A warning, a reminder or an all-clear."""
    notice = pending.notice
    icon, says = _SAYS[notice.kind]
    left = f"{credits_text(notice.available)} credits"
    threshold = f"the threshold is {credits_text(notice.threshold)}"
    made = [
        blocks.section(f"{icon} *{says}: {left}*"),
        blocks.context(f"{threshold} · {blocks.clock(pending.at)}"),
    ]
    if notice.kind is not Kind.ALL_CLEAR:
        made.insert(
            1, blocks.section("Top up at kwtsms.com. At zero, messages wait in the outbox.")
        )
    return {"text": f"{says}: {left} ({threshold})", "blocks": made}

"""A balance warning in words. Pure; every surface uses the same words."""

from decimal import Decimal

from kwtsms_bot.alerts.balance import Kind
from kwtsms_bot.alerts.store import Pending

SAYS = {
    Kind.LOW: "The SMS credits are running low",
    Kind.CRITICAL: "The SMS credits are almost gone",
    Kind.REMINDER: "The SMS credits are still low",
    Kind.ALL_CLEAR: "The SMS credits are fine again",
}
REMEDY = "Top up at kwtsms.com. At zero, messages wait in the outbox."


def credits_text(amount: Decimal) -> str:
    """`Decimal("1234.50")` as `1,234.5`: no exponent, no trailing zeros."""
    text = f"{amount:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def title(pending: Pending) -> str:
    """What happened, and how much is left."""
    return f"{SAYS[pending.notice.kind]}: {credits_text(pending.notice.available)} credits"


def threshold(pending: Pending) -> str:
    """The line that was crossed."""
    return f"the threshold is {credits_text(pending.notice.threshold)}"


def body(pending: Pending) -> str:
    """What to do about it."""
    line = f"{threshold(pending)[0].upper()}{threshold(pending)[1:]}."
    return line if pending.notice.kind is Kind.ALL_CLEAR else f"{line} {REMEDY}"

"""What follows from what a call came to: pure decisions, tested with a table.

Only what is proven not to have been sent goes back to the queue: no connection, or a refusal by the
gateway that time or an administrator can mend. What left and was not answered is unknown, for good.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from kwtsms_bot.language import marked
from kwtsms_bot.outbox.hold import Heard
from kwtsms_bot.outbox.message import State
from kwtsms_client import (
    Acceptance,
    AccountError,
    CreditError,
    KwtSMSError,
    NotSent,
    QueueFull,
    Rejected,
    SenderError,
    TooSoon,
)

NO_CONNECTION = (2, 5, 10, 20, 30, 60, 120, 300)  # Seconds; the last one repeats.
QUEUE_FULL = (30, 60, 120)  # ERR013, as the vendor advises.
MENDABLE = (5, 10, 20, 30, 60, 120, 300)  # Wrong password, no credits: until somebody mends it.
NO_WAY = marked("kwtSMS cannot be reached from here.")
STOOD_STILL = marked("This machine stood still.")
TOO_SOON = 16  # ERR028: 15 s and a little.
MAX_ID, MAX_CODE, MAX_REASON, MAX_AMOUNT = 64, 20, 500, 40  # Characters that the columns take.


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of the recipients of a call."""

    state: State
    due_at: datetime
    code: str | None = None
    reason: str | None = None
    gateway_id: str | None = None
    points: Decimal | None = None
    balance_after: Decimal | None = None


def accepted(answer: Acceptance, count: int, now: datetime) -> Plan:
    """The plan for `count` recipients of a call that was accepted."""
    reason = None
    if answer.numbers is not None and answer.numbers < count:
        reason = f"kwtSMS took {answer.numbers} of {count} numbers and does not say which."
    return Plan(
        State.SENT,
        now,
        reason=reason,
        gateway_id=_kept(answer.message_id, MAX_ID),
        points=_amount(answer.points_charged),
        balance_after=_amount(answer.balance_after),
    )


def failed(error: KwtSMSError, tries: int, now: datetime) -> Plan:
    """The plan after `error`; `tries` counts this one."""
    if isinstance(error, NotSent):
        return _again(NO_CONNECTION, tries, now, reason=NO_WAY)
    if not isinstance(error, Rejected):
        return Plan(State.UNKNOWN, now, reason=_kept(str(error), MAX_REASON))
    code, reason = _kept(error.code, MAX_CODE), _kept(error.description, MAX_REASON)
    if isinstance(error, TooSoon):
        return Plan(State.QUEUED, now + timedelta(seconds=TOO_SOON), code, reason)
    if isinstance(error, QueueFull):
        return _again(QUEUE_FULL, tries, now, reason=reason, code=code)
    if isinstance(error, AccountError | CreditError | SenderError):
        return _again(MENDABLE, tries, now, reason=reason, code=code)
    return Plan(State.REJECTED, now, code, reason)


def overslept(now: datetime) -> Plan:
    """The plan for a call of which we made sure that no byte left."""
    return Plan(State.QUEUED, now, reason=STOOD_STILL)


def heard(plan: Plan) -> Heard:
    """Whether what came back of the call could be read."""
    if plan.state is State.UNKNOWN:
        return Heard.NOTHING
    not_asked = plan.state is State.QUEUED and plan.code is None
    return Heard.NOT_ASKED if not_asked else Heard.ANSWER


def _again(
    delays: tuple[int, ...],
    tries: int,
    now: datetime,
    *,
    reason: str | None,
    code: str | None = None,
) -> Plan:
    delay = delays[min(max(tries, 1), len(delays)) - 1]
    return Plan(State.QUEUED, now + timedelta(seconds=delay), code, reason)


def _kept(text: str | None, most: int) -> str | None:
    """What a database keeps of words from outside: an outcome that cannot be written is unknown."""
    if text is None:
        return None
    return text.encode(errors="replace").decode().replace("\0", "")[:most]


def _amount(amount: Decimal | None) -> Decimal | None:
    return amount if len(str(amount)) <= MAX_AMOUNT else None

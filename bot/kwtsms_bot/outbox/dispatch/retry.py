"""Rules for what follows from the outcome of a call. Pure.

Only what is proven not to have been sent goes back to the queue: no connection, or a refusal by the
gateway that time or an administrator can resolve. A call that left and got no readable answer
becomes unknown, and is never retried.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from kwtsms_bot.i18n.translator import N_
from kwtsms_bot.outbox.flow_control.circuit_breaker import ResponseKind
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.states import State
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

NO_CONNECTION_DELAYS = (2, 5, 10, 20, 30, 60, 120, 300)  # Seconds; the last one repeats.
QUEUE_FULL_DELAYS = (30, 60, 120)  # ERR013, as the vendor advises.
# Wrong password, no credits: retried until an administrator resolves it.
ACCOUNT_ERROR_DELAYS = (5, 10, 20, 30, 60, 120, 300)
UNREACHABLE_REASON = N_("Can't reach kwtSMS.")
STALLED_REASON = N_("The bot's server was paused.")
URGENT_DELAY = timedelta(seconds=30)  # The longest for urgent messages.
TOO_SOON_SECONDS = 16  # ERR028: 15 s and a margin.
MAX_ID, MAX_CODE, MAX_REASON, MAX_AMOUNT = 64, 20, 500, 40  # Lengths of the columns.


def accepted(answer: Acceptance, count: int, now: datetime) -> Settlement:
    """Returns the settlement of an accepted call to `count` recipients."""
    reason = None
    if answer.numbers is not None and answer.numbers < count:
        reason = f"kwtSMS took {answer.numbers} of {count} numbers and does not say which."
    return Settlement(
        State.SENT,
        now,
        reason=reason,
        gateway_id=_storable_text(answer.message_id, MAX_ID),
        points=_storable_amount(answer.points_charged),
        balance_after=_storable_amount(answer.balance_after),
    )


def failed(error: KwtSMSError, tries: int, now: datetime, *, urgent: bool = False) -> Settlement:
    """Returns the settlement after `error`; `tries` includes this try.

    What is urgent is tried again after half a minute at most.
    """
    settlement = _failed(error, tries, now)
    if urgent and settlement.state is State.QUEUED:
        return replace(settlement, due_at=min(settlement.due_at, now + URGENT_DELAY))
    return settlement


def _failed(error: KwtSMSError, tries: int, now: datetime) -> Settlement:
    if isinstance(error, NotSent):
        return _requeue(NO_CONNECTION_DELAYS, tries, now, reason=UNREACHABLE_REASON)
    if not isinstance(error, Rejected):
        return Settlement(State.UNKNOWN, now, reason=_storable_text(str(error), MAX_REASON))
    code, reason = (
        _storable_text(error.code, MAX_CODE),
        _storable_text(error.description, MAX_REASON),
    )
    if isinstance(error, TooSoon):
        return Settlement(State.QUEUED, now + timedelta(seconds=TOO_SOON_SECONDS), code, reason)
    if isinstance(error, QueueFull):
        return _requeue(QUEUE_FULL_DELAYS, tries, now, reason=reason, code=code)
    if isinstance(error, AccountError | CreditError | SenderError):
        return _requeue(ACCOUNT_ERROR_DELAYS, tries, now, reason=reason, code=code)
    return Settlement(State.REJECTED, now, code, reason)


def not_sent_after_stall(now: datetime) -> Settlement:
    """Returns the settlement of a call that was stopped before its first byte left."""
    return Settlement(State.QUEUED, now, reason=STALLED_REASON)


def response_kind(settlement: Settlement) -> ResponseKind:
    """Returns, for the circuit breaker, whether the call left and its answer was readable."""
    if settlement.state is State.UNKNOWN:
        return ResponseKind.UNREADABLE
    not_sent = settlement.state is State.QUEUED and settlement.code is None
    return ResponseKind.NOT_SENT if not_sent else ResponseKind.READABLE


def _requeue(
    delays: tuple[int, ...],
    tries: int,
    now: datetime,
    *,
    reason: str | None,
    code: str | None = None,
) -> Settlement:
    delay = delays[min(max(tries, 1), len(delays)) - 1]
    return Settlement(State.QUEUED, now + timedelta(seconds=delay), code, reason)


def _storable_text(text: str | None, max_length: int) -> str | None:
    """Returns a foreign text as its column can hold it.

    An outcome that could not be written would become unknown.
    """
    if text is None:
        return None
    return text.encode(errors="replace").decode().replace("\0", "")[:max_length]


def _storable_amount(amount: Decimal | None) -> Decimal | None:
    return amount if len(str(amount)) <= MAX_AMOUNT else None

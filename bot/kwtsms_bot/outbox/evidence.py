"""Evidence about a call of unknown outcome, mostly drawn from the balance. Pure.

A charge only ever lowers the balance. So where nothing is missing, nothing was charged; and where
exactly the price of the call is missing, and nothing else can explain it, the call was charged.
Anything between proves nothing: other calls, other programs on the account, a top-up.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

MAX_CLOCK_SKEW = timedelta(seconds=5)  # Between the replicas that made the calls.


class Verdict(StrEnum):
    """The conclusion about a call, drawn from the balance or from a late answer."""

    CHARGED = "charged"
    NOT_CHARGED = "not_charged"
    UNCLEAR = "unclear"
    NOT_SENT = "not_sent"  # A late answer says so: it was refused, or never left.


@dataclass(frozen=True, slots=True)
class CallCost:
    """A call and its cost; None where the cost is unknown too."""

    begun_at: datetime
    ended_at: datetime | None  # None: still under way.
    credits: Decimal | None


@dataclass(frozen=True, slots=True)
class BalanceReading:
    """A balance, and the interval in which the gateway reported it."""

    begun_at: datetime
    ended_at: datetime
    available: Decimal


@dataclass(frozen=True, slots=True)
class Evidence:
    """The verdict and the two balances; `meanwhile` is the cost of our other calls."""

    verdict: Verdict
    before: Decimal | None
    after: Decimal | None
    meanwhile: Decimal


NOT_SENT = Evidence(Verdict.NOT_SENT, None, None, Decimal(0))


def assess(
    price: int, before: BalanceReading | None, after: BalanceReading, others: Iterable[CallCost]
) -> Evidence:
    """Returns the evidence that the balances before and after a call give about it.

    `price` is the call's, in credits; `others` are our calls that may have been charged in between.
    """
    if before is None:
        return Evidence(Verdict.UNCLEAR, None, after.available, Decimal(0))
    meanwhile, ambiguous = Decimal(0), False
    for one in others:
        if _is_between(one, before, after) and one.credits is not None:
            meanwhile += one.credits
        elif one.credits != 0 and not _is_outside(one, before, after):
            ambiguous = True
    missing = before.available - after.available - meanwhile
    verdict = Verdict.UNCLEAR
    if missing == 0:
        verdict = Verdict.NOT_CHARGED
    elif missing == price and not ambiguous:
        verdict = Verdict.CHARGED
    return Evidence(verdict, before.available, after.available, meanwhile)


def _is_between(cost: CallCost, before: BalanceReading, after: BalanceReading) -> bool:
    """Whether it was certainly charged after the first reading and before the second."""
    if cost.ended_at is None:
        return False
    started_after = cost.begun_at >= before.ended_at + MAX_CLOCK_SKEW
    return started_after and cost.ended_at <= after.begun_at - MAX_CLOCK_SKEW


def _is_outside(cost: CallCost, before: BalanceReading, after: BalanceReading) -> bool:
    """Whether it was certainly charged before the first reading or after the second."""
    ended_before = cost.ended_at is not None and cost.ended_at <= before.begun_at - MAX_CLOCK_SKEW
    return ended_before or cost.begun_at >= after.ended_at + MAX_CLOCK_SKEW

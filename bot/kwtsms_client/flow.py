"""What a client does, as plans that ask for one step at a time. Performs no I/O and reads no clock.

A plan is a generator: it yields a `Call` to be carried or a `Pause` to be waited for, and is sent
the answer or thrown the error. Both clients carry the same plans, so they behave alike.
"""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

from kwtsms_client import protocol
from kwtsms_client.errors import InvalidInput, KwtSMSError, NotSent, QueueFull, Rejected, TooSoon
from kwtsms_client.models import (
    Acceptance,
    Outcome,
    RecipientResult,
    RejectedInput,
    SendResult,
    Validation,
)
from kwtsms_client.paging import MAX_PAGES
from kwtsms_client.phone import split_recipients, validate_phone_input
from kwtsms_client.protocol import MAX_RECIPIENTS, Call
from kwtsms_client.report import inspect_message

QUEUE_FULL_SECONDS = (30.0, 60.0, 120.0)  # ERR013, as the vendor advises.
TOO_SOON_SECONDS = 16.0  # ERR028: 15 s and a little.
MAX_SENDER = 11

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pause:
    """Something to wait for before the next step."""

    seconds: float


Plan = Generator[Call[Any] | Pause, Any, T]


@dataclass(frozen=True, slots=True)
class Order:
    """A send, checked: numbers normalised and unique, text clean."""

    sender: str
    text: str = field(repr=False)
    recipients: tuple[str, ...] = field(repr=False)
    invalid: tuple[RejectedInput, ...] = field(repr=False)
    test: bool


def order(
    to: object, text: object, *, sender: str, test: bool, default_country: str | None
) -> Order:
    """The order for what a caller wants to send.

    Raises:
        InvalidInput: nothing of it can be sent.
    """
    if not 0 < len(sender) <= MAX_SENDER:
        raise InvalidInput(f"The sender ID must have 1 to {MAX_SENDER} characters.")
    report = inspect_message("" if text is None else str(text))
    if report.blank:
        raise InvalidInput(f"The message is empty. {report.summary()}".rstrip())
    if report.pages > MAX_PAGES:
        raise InvalidInput(f"The message has {report.pages} pages; at most {MAX_PAGES} go.")
    good, bad = sort(to, default_country)
    if not good:
        raise InvalidInput(bad[0].reason if bad else "There is no phone number to send to.")
    return Order(sender, report.cleaned, good, bad, test)


def sort(
    numbers: object, default_country: str | None
) -> tuple[tuple[str, ...], tuple[RejectedInput, ...]]:
    """The numbers, each once and the first wins, and what is none."""
    good: dict[str, None] = {}
    bad: list[RejectedInput] = []
    for one in split_recipients(numbers):
        check = validate_phone_input(one, default_country=default_country)
        if check.valid:
            good[check.normalized] = None
        else:
            bad.append(RejectedInput(one, check.error or ""))
    return tuple(good), tuple(bad)


def once(call: Call[T]) -> Plan[T]:
    """One question."""
    answer: T = yield call
    return answer


def send(what: Order, *, retries_too_soon: int = 0) -> Plan[SendResult]:
    """Sends to all, at most 200 in a call; says what became of each number."""
    results: list[RecipientResult] = []
    charged, balance = Decimal(0), None
    stopped: Rejected | None = None
    for batch in _batches(what.recipients):
        if stopped is not None:
            reason = f"Not tried: {stopped.description}"
            results += _all(batch, Outcome.NOT_SENT, code=stopped.code, reason=reason)
            continue
        call = protocol.send(sender=what.sender, recipients=batch, text=what.text, test=what.test)
        try:
            answer = yield from _patient(call, retries_too_soon)
        except KwtSMSError as error:
            results += _failed(batch, error)
            stopped = error if isinstance(error, Rejected) and error.fatal else None
            continue
        results += _all(batch, Outcome.ACCEPTED, message_id=answer.message_id)
        charged += answer.points_charged or 0
        balance = answer.balance_after if answer.balance_after is not None else balance
    return SendResult(tuple(results), what.invalid, charged, balance)


def validate(numbers: object, default_country: str | None) -> Plan[Validation]:
    """Whether the gateway routes to these numbers; what is no number is not asked about."""
    good, bad = sort(numbers, default_country)
    answers: list[Validation] = []
    for batch in _batches(good):
        answer: Validation = yield protocol.validate(batch)
        answers.append(answer)
    return Validation(
        tuple(number for one in answers for number in one.ok),
        tuple(number for one in answers for number in one.er),
        tuple(number for one in answers for number in one.nr),
        bad,
    )


def _patient(call: Call[Acceptance], retries_too_soon: int) -> Plan[Acceptance]:
    """Repeats what was refused for a reason that passes; never what is unknown."""
    queue_full, too_soon = iter(QUEUE_FULL_SECONDS), retries_too_soon
    while True:
        try:
            answer: Acceptance = yield call
            return answer
        except QueueFull:
            seconds = next(queue_full, None)
            if seconds is None:
                raise
        except TooSoon:
            if too_soon == 0:
                raise
            too_soon, seconds = too_soon - 1, TOO_SOON_SECONDS
        yield Pause(seconds)


def _batches(numbers: Sequence[str]) -> Iterable[Sequence[str]]:
    return (
        numbers[start : start + MAX_RECIPIENTS] for start in range(0, len(numbers), MAX_RECIPIENTS)
    )


def _failed(batch: Sequence[str], error: KwtSMSError) -> list[RecipientResult]:
    if isinstance(error, Rejected):
        reason = f"{error.description} {error.remedy}"
        return _all(batch, Outcome.REJECTED, code=error.code, reason=reason)
    outcome = Outcome.NOT_SENT if isinstance(error, NotSent) else Outcome.UNKNOWN
    return _all(batch, outcome, reason=str(error))


def _all(batch: Sequence[str], outcome: Outcome, **facts: str | None) -> list[RecipientResult]:
    return [RecipientResult(one, outcome, **facts) for one in batch]

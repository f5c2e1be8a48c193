"""What a client does, as plans that ask for one step at a time. Performs no I/O and reads no clock.

A plan is a generator: it yields a `Call` to be carried, a `Pause` to be waited for, or several
plans to be carried `Together`, and is sent the answer or thrown the error. Both clients carry the
same plans, so they behave alike.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, TypeVar

from kwtsms_client import protocol
from kwtsms_client.errors import InvalidInput, KwtSMSError, NotSent, QueueFull, Rejected, TooSoon
from kwtsms_client.models import (
    Acceptance,
    Coverage,
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
from kwtsms_client.settings import SHARED_SENDER

QUEUE_FULL_SECONDS = (30.0, 60.0, 120.0)  # ERR013, as the vendor advises.
TOO_SOON_SECONDS = 16.0  # ERR028: 15 s and a little.
MAX_SENDER = 11

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pause:
    """Something to wait for before the next step."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Together:
    """Plans that need not wait for each other's answers. They begin in order, a turn apart.

    The answer is a list: for each plan what it returned, or its error; None where it was not begun,
    because another had ended with an error that `stops` the rest.
    """

    plans: tuple["Plan[Any]", ...]
    stops: Callable[[KwtSMSError], bool]


Step = Call[Any] | Pause | Together
Plan = Generator[Step, Any, T]


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


def covered(what: Order, good: tuple[str, ...], left_out: tuple[RejectedInput, ...]) -> Order:
    """The order without the numbers that the account cannot send to.

    Raises:
        InvalidInput: none is left.
    """
    if not good:
        raise InvalidInput(left_out[0].reason)
    return replace(what, recipients=good, invalid=(*what.invalid, *left_out))


def by_coverage(
    numbers: Sequence[str], coverage: Coverage
) -> tuple[tuple[str, ...], tuple[RejectedInput, ...]]:
    """The numbers with an active prefix, and those without one."""
    good = tuple(one for one in numbers if coverage.covers(one))
    reason = "This country is not active on the account. Ask kwtSMS support to activate it."
    return good, tuple(RejectedInput(one, reason) for one in numbers if not coverage.covers(one))


def once(call: Call[T]) -> Plan[T]:
    """One question."""
    answer: T = yield call
    return answer


def send(what: Order, *, retries_too_soon: int = 0) -> Plan[SendResult]:
    """Sends to all, at most 200 in a call; says what became of each number."""
    batches = tuple(_batches(what.recipients))
    plans = tuple(_patient(_call(what, batch), retries_too_soon) for batch in batches)
    answers = yield Together(plans, stops_the_rest)
    results: list[RecipientResult] = []
    charged, balance = Decimal(0), None
    stopped = next((one for one in answers if _is_fatal(one)), None)
    for batch, answer in zip(batches, answers, strict=True):
        if isinstance(answer, Acceptance):
            results += _all(batch, Outcome.ACCEPTED, message_id=answer.message_id)
            charged += answer.points_charged or 0
            balance = _lower(balance, answer.balance_after)
        else:
            results += _failed(batch, answer) if answer else _not_tried(batch, stopped)
    return SendResult(tuple(results), what.invalid, charged, balance, warnings(what))


def stops_the_rest(error: KwtSMSError) -> bool:
    """Whether the rest of a bulk would meet the same error."""
    return isinstance(error, Rejected) and error.fatal


def warnings(what: Order) -> tuple[str, ...]:
    """What is allowed, yet surely not wanted where real people are sent to."""
    found = []
    if what.sender.upper() == SHARED_SENDER:
        found.append(
            "KWT-SMS is a shared sender ID for tests: it is slow, and phones at Virgin Kuwait "
            "never get it. Register your own at kwtsms.com."
        )
    if what.test:
        found.append(
            "Test mode: nothing is delivered, and the credits are held until the messages are "
            "deleted from the queue at kwtsms.com."
        )
    return tuple(found)


def validate(numbers: object, default_country: str | None) -> Plan[Validation]:
    """Whether the gateway routes to these numbers; what is no number is not asked about."""
    good, bad = sort(numbers, default_country)
    plans = tuple(once(protocol.validate(batch)) for batch in _batches(good))
    found = yield Together(plans, lambda _: True)
    for one in found:
        if isinstance(one, KwtSMSError):
            raise one
    answers: list[Validation] = found
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
        except QueueFull as error:
            refused: Rejected = error
            seconds = next(queue_full, None)
            if seconds is None:
                raise
        except TooSoon as error:
            if too_soon == 0:
                raise
            refused, too_soon, seconds = error, too_soon - 1, TOO_SOON_SECONDS
        try:
            yield Pause(seconds)
        except NotSent:  # There is no time left to wait for: the refusal stands.
            raise refused from None


def _batches(numbers: Sequence[str]) -> Iterable[Sequence[str]]:
    return (
        numbers[start : start + MAX_RECIPIENTS] for start in range(0, len(numbers), MAX_RECIPIENTS)
    )


def _call(what: Order, batch: Sequence[str]) -> Call[Acceptance]:
    return protocol.send(sender=what.sender, recipients=batch, text=what.text, test=what.test)


def _is_fatal(answer: object) -> bool:
    return isinstance(answer, KwtSMSError) and stops_the_rest(answer)


def _lower(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    """The lower of two balances: answers may come in another order than they were made in."""
    known = [amount for amount in (one, other) if amount is not None]
    return min(known, default=None)


def _not_tried(batch: Sequence[str], stopped: Rejected | None) -> list[RecipientResult]:
    code, why = (stopped.code, stopped.description) if stopped else (None, "")
    return _all(batch, Outcome.NOT_SENT, code=code, reason=f"Not tried: {why}")


def _failed(batch: Sequence[str], error: KwtSMSError) -> list[RecipientResult]:
    if isinstance(error, Rejected):
        reason = f"{error.description} {error.remedy}"
        return _all(batch, Outcome.REJECTED, code=error.code, reason=reason)
    outcome = Outcome.NOT_SENT if isinstance(error, NotSent) else Outcome.UNKNOWN
    return _all(batch, outcome, reason=str(error))


def _all(batch: Sequence[str], outcome: Outcome, **facts: str | None) -> list[RecipientResult]:
    return [RecipientResult(one, outcome, **facts) for one in batch]

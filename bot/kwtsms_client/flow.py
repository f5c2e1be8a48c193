"""The clients' work as plans that yield one step at a time. Performs no I/O and reads no clock.

A plan is a generator: it yields a `Call` to make, a `Sleep` to wait for, or a `Gather` of several
plans to execute, and is sent the answer or thrown the error. Both clients execute the same plans,
so they behave alike.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

from kwtsms_client import protocol, results
from kwtsms_client.encoding import MAX_PAGES
from kwtsms_client.error_codes import BAD_CONTENT, BAD_PHONE, NO_COUNTRY
from kwtsms_client.errors import InvalidInput, KwtSMSError, NotSent, QueueFull, Rejected, TooSoon
from kwtsms_client.models import Acceptance, Coverage, RejectedInput, SendResult, Validation
from kwtsms_client.phone import check_phone
from kwtsms_client.protocol import MAX_RECIPIENTS, Call
from kwtsms_client.recipients import as_given, split_recipients
from kwtsms_client.results import is_fatal_error
from kwtsms_client.settings import SHARED_SENDER
from kwtsms_client.text import require_text
from kwtsms_client.text_report import MessageReport, inspect_message

QUEUE_FULL_SECONDS = (30.0, 60.0, 120.0)  # ERR013, as the vendor advises.
TOO_SOON_SECONDS = 16.0  # ERR028: 15 s, and one to spare.
MAX_SENDER = 11
MAX_CHARACTERS = 20_000  # Seven pages are 1,071; the rest may be tags and emoji.
TOO_LONG = f"The message has more than {MAX_CHARACTERS:,} characters."

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sleep:
    """Pause before the next step."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Gather:
    """Plans that need not wait for each other's answers. They start in order, an interval apart.

    The answer is a list: for each plan what it returned, or its error; None if it was not started,
    because another one ended with an error that `is_fatal`. An error that is no `KwtSMSError` stops
    the rest as well, and counts as unknown.
    """

    plans: tuple["Plan[Any]", ...]
    is_fatal: Callable[[KwtSMSError], bool]


Step = Call[Any] | Sleep | Gather
Plan = Generator[Step, Any, T]


@dataclass(frozen=True, slots=True)
class SendOrder:
    """A send, checked: numbers normalised and unique, text clean."""

    sender: str
    text: str = field(repr=False)
    recipients: tuple[str, ...] = field(repr=False)
    invalid: tuple[RejectedInput, ...] = field(repr=False)
    test: bool


PlanBatch = Callable[[SendOrder], Plan[Acceptance]]


def order(
    to: object, text: object, *, sender: str, test: bool, default_country: str | None
) -> SendOrder:
    """Checks what a caller wants to send, and returns the order for it.

    Raises:
        InvalidInput: the text, the sender ID or all of the numbers are invalid.
    """
    sender_id = check_sender(sender)
    written = require_text(text)
    if len(written) > MAX_CHARACTERS:
        raise InvalidInput(TOO_LONG, user_message=BAD_CONTENT)
    report = inspect_message(written)
    if refusal := text_refusal(report):
        raise InvalidInput(refusal, user_message=BAD_CONTENT)
    good, bad = split_valid(to, default_country)
    if refusal := numbers_refusal(good, bad):
        raise InvalidInput(refusal, user_message=BAD_PHONE)
    return SendOrder(sender_id, report.cleaned, good, bad, test)


def check_sender(sender: object) -> str:
    """Returns the sender ID if its form is valid; only kwtSMS knows which account may use it.

    Raises:
        InvalidInput: the form is not valid.
    """
    text = sender.strip() if isinstance(sender, str) else ""
    if not 0 < len(text) <= MAX_SENDER or not text.isprintable():
        raise InvalidInput(f"The sender ID must have 1 to {MAX_SENDER} visible characters.")
    return text


def text_refusal(report: MessageReport) -> str | None:
    """The reason why a text cannot be sent; None if it can."""
    if len(report.original) > MAX_CHARACTERS:
        return TOO_LONG
    if report.blank:
        return f"The message is empty. {report.summary()}".rstrip()
    if report.too_long:
        return f"The message takes {report.pages} pages, and kwtSMS sends at most {MAX_PAGES}."
    return None


def numbers_refusal(good: Sequence[str], bad: Sequence[RejectedInput]) -> str | None:
    """The reason why none of the numbers can be sent to; None if one can."""
    if good:
        return None
    return bad[0].reason if bad else "Add at least one phone number."


def split_valid(
    numbers: object, default_country: str | None
) -> tuple[tuple[str, ...], tuple[RejectedInput, ...]]:
    """Splits the input into valid numbers, each once, and invalid entries."""
    valid: dict[str, None] = {}
    invalid: list[RejectedInput] = []
    for one in split_recipients(numbers):
        check = check_phone(one, default_country)
        if check.valid:
            valid[check.normalized] = None
        else:
            invalid.append(RejectedInput(as_given(one), check.error or ""))
    return tuple(valid), tuple(invalid)


def with_coverage(
    order: SendOrder, good: tuple[str, ...], left_out: tuple[RejectedInput, ...]
) -> SendOrder:
    """The order without the numbers that the account cannot send to.

    Raises:
        InvalidInput: no number is left.
    """
    if not good:
        raise InvalidInput(left_out[0].reason, user_message=NO_COUNTRY)
    return replace(order, recipients=good, invalid=(*order.invalid, *left_out))


def split_by_coverage(
    numbers: Sequence[str], coverage: Coverage
) -> tuple[tuple[str, ...], tuple[RejectedInput, ...]]:
    """The numbers with an active prefix, and those without one."""
    good = tuple(one for one in numbers if coverage.covers(one))
    reason = "This country is not active on the account. Ask kwtSMS support to activate it."
    return good, tuple(RejectedInput(one, reason) for one in numbers if not coverage.covers(one))


def single_call(call: Call[T]) -> Plan[T]:
    """The plan of a single call."""
    answer: T = yield call
    return answer


def send(order: SendOrder, *, retries_too_soon: int = 0) -> Plan[SendResult]:
    """Sends to all numbers, at most 200 in a call, and returns the outcome for each."""
    answers = yield Gather(plan_batches(order, retries_too_soon), is_fatal_error)
    return result(order, answers, next(filter(results.is_fatal, answers), None))


def plan_batch(batch: SendOrder) -> Plan[Acceptance]:
    """The plan of one call, with at most 200 numbers."""
    return single_call(send_call(batch))


def send_call(batch: SendOrder) -> Call[Acceptance]:
    """The call that carries an order of at most 200 numbers."""
    return protocol.send(
        sender=batch.sender, recipients=batch.recipients, text=batch.text, test=batch.test
    )


def plan_batches(
    order: SendOrder, retries_too_soon: int, plan: PlanBatch = plan_batch
) -> tuple[Plan[Acceptance], ...]:
    """The plans of the calls that an order takes; `plan` returns the plan of one call."""
    batches = (
        replace(order, recipients=one, invalid=()) for one in _split_batches(order.recipients)
    )
    return tuple(_call_with_retries(partial(plan, batch), retries_too_soon) for batch in batches)


def result(
    order: SendOrder, answers: Sequence[object], stopped: KwtSMSError | None = None
) -> SendResult:
    """The outcome for each number, from the answers to the calls of an order.

    An answer of None belongs to a call that was not made, because `stopped` ended the rest.
    """
    general = warnings(order.sender, test=order.test)
    found = results.send_result(_split_batches(order.recipients), answers, stopped)
    return replace(found, invalid=order.invalid, warnings=(*general, *found.warnings))


def warnings(sender: str, *, test: bool) -> tuple[str, ...]:
    """Warnings about settings that are allowed, but hardly intended for real recipients."""
    found = []
    if sender.upper() == SHARED_SENDER:
        found.append(
            "KWT-SMS is a shared sender ID for tests: it is slow, and phones at Virgin Kuwait "
            "never get it. Register your own at kwtsms.com."
        )
    if test:
        found.append(
            "Test mode: nothing is delivered, and kwtSMS holds the credits until you delete the "
            "messages from the queue at kwtsms.com."
        )
    return tuple(found)


def validate(numbers: object, default_country: str | None) -> Plan[Validation]:
    """Asks the gateway whether it routes to these numbers; leaves out what is no number."""
    good, bad = split_valid(numbers, default_country)
    batches = _split_batches(good)
    plans = tuple(
        _call_with_retries(partial(single_call, protocol.validate(batch)), 0) for batch in batches
    )
    answers = yield Gather(plans, is_fatal_error)
    return results.validation_result(batches, answers, bad)


def _call_with_retries(attempt: Callable[[], Plan[T]], retries_too_soon: int) -> Plan[T]:
    """Retries a call that was rejected for a temporary reason; never one that is unknown."""
    queue_full, too_soon = iter(QUEUE_FULL_SECONDS), retries_too_soon
    while True:
        try:
            return (yield from attempt())
        except QueueFull as error:
            refused: Rejected = error
            seconds = next(queue_full, None)
            if seconds is None:
                raise
        except TooSoon as error:
            if too_soon <= 0:
                raise
            refused, too_soon, seconds = error, too_soon - 1, TOO_SOON_SECONDS
        try:
            yield Sleep(seconds)
        except NotSent:  # There is no time left to wait, so the rejection is final.
            raise refused from None


def _split_batches(numbers: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    starts = range(0, len(numbers), MAX_RECIPIENTS)
    return tuple(tuple(numbers[start : start + MAX_RECIPIENTS]) for start in starts)

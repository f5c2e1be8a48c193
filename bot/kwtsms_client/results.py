"""Combines the answers to calls into a result for each number. Pure."""

from collections.abc import Sequence
from decimal import Decimal

from kwtsms_client.errors import KwtSMSError, NotSent, Rejected, UnknownOutcome
from kwtsms_client.models import (
    Acceptance,
    Outcome,
    Receipt,
    RecipientResult,
    RejectedInput,
    SendResult,
    Validation,
)

Batch = tuple[str, ...]
NOT_TRIED = "Not tried: "
CALLED_OFF = "the rest was called off."
LEFT_OUT = UnknownOutcome("The reply says nothing of this number.")


def is_fatal_error(error: KwtSMSError) -> bool:
    """Whether the rest of a bulk would meet the same error."""
    return isinstance(error, Rejected) and error.fatal


def is_fatal(answer: object) -> bool:
    """Whether an answer is an error that stopped the rest."""
    return isinstance(answer, KwtSMSError) and is_fatal_error(answer)


def send_result(
    batches: Sequence[Batch], answers: Sequence[object], stopped: KwtSMSError | None
) -> SendResult:
    """The result of a send, from the answer to each batch: an acceptance, an error, or None."""
    found = tuple(zip(batches, answers, strict=True))
    receipts = tuple(Receipt(batch, one) for batch, one in found if isinstance(one, Acceptance))
    acceptances = [one.acceptance for one in receipts]
    balances = [one.balance_after for one in acceptances if one.balance_after is not None]
    return SendResult(
        tuple(one for batch, answer in found for one in _recipient_results(batch, answer, stopped)),
        points_charged=sum((one.points_charged or Decimal(0) for one in acceptances), Decimal(0)),
        balance_after=min(balances, default=None),  # Answers may come in another order than asked.
        warnings=(
            *(uncounted_warning(one) for one in receipts if one.uncounted),
            *(implausible_warning(one) for one in acceptances if one.implausible),
        ),
        receipts=receipts,
    )


def validation_result(
    batches: Sequence[Batch], answers: Sequence[object], rejected: tuple[RejectedInput, ...]
) -> Validation:
    """The verdicts on all numbers, and the numbers without one.

    Raises:
        KwtSMSError: there is no verdict at all.
    """
    known = [one for one in answers if isinstance(one, Validation)]
    errors = [one for one in answers if isinstance(one, KwtSMSError)]
    if errors and not known:
        raise errors[0]
    stopped = next(filter(is_fatal, errors), None)
    found = zip(batches, answers, strict=True)
    return Validation(
        tuple(number for one in known for number in one.ok),
        tuple(number for one in known for number in one.er),
        tuple(number for one in known for number in one.nr),
        rejected,
        tuple(one for batch, answer in found for one in _unanswered(batch, answer, stopped)),
    )


def uncounted_warning(receipt: Receipt) -> str:
    """The warning about a call of which kwtSMS counted fewer numbers than were sent."""
    accepted, given = receipt.acceptance.numbers, len(receipt.recipients)
    return (
        f"kwtSMS took {accepted} of {given} numbers and does not say which. "
        "Look it up in the archive "
        "at kwtsms.com."
    )


def implausible_warning(acceptance: Acceptance) -> str:
    """The warning about fields of a reply that cannot be true."""
    fields = ", ".join(acceptance.implausible)
    return f"kwtSMS accepted it, and its reply has figures that cannot be true: {fields}."


def _recipient_results(
    batch: Batch, answer: object, stopped: KwtSMSError | None
) -> list[RecipientResult]:
    if not isinstance(answer, Acceptance):
        return _without_answer(batch, answer, stopped)
    receipt = Receipt(batch, answer)
    reason = uncounted_warning(receipt) if receipt.uncounted else None
    return _same_result(batch, Outcome.ACCEPTED, message_id=answer.message_id, reason=reason)


def _unanswered(batch: Batch, answer: object, stopped: KwtSMSError | None) -> list[RecipientResult]:
    if not isinstance(answer, Validation):
        return _without_answer(batch, answer, stopped)
    answered = {*answer.ok, *answer.er, *answer.nr}
    return _failed_results(tuple(one for one in batch if one not in answered), LEFT_OUT)


def _without_answer(
    batch: Batch, error: object, stopped: KwtSMSError | None
) -> list[RecipientResult]:
    if isinstance(error, KwtSMSError):
        return _failed_results(batch, error)
    why = stopped.description if stopped else CALLED_OFF
    code = stopped.code if stopped else None
    return _same_result(batch, Outcome.NOT_SENT, code=code, reason=NOT_TRIED + why)


def _failed_results(batch: Batch, error: KwtSMSError) -> list[RecipientResult]:
    if not isinstance(error, Rejected):
        outcome = Outcome.NOT_SENT if isinstance(error, NotSent) else Outcome.UNKNOWN
        return _same_result(batch, outcome, reason=str(error))
    reason = f"{error.description} {error.remedy}"
    if error.info.about_one and len(batch) > 1:
        reason = f"One of these {len(batch)} numbers was rejected, and all with it: {reason}"
    return _same_result(batch, Outcome.REJECTED, code=error.code, reason=reason)


def _same_result(batch: Batch, outcome: Outcome, **facts: str | None) -> list[RecipientResult]:
    return [RecipientResult(one, outcome, **facts) for one in batch]

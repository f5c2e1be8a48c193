"""Sends several texts, each to its own numbers, side by side at one pace. Performs no I/O.

For callers that keep a record, a `SendObserver` is notified of each request before it leaves.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from typing import Protocol

from kwtsms_client.errors import ContentError, KwtSMSError, NotSent, QueueFull
from kwtsms_client.flow import Gather, Plan, SendOrder, plan_batch, plan_batches, result, send_call
from kwtsms_client.models import Acceptance, SendResult
from kwtsms_client.results import is_fatal_error


class SendObserver(Protocol):
    """Observer of every request, called in the thread or task that executes it."""

    def begins(self, text: str, recipients: Sequence[str]) -> None:
        """Handles a request that is about to leave; raising `NotSent` here stops it."""

    def ended(self, text: str, result: SendResult) -> None:
        """Handles the result of a request, even if it never began; a retry calls `begins` again."""


def send_many(
    orders: Sequence[SendOrder], *, retries_too_soon: int, watch: SendObserver | None
) -> Plan[list[SendResult]]:
    """Sends every order, and returns the result of each."""
    plan = partial(_plan_observed_batch, watch) if watch else plan_batch
    plans = [plan_batches(order, retries_too_soon, plan) for order in orders]
    found = yield Gather(tuple(chain.from_iterable(plans)), is_fatal_for_all)
    stopped = next(
        (one for one in found if isinstance(one, KwtSMSError) and is_fatal_for_all(one)), None
    )
    answers = iter(found)
    return [
        result(order, list(islice(answers, len(batches))), stopped)
        for order, batches in zip(orders, plans, strict=True)
    ]


def is_fatal_for_all(error: KwtSMSError) -> bool:
    """Whether other texts, to other numbers, would meet the same error."""
    if isinstance(error, NotSent | QueueFull):
        return True
    return is_fatal_error(error) and not isinstance(error, ContentError)


def _plan_observed_batch(watch: SendObserver, batch: SendOrder) -> Plan[Acceptance]:
    begins = partial(watch.begins, batch.text, batch.recipients)
    try:
        answer: Acceptance = yield replace(send_call(batch), before=begins)
    except KwtSMSError as error:
        watch.ended(batch.text, result(batch, [error]))
        raise
    watch.ended(batch.text, result(batch, [answer]))
    return answer

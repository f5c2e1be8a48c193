"""Several texts, each to numbers of its own, side by side at one pace. Performs no I/O.

For who keeps a record of what is sent: a `Watch` is told of each request before it leaves.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from typing import Protocol

from kwtsms_client.errors import ContentError, KwtSMSError, NotSent, QueueFull
from kwtsms_client.flow import Order, Plan, Together, ask, call, requests, result
from kwtsms_client.models import Acceptance, SendResult
from kwtsms_client.results import stops_the_rest


class Watch(Protocol):
    """Is told of every request, in the thread or task that carries it."""

    def begins(self, text: str, recipients: Sequence[str]) -> None:
        """Its turn has come, and nothing of it has left; a `NotSent` from here keeps it back."""

    def ended(self, text: str, result: SendResult) -> None:
        """What became of it, though nothing had begun; what is tried again begins again."""


def send_many(
    orders: Sequence[Order], *, retries_too_soon: int, watch: Watch | None
) -> Plan[list[SendResult]]:
    """Sends every order; says of each what became of its numbers."""
    asked = partial(_watched, watch) if watch else ask
    plans = [requests(what, retries_too_soon, asked) for what in orders]
    found = yield Together(tuple(chain.from_iterable(plans)), stops_all)
    stopped = next((one for one in found if isinstance(one, KwtSMSError) and stops_all(one)), None)
    answers = iter(found)
    return [
        result(what, list(islice(answers, len(mine))), stopped)
        for what, mine in zip(orders, plans, strict=True)
    ]


def stops_all(error: KwtSMSError) -> bool:
    """Whether other texts, to other numbers, would meet the same error."""
    if isinstance(error, NotSent | QueueFull):
        return True
    return stops_the_rest(error) and not isinstance(error, ContentError)


def _watched(watch: Watch, part: Order) -> Plan[Acceptance]:
    begins = partial(watch.begins, part.text, part.recipients)
    try:
        answer: Acceptance = yield replace(call(part), before=begins)
    except KwtSMSError as error:
        watch.ended(part.text, result(part, [error]))
        raise
    watch.ended(part.text, result(part, [answer]))
    return answer

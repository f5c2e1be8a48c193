"""Order of requests: first come first served, a limit in flight, one starting per bulk. No I/O."""

import pytest

from kwtsms_client import InvalidInput, NotSent, Rejected, UnknownOutcome
from kwtsms_client.client.request_queue import MAX_IN_FLIGHT, RequestQueue
from kwtsms_client.client.scope import MIN_ANSWER_SECONDS, BulkGroup, CallScope, NotStarted
from kwtsms_client.errors import rejection


def bulk_group() -> BulkGroup:
    """Returns a bulk group that a refusal stops."""
    return BulkGroup(lambda error: isinstance(error, Rejected))


def begin(queue: RequestQueue, *scopes: CallScope) -> None:
    """Enqueues each request and takes a slot, whether or not one is free."""
    for scope in scopes:
        queue.enqueue(scope)
        queue.acquire(scope)
        queue.dequeue(scope)


def test_so_many_are_in_flight_and_no_more() -> None:
    """The next request waits until a slot is released."""
    queue, late = RequestQueue(), CallScope()
    begin(queue, *(CallScope() for _ in range(MAX_IN_FLIGHT)))
    queue.enqueue(late)

    assert not queue.is_next(late)
    queue.release()
    assert queue.is_next(late)


def test_requests_begin_in_the_order_of_arrival() -> None:
    """A slot goes to the first in the queue; if it gives up, the next moves up."""
    queue, first, second = RequestQueue(), CallScope(), CallScope()
    queue.enqueue(first)
    queue.enqueue(second)

    assert (queue.is_next(first), queue.is_next(second)) == (True, False)
    queue.dequeue(first)
    assert queue.is_next(second)


def test_a_bulk_begins_in_order_and_one_at_a_time() -> None:
    """The second waits until the first has started, or has ended without a request."""
    many = bulk_group()
    assert (many.may_start(0), many.may_start(1)) == (True, False)

    many.mark_starting(0)
    assert not many.may_start(0)
    many.mark_started(0)
    assert (many.may_start(1), many.may_start(2)) == (True, False)

    many.mark_started(1)
    many.mark_starting(2)
    many.mark_started(1)  # The second ends while the third waits for the rate limiter.
    assert not many.may_start(3)


def test_other_requests_begin_in_between_a_bulk() -> None:
    """While one part of a bulk is starting, another caller's request is next."""
    queue, many, other = RequestQueue(), bulk_group(), CallScope()
    first, second = CallScope().for_plan(many, 0), CallScope().for_plan(many, 1)
    begin(queue, first)
    queue.enqueue(second)
    queue.enqueue(other)

    assert (queue.is_next(second), queue.is_next(other)) == (False, True)
    queue.mark_started(first)
    assert queue.is_next(second)


def test_a_bulk_within_a_bulk_keeps_the_order_of_both() -> None:
    """The parts of a nested bulk start before the next part of the outer one."""
    outer, inner = bulk_group(), bulk_group()
    part = CallScope().for_plan(outer, 0)
    first, second, last = (
        part.for_plan(inner, 0),
        part.for_plan(inner, 1),
        CallScope().for_plan(outer, 1),
    )
    queue = RequestQueue()
    begin(queue, first)
    for scope in (last, second):
        queue.enqueue(scope)

    assert not queue.is_next(last)
    assert not queue.is_next(second)
    queue.mark_started(first)
    queue.dequeue(last)
    assert queue.is_next(second)
    outer.stopped = True
    assert second.stopped


def test_what_an_error_is_for_the_rest() -> None:
    """An error that stops the rest is kept; a foreign one stops it too and counts as unknown."""
    refused, foreign, calm = bulk_group(), bulk_group(), bulk_group()

    assert isinstance(refused.record_error(rejection("ERR010")), Rejected)
    assert isinstance(foreign.record_error(OSError("disk full")), UnknownOutcome)
    assert isinstance(calm.record_error(NotSent("no connection")), NotSent)
    assert calm.record_error(NotStarted("called off")) is None
    assert [one.stopped for one in (refused, foreign, calm)] == [True, True, False]


def test_a_closed_client_sends_nothing() -> None:
    """Neither waiting nor starting requests leave."""
    queue = RequestQueue()
    queue.request_started()
    queue.closed = True

    assert not queue.is_idle
    with pytest.raises(NotSent, match="closed"):
        queue.check(CallScope())
    with pytest.raises(NotSent, match="closed"):
        queue.request_started()
    queue.request_finished()
    assert queue.is_idle


@pytest.mark.parametrize("seconds", [-1, float("nan"), "5", [5]])
def test_a_deadline_is_a_time(seconds: object) -> None:
    """Anything that is not a duration is refused."""
    with pytest.raises(InvalidInput, match="deadline"):
        CallScope.with_timeout(seconds, 0.0)  # type: ignore[arg-type]


def test_a_request_begins_with_time_to_spare() -> None:
    """Just before the deadline a request is not sent, rather than becoming unknown."""
    scope = CallScope.with_timeout(10, 100.0)

    assert scope.latest_start == 110 - MIN_ANSWER_SECONDS
    assert scope.request_timeout(scope.latest_start, 15.0) == MIN_ANSWER_SECONDS
    assert scope.request_timeout(100.0, 5.0) == 5.0
    assert CallScope.with_timeout(None, 100.0).request_timeout(10**9, 15.0) == 15.0

"""Who may begin: in order, a few at a time, one of each bulk; without waiting for anything."""

import pytest

from kwtsms_client import InvalidInput, NotSent, Rejected, UnknownOutcome
from kwtsms_client.client.journey import LEAST_SECONDS, Bulk, Journey, NotBegun
from kwtsms_client.client.traffic import MAX_IN_FLIGHT, Traffic
from kwtsms_client.errors import rejection


def bulk() -> Bulk:
    """One that a refusal stops."""
    return Bulk(lambda error: isinstance(error, Rejected))


def begin(traffic: Traffic, *ways: Journey) -> None:
    """Each stands in line and takes a place, whether it may or not."""
    for way in ways:
        traffic.join(way)
        traffic.take_place(way)
        traffic.leave_line(way)


def test_so_many_are_under_way_and_no_more() -> None:
    """The next waits until one of them leaves."""
    traffic, late = Traffic(), Journey()
    begin(traffic, *(Journey() for _ in range(MAX_IN_FLIGHT)))
    traffic.join(late)

    assert not traffic.is_next(late)
    traffic.leave_place()
    assert traffic.is_next(late)


def test_who_came_first_goes_first() -> None:
    """A place goes to the first in line; who gives up lets the next come up."""
    traffic, first, second = Traffic(), Journey(), Journey()
    traffic.join(first)
    traffic.join(second)

    assert (traffic.is_next(first), traffic.is_next(second)) == (True, False)
    traffic.leave_line(first)
    assert traffic.is_next(second)


def test_a_bulk_begins_in_order_and_one_at_a_time() -> None:
    """The second waits for the first's turn to come, or for it to need none."""
    many = bulk()
    assert (many.may_begin(0), many.may_begin(1)) == (True, False)

    many.begins(0)
    assert not many.may_begin(0)
    many.has_begun(0)
    assert (many.may_begin(1), many.may_begin(2)) == (True, False)

    many.has_begun(1)
    many.begins(2)
    many.has_begun(1)  # It ends while the third waits for its turn.
    assert not many.may_begin(3)


def test_others_come_in_between_a_bulk() -> None:
    """While one of a bulk waits for its turn, somebody else is next, not the rest of the bulk."""
    traffic, many, other = Traffic(), bulk(), Journey()
    first, second = Journey().part(many, 0), Journey().part(many, 1)
    begin(traffic, first)
    traffic.join(second)
    traffic.join(other)

    assert (traffic.is_next(second), traffic.is_next(other)) == (False, True)
    traffic.has_begun(first)
    assert traffic.is_next(second)


def test_a_bulk_within_a_bulk_keeps_the_order_of_both() -> None:
    """The parts of a part begin before the next part does."""
    outer, inner = bulk(), bulk()
    part = Journey().part(outer, 0)
    first, second, last = part.part(inner, 0), part.part(inner, 1), Journey().part(outer, 1)
    traffic = Traffic()
    begin(traffic, first)
    for way in (last, second):
        traffic.join(way)

    assert not traffic.is_next(last)
    assert not traffic.is_next(second)
    traffic.has_begun(first)
    traffic.leave_line(last)
    assert traffic.is_next(second)
    outer.stopped = True
    assert second.stopped


def test_what_an_error_is_for_the_rest() -> None:
    """One that stops the rest does; one that is not ours does as well, and counts as unknown."""
    refused, foreign, calm = bulk(), bulk(), bulk()

    assert isinstance(refused.answer(rejection("ERR010")), Rejected)
    assert isinstance(foreign.answer(OSError("disk full")), UnknownOutcome)
    assert isinstance(calm.answer(NotSent("no connection")), NotSent)
    assert calm.answer(NotBegun("called off")) is None
    assert [one.stopped for one in (refused, foreign, calm)] == [True, True, False]


def test_a_closed_client_lets_nothing_go() -> None:
    """Neither what waits nor what would leave."""
    traffic = Traffic()
    traffic.take_off()
    traffic.closed = True

    assert not traffic.is_quiet
    with pytest.raises(NotSent, match="closed"):
        traffic.check(Journey())
    with pytest.raises(NotSent, match="closed"):
        traffic.take_off()
    traffic.land()
    assert traffic.is_quiet


@pytest.mark.parametrize("seconds", [-1, float("nan"), "5", [5]])
def test_a_deadline_is_a_time(seconds: object) -> None:
    """Anything else is said to be none."""
    with pytest.raises(InvalidInput, match="deadline"):
        Journey.within(seconds, 0.0)  # type: ignore[arg-type]


def test_a_request_begins_with_time_to_spare() -> None:
    """A moment before the deadline it is better not sent than unknown."""
    way = Journey.within(10, 100.0)

    assert way.latest == 110 - LEAST_SECONDS
    assert way.timeout(way.latest, 15.0) == LEAST_SECONDS
    assert way.timeout(100.0, 5.0) == 5.0
    assert Journey.within(None, 100.0).timeout(10**9, 15.0) == 15.0

"""Requests that arrive together are checked as if they came one after another."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_bot.outbox.message import DedupeKey, Message
from kwtsms_bot.outbox.quota.admission import (
    AdmissionRequest,
    AuthorUsage,
    NumberUsage,
    RecentUsage,
    shared_numbers,
)
from kwtsms_bot.outbox.quota.limits import HOUR, Allowance, Limit, QuotaExceededError
from kwtsms_bot.outbox.store import Accepted, IdempotencyConflict, Outbox
from support.database import AT, NUMBER, OTHER, new_message, outbox_in

ANY = Allowance()


def request(author: str = "U1", *numbers: str, pages: int = 1) -> AdmissionRequest:
    """A request to send by this author to these numbers."""
    return AdmissionRequest(replace(new_message(*numbers), author=author, pages=pages), AT)


def recent_usage(requests: Sequence[AdmissionRequest], **overrides: object) -> RecentUsage:
    """The recent usage: none, apart from `overrides`."""
    figures = {
        "authors": {},
        "credits_by_day": {},
        "numbers": {},
        "shared": shared_numbers(requests),
    }
    return RecentUsage(**(figures | overrides))  # type: ignore[arg-type]  # Facts of several types.


def admit_all(
    requests: Sequence[AdmissionRequest], allowance: Allowance, usage: RecentUsage
) -> list[Limit | None]:
    """The limit that each request exceeds; None for those admitted."""
    found: list[Limit | None] = []
    for one in requests:
        exceeded = usage.check_limits(one, allowance)
        found.append(exceeded.limit if exceeded else None)
        if exceeded is None:
            usage.admit(one)
    return found


@given(most=st.integers(1, 6), before=st.integers(0, 8), come=st.integers(1, 8))
def test_a_person_is_admitted_as_often_as_is_left(most: int, before: int, come: int) -> None:
    """The hourly limit holds, however many were sent before and however many come at once."""
    requests = [request()] * come
    times = [AT - timedelta(minutes=number) for number in range(before)]
    start = max(0, most - come)  # As the store reads it.
    usage = recent_usage(
        requests, authors={"U1": AuthorUsage(start, tuple(times[start : start + come]))}
    )

    found = admit_all(requests, Allowance(messages_per_hour=most), usage)

    left = min(come, max(0, most - before))
    assert found == [None] * left + [Limit.PERSON] * (come - left)


@given(most=st.integers(1, 6), before=st.integers(0, 8), come=st.integers(1, 8))
def test_a_number_gets_as_many_as_are_left(most: int, before: int, come: int) -> None:
    """The limit holds although the store returns only numbers that can reach it."""
    requests = [request(f"U{number}", NUMBER) for number in range(come)]
    numbers = {NUMBER: NumberUsage(before, AT)} if before > most - come else {}
    usage = recent_usage(requests, numbers=numbers)

    found = admit_all(requests, Allowance(per_number_per_hour=most), usage)

    left = min(come, max(0, most - before))
    assert found == [None] * left + [Limit.NUMBER] * (come - left)


def test_a_day_has_so_many_credits_for_all() -> None:
    """A request for more than is left is refused; a smaller one behind it is admitted."""
    requests = [request("U1", pages=4), request("U2", pages=4), request("U3", pages=1)]

    found = admit_all(requests, Allowance(credits_per_day=5), recent_usage(requests))

    assert found == [None, Limit.DAY, None]


def test_an_hour_later_nothing_counts() -> None:
    """Messages sent an hour ago or earlier do not count."""
    usage = recent_usage([request()], authors={"U1": AuthorUsage(0, (AT - HOUR,))})

    assert admit_all([request()], Allowance(messages_per_hour=1), usage) == [None]


async def at_once(
    outbox: Outbox, requests: Sequence[AdmissionRequest], allowance: Allowance
) -> list[object]:
    """The results of requests that arrive at the same moment."""
    return await asyncio.gather(
        *(outbox.intake.accept(one.new, one.at, allowance) for one in requests),
        return_exceptions=True,
    )


@pytest.mark.parametrize(
    ("allowance", "requests"),
    [
        (Allowance(messages_per_hour=3), [request("U1", NUMBER), request("U2", OTHER)] * 5),
        (Allowance(per_number_per_hour=3), [request("U1", NUMBER), request("U2", OTHER)] * 5),
        (Allowance(credits_per_day=6), [request("U1", NUMBER), request("U2", OTHER)] * 5),
    ],
    ids=["person", "number", "day"],
)
async def test_a_crowd_gets_what_is_left(
    database_url: str, allowance: Allowance, requests: list[AdmissionRequest]
) -> None:
    """After one message, of ten that arrive at once as many are accepted as the limits leave."""
    async with outbox_in(database_url) as outbox:
        await outbox.intake.accept(requests[0].new, AT, allowance)
        answers = await at_once(outbox, requests, allowance)

    assert sum(isinstance(one, Accepted) for one in answers) == 5
    assert sum(isinstance(one, QuotaExceededError) for one in answers) == 5


async def test_the_same_key_at_the_same_time_is_one_message(database_url: str) -> None:
    """Slack may deliver a command twice in one moment; another text under its key is refused."""
    once = request()
    once = replace(once, new=replace(once.new, key=DedupeKey("slack", "1")))
    other = replace(once, new=replace(once.new, text="another"))
    async with outbox_in(database_url) as outbox:
        answers = await at_once(outbox, [once, once, other, once], ANY)
        kept = await outbox.messages.recent(None, 10)

    fresh = [one.fresh for one in answers if isinstance(one, Accepted)]
    assert fresh == [True, False, False]
    assert isinstance(answers[2], IdempotencyConflict)
    assert len(kept) == 1


async def test_a_crowd_is_answered_each_for_itself(database_url: str) -> None:
    """Each call returns its own message, as it is in the database."""
    requests = [request(f"U{number}", f"965{90000000 + number}") for number in range(250)]
    async with outbox_in(database_url) as outbox:
        answers = await at_once(outbox, requests, ANY)
        found: list[Message | None] = []
        for answer in answers:
            assert isinstance(answer, Accepted)
            found.append(await outbox.messages.get(answer.message.id))

        assert found == [one.message for one in answers if isinstance(one, Accepted)]
        assert [one.author for one in found if one] == [one.new.author for one in requests]

"""Limits, drafts and the kill switch hold for simultaneous requests too."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from kwtsms_bot import kuwait_time
from kwtsms_bot.outbox.intake.draft import Draft, DraftKind, new_token
from kwtsms_bot.outbox.message import NewMessage
from kwtsms_bot.outbox.quota.limits import Allowance, Limit, QuotaExceededError
from kwtsms_bot.outbox.store import ActivePause, SendingPaused, open_outbox
from support import command_testbed
from support.database import ACTOR, AT, opened

LEASE = timedelta(seconds=30)


def new(number: int = 0, author: str = "U1", pages: int = 1) -> NewMessage:
    """A message to one phone."""
    return NewMessage(
        source="slack",
        author=author,
        text="hi",
        sender_id="MY-APP",
        recipients=(f"965{90000000 + number}",),
        pages=pages,
    )


def draft(token: str, kind: DraftKind = DraftKind.CONFIRM) -> Draft:
    """A draft that expires after ten minutes."""
    return command_testbed.draft(kind, token=token, author="U1", channel="C1")


async def test_a_person_sends_no_more_than_allowed_in_an_hour(database_url: str) -> None:
    """The refusal says when the oldest message's hour ends; then one more is accepted."""
    allowance = Allowance(messages_per_hour=2)
    async with opened(database_url) as database:
        outbox = open_outbox(database)
        for n in range(2):
            await outbox.intake.accept(new(n), AT + timedelta(minutes=n), allowance)
        with pytest.raises(QuotaExceededError) as refused:
            await outbox.intake.accept(new(2), AT + timedelta(minutes=5), allowance)
        await outbox.intake.accept(new(2, author="U2"), AT + timedelta(minutes=5), allowance)
        await outbox.intake.accept(new(2), AT + timedelta(minutes=61), allowance)

    assert refused.value.exceeded.limit is Limit.PERSON
    assert refused.value.exceeded.ends_at == AT + timedelta(minutes=60)


async def test_a_phone_gets_no_more_than_allowed_in_an_hour(database_url: str) -> None:
    """The limit of a number counts all authors, and no cancelled message."""
    allowance = Allowance(per_number_per_hour=2)
    async with opened(database_url) as database:
        outbox = open_outbox(database)
        first = await outbox.intake.accept(new(), AT, allowance)
        await outbox.intake.accept(new(author="U2"), AT, allowance)
        with pytest.raises(QuotaExceededError) as refused:
            await outbox.intake.accept(new(author="U3"), AT, allowance)
        await outbox.cancellation.cancel(first.message.ref, AT, ACTOR)
        await outbox.intake.accept(new(author="U3"), AT, allowance)

    assert refused.value.exceeded.limit is Limit.NUMBER


async def test_a_day_costs_no_more_than_allowed(database_url: str) -> None:
    """A day in Kuwait counts pages times numbers; a cancellation is a refund."""
    allowance = Allowance(credits_per_day=5)
    async with opened(database_url) as database:
        outbox = open_outbox(database)
        first = await outbox.intake.accept(new(pages=4), AT, allowance)
        with pytest.raises(QuotaExceededError) as refused:
            await outbox.intake.accept(new(1, pages=2), AT, allowance)
        await outbox.intake.accept(new(1, pages=2), kuwait_time.midnight_after(AT), allowance)
        await outbox.cancellation.cancel(first.message.ref, AT, ACTOR)
        await outbox.intake.accept(new(1, pages=5), AT, allowance)

    assert refused.value.exceeded.limit is Limit.DAY
    assert refused.value.exceeded.remaining == 1
    assert refused.value.exceeded.ends_at == kuwait_time.midnight_after(AT)


async def test_limits_apply_to_simultaneous_requests(database_url: str) -> None:
    """Of twenty messages at once, as many are accepted as are allowed."""
    async with opened(database_url) as database:
        outbox = open_outbox(database)
        tried = await asyncio.gather(
            *(outbox.intake.accept(new(n), AT, Allowance(messages_per_hour=7)) for n in range(20)),
            return_exceptions=True,
        )

    assert sum(isinstance(one, QuotaExceededError) for one in tried) == 13
    assert sum(not isinstance(one, BaseException) for one in tried) == 7


async def test_a_draft_is_sent_once(database_url: str) -> None:
    """Of ten simultaneous presses, one sends."""
    async with opened(database_url) as database:
        outbox = open_outbox(database)
        token = new_token()
        await outbox.drafts.save_draft(draft(token))
        sent = await asyncio.gather(
            *(outbox.drafts.send_draft(token, new(), AT, Allowance()) for _ in range(10))
        )
        left = await outbox.drafts.get_draft(token, AT)

    assert sum(one is not None for one in sent) == 1
    assert left is None


async def test_an_old_draft_is_void(database_url: str) -> None:
    """An expired draft cannot be sent, and is deleted by the next erasure."""
    async with opened(database_url) as database:
        outbox = open_outbox(database)
        await outbox.drafts.save_draft(draft("old"))
        later = AT + timedelta(minutes=10)

        assert await outbox.drafts.get_draft("old", later) is None
        assert await outbox.drafts.send_draft("old", new(), later, Allowance()) is None
        assert await outbox.drafts.discard_expired_drafts(later) == 1


async def test_a_draft_that_exceeds_the_limit_stays(database_url: str) -> None:
    """A draft that a limit refuses can be sent later."""
    async with opened(database_url) as database:
        outbox = open_outbox(database)
        await outbox.intake.accept(new(1), AT)
        await outbox.drafts.save_draft(draft("token"))
        with pytest.raises(QuotaExceededError):
            await outbox.drafts.send_draft("token", new(), AT, Allowance(messages_per_hour=1))

        assert await outbox.drafts.get_draft("token", AT) == draft("token")


async def test_a_confirmed_draft_can_wait_for_a_second_person(database_url: str) -> None:
    """The approval request replaces the draft, whose token is used up."""
    async with opened(database_url) as database:
        outbox = open_outbox(database)
        await outbox.drafts.save_draft(draft("first"))
        asked = replace(draft("second"), kind=DraftKind.APPROVE)

        assert await outbox.drafts.request_approval("first", asked, AT)
        assert not await outbox.drafts.request_approval("first", replace(asked, token="third"), AT)
        assert await outbox.drafts.get_draft("second", AT) == asked
        assert await outbox.drafts.discard_draft("second", AT)
        assert not await outbox.drafts.discard_draft("second", AT)


async def test_a_pause_stops_all_and_loses_nothing(database_url: str) -> None:
    """During a pause nothing is accepted or claimed; afterwards the queue continues."""
    async with opened(database_url) as database:
        outbox = open_outbox(database)
        await outbox.intake.accept(new(), AT)
        assert await outbox.kill_switch.pause("a mistake", AT, ACTOR)
        assert not await outbox.kill_switch.pause("another", AT, ACTOR)
        with pytest.raises(SendingPaused) as refused:
            await outbox.intake.accept(new(1), AT)
        while_paused = await outbox.claims.claim("me", LEASE, AT)
        due = await outbox.claims.next_due()
        assert await outbox.kill_switch.resume(AT, ACTOR)
        assert not await outbox.kill_switch.resume(AT, ACTOR)
        after = await outbox.claims.claim("me", LEASE, AT)

    assert refused.value.pause == ActivePause("U1", "a mistake", AT)
    assert while_paused is None
    assert due is None
    assert after is not None

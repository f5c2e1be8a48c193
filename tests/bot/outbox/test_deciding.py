"""Decisions of people: durable with who made them, and in the ledger by the same transaction."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import text

from kwtsms_bot.database import DatabaseTrouble
from kwtsms_bot.outbox.decision import Decided, Decision
from kwtsms_bot.outbox.draft import Draft
from kwtsms_bot.outbox.limits import UNLIMITED
from kwtsms_bot.outbox.message import Message, State
from kwtsms_bot.outbox.retry import Plan
from kwtsms_bot.outbox.store import Audit, By, Store, TakenBack
from support.database import AT, NUMBER, OTHER, new, store_in
from support.lives import Secret, draft
from support.walk import cells

LEASE = timedelta(seconds=30)
LATER = AT + timedelta(hours=25)
DAY = timedelta(days=1)
SARA = By("U2", "T1", "C1", "0123abcd")


async def lost(store: Store, *phones: str, lives: timedelta = DAY) -> Message:
    """A message whose answer nobody has heard."""
    message = (await store.accept(new(*phones, expires_at=AT + lives), AT)).message
    call = await store.claim("one", LEASE, AT)
    assert call
    assert await store.put_in_flight(call, LEASE, AT)
    await store.settle(call, Plan(State.UNKNOWN, AT), AT)
    return message


async def found(store: Store, message: Message) -> Message:
    """As it stands now."""
    now = await store.get(message.id)
    assert now
    return now


async def test_what_is_sent_again_has_its_time_anew(database_url: str) -> None:
    """Its first day was over when a person decided; it is not given up before it is sent."""
    async with store_in(database_url) as store:
        message = await lost(store, NUMBER)
        await store.send_again(message.ref, LATER, SARA, expires_at=LATER + DAY)
        call = await store.claim("two", LEASE, LATER)

        assert call
        assert call.expires_at == LATER + DAY
        assert (await found(store, message)).expires_at == LATER + DAY


async def test_what_is_taken_as_sent_keeps_its_time(database_url: str) -> None:
    """Nothing of it is sent."""
    async with store_in(database_url) as store:
        message = await lost(store, NUMBER)
        await store.treat_as_sent(message.ref, LATER, SARA)

        assert (await found(store, message)).expires_at == AT + DAY


async def test_who_decided_what_and_when_is_on_the_message(database_url: str) -> None:
    """For its card: one decision after the other, with how many numbers each was about."""
    async with store_in(database_url) as store:
        message = await lost(store, NUMBER, OTHER)
        await store.send_again(message.ref, LATER, SARA, expires_at=LATER + DAY)
        await store.send_again(message.ref, LATER, SARA)
        await store.cancel(message.ref, LATER, By("U3"))

        assert (await found(store, message)).decisions == (
            Decision(Decided.SEND_AGAIN, "U2", LATER, 2),
            Decision(Decided.CANCEL, "U3", LATER, 2),
        )


async def test_what_a_person_takes_as_sent_is_told_from_what_kwtsms_took(database_url: str) -> None:
    """Nobody has heard from kwtSMS: it may have charged it, and no receipt is waited for."""
    async with store_in(database_url) as store:
        presumed, taken = await lost(store, NUMBER), new(OTHER)
        await store.treat_as_sent(presumed.ref, LATER, SARA)
        sent = (await store.accept(taken, AT)).message
        call = await store.claim("one", LEASE, AT)
        assert call
        assert await store.put_in_flight(call, LEASE, AT)
        await store.settle(call, Plan(State.SENT, AT, gateway_id="f4c8"), AT)
        first, second = await found(store, presumed), await found(store, sent)

        assert (first.counts, first.presumed, first.unsure) == ({State.SENT: 1}, 1, 1)
        assert (first.taken_at, first.sent_at_home) == (None, False)
        assert (second.counts, second.presumed, second.unsure) == ({State.SENT: 1}, 0, 0)
        assert (second.taken_at, second.sent_at_home) == (AT, True)


@dataclass
class Scene:
    """Something to decide of each kind."""

    store: Store
    unknown: Message
    waiting: Message
    draft: Draft

    async def send_again(self) -> object:
        """What is unknown."""
        return await self.store.send_again(self.unknown.ref, LATER, SARA)

    async def treat_as_sent(self) -> object:
        """The same."""
        return await self.store.treat_as_sent(self.unknown.ref, LATER, SARA)

    async def cancel(self) -> object:
        """What waits."""
        return (await self.store.cancel(self.waiting.ref, LATER, SARA)).count

    async def pause(self) -> object:
        """All sending."""
        return await self.store.pause("a mistake", LATER, SARA)

    async def resume(self) -> object:
        """The same, where it was paused before."""
        return await self.store.resume(LATER, SARA)

    async def approve(self) -> object:
        """What waits for a second person."""
        wanted = new(OTHER, text="approved")
        return await self.store.send_draft(self.draft.token, wanted, AT, UNLIMITED, approved=SARA)

    async def turn_down(self) -> object:
        """The same."""
        return await self.store.drop_draft(self.draft.token, AT, refused=SARA)


@pytest.fixture
async def scene(database_url: str) -> AsyncIterator[Scene]:
    """It."""
    async with store_in(database_url) as store:
        unknown = await lost(store, NUMBER)
        waiting = (await store.accept(new(OTHER), AT)).message
        asked = draft(Secret(NUMBER, "asked"))
        await store.keep(asked)
        yield Scene(store, unknown, waiting, asked)


@pytest.mark.parametrize(
    ("deed", "line"),
    [
        ("send_again", ("send", "allowed", "{unknown}", "send again")),
        ("treat_as_sent", ("send", "allowed", "{unknown}", "treat as sent")),
        ("cancel", ("send", "allowed", "{waiting}", "cancelled 1")),
        ("pause", ("admin", "allowed", "pause", "")),
        ("resume", ("admin", "allowed", "resume", "")),
        ("approve", ("approve", "approved", "{newest}", "U1")),
        ("turn_down", ("approve", "turned down", "send", "U1")),
    ],
)
async def test_the_ledger_has_it_or_it_is_not_done(
    scene: Scene, deed: str, line: tuple[str, str, str, str]
) -> None:
    """One transaction: where the line cannot be written, nothing is as if it were decided."""
    store = scene.store
    if deed == "resume":
        await store.pause("a mistake", AT, SARA)
    async with store.database.transaction() as connection:
        await connection.execute(text("ALTER TABLE audit RENAME TO elsewhere"))
    before = await cells(store.database)
    with pytest.raises(DatabaseTrouble):
        await getattr(scene, deed)()
    after = await cells(store.database)
    async with store.database.transaction() as connection:
        await connection.execute(text("ALTER TABLE elsewhere RENAME TO audit"))

    assert after == before
    assert await getattr(scene, deed)()
    newest = await store.latest("U1")
    assert newest
    refs = {"unknown": scene.unknown.ref, "waiting": scene.waiting.ref, "newest": newest.ref}
    written = (await Audit(store.database).entries())[-1]
    told = (written.action, written.decision, written.subject, written.detail)
    assert told == (*line[:2], line[2].format(**refs), line[3])
    assert By(written.actor, written.team, written.channel, written.request) == SARA


async def test_what_is_decided_in_vain_leaves_no_line(scene: Scene) -> None:
    """Somebody was faster, or there was nothing: nothing was decided."""
    await scene.send_again()
    before = await Audit(scene.store.database).entries()
    assert not await scene.send_again()
    assert await scene.store.cancel("M2345678", LATER, SARA) == TakenBack(0, 0)
    assert not await scene.resume()

    assert await Audit(scene.store.database).entries() == before
    now = await found(scene.store, scene.unknown)
    assert len(now.decisions) == 1

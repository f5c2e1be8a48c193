"""Erasing a number leaves no trace of it, and loses no accepted message."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from kwtsms_bot.database.tables import dedupe, message
from kwtsms_bot.outbox.message import DedupeKey
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.retention.erase_number import BATCH_SIZE, RECHECKED_MESSAGES
from kwtsms_bot.outbox.retention.masking import KeptNumber
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import Actor, Audit, Erased, Outbox
from support.database import ACTOR, AT, NUMBER, OTHER, new_message, outbox_in
from support.leak_search import cells, on_disk, traces
from support.message_states import (
    LEASE,
    Secret,
    cancelled,
    deferred,
    drafted,
    in_flight,
    rejected,
    sent,
    unknown,
)

LOCAL = NUMBER.removeprefix("965")
MINUTE = timedelta(minutes=1)
TO_IT = ("one-text", "two-text", "three-text", "four-text", "draft-text")
TEXT_WITH_NUMBER = "Call Sara on +965 9876 5432 today"


async def erase(outbox: Outbox, *, cancel: bool = False) -> Erased:
    """Erases NUMBER."""
    return await outbox.eraser.erase_number(NUMBER, AT, actor="shell:sara", cancel=cancel)


async def fill_every_table(outbox: Outbox) -> None:
    """Puts NUMBER into every table that can hold one, at every point of a message's life."""
    for minute, scenario in enumerate((sent, rejected, unknown, cancelled)):
        await scenario(outbox, Secret(NUMBER, TO_IT[minute], AT + minute * MINUTE))
    await drafted(outbox, Secret(NUMBER, "draft-text"))
    await drafted(outbox, Secret("96590000001", f"draft that names {NUMBER}"))
    later = AT + timedelta(hours=1)
    await sent(outbox, Secret(NUMBER, "text for all", later, (OTHER,)))
    await sent(outbox, Secret("96590000002", TEXT_WITH_NUMBER, later))
    await outbox.kill_switch.pause(f"complaint of {NUMBER}", later, ACTOR)


async def test_nothing_of_it_is_left_in_any_table(database_url: str) -> None:
    """Neither the number, in any notation, nor a text that went only to it is left."""
    async with outbox_in(database_url) as outbox:
        await fill_every_table(outbox)
        assert len(await traces(outbox.database, NUMBER)) > 5
        found = await erase(outbox)
        secrets = (NUMBER, LOCAL, "9876 5432", *TO_IT)

        assert await traces(outbox.database, *secrets) == set()
        assert (found.messages, found.texts, found.unknown) == (5, 4, 1)
        assert (found.named, found.drafts, found.cancelled, found.kept) == (1, 2, 0, ())


async def test_it_is_gone_from_the_files_while_others_use_them(tmp_path: Path) -> None:
    """Freed pages and the write-ahead log are clean, even with another process connected."""
    async with outbox_in(tmp_path) as running, outbox_in(tmp_path) as ours:
        await fill_every_table(running)
        secrets = (NUMBER, LOCAL, *TO_IT)
        assert on_disk(tmp_path, *secrets) == set(secrets)
        await erase(ours)

        assert await ours.database.empty_wal()
        assert on_disk(tmp_path, *secrets) == set()


async def test_others_keep_their_message(database_url: str) -> None:
    """A message to several keeps its text until the last of its numbers is erased."""
    async with outbox_in(database_url) as outbox:
        await sent(outbox, Secret(NUMBER, "text for all", others=(OTHER,)))
        first = await erase(outbox)
        assert await traces(outbox.database, "text for all") == {"message.text"}
        assert await traces(outbox.database, OTHER) == {"recipient.phone", "number_cooldown.phone"}
        last = await outbox.eraser.erase_number(OTHER, AT, actor="shell:sara")

        assert (first.messages, first.texts) == (1, 0)
        assert (last.messages, last.texts) == (1, 1)
        assert await traces(outbox.database, "text for all", OTHER) == set()


async def test_others_keep_a_text_that_names_it(database_url: str) -> None:
    """In a text to others, only the number is masked."""
    async with outbox_in(database_url) as outbox:
        await sent(outbox, Secret(OTHER, TEXT_WITH_NUMBER))
        await erase(outbox)
        (message,) = await outbox.messages.recent("U1", 1)

        assert message.text_start == "Call Sara on 965•••••432 today"


@pytest.mark.parametrize(
    "written",
    ["9876\u00a05432", "9876–5432", "+965\u00a09876‑5432", "9876\n5432", "９８７６/５４３２"],
)
async def test_every_spelling_is_found(database_url: str, written: str) -> None:
    """In texts, drafts and the reason for a pause, the number is found in any notation."""
    async with outbox_in(database_url) as outbox:
        await sent(outbox, Secret(OTHER, f"Call {written}"))
        await drafted(outbox, Secret("96590000001", f"Ask {written}"))
        await outbox.kill_switch.pause(f"complaint of {written}", AT, Actor("U2"))
        found = await erase(outbox)

        assert (found.named, found.drafts) == (1, 1)
        assert await traces(outbox.database, written, "5432", "５４３２") == set()


async def test_a_text_is_found_among_many(database_url: str) -> None:
    """Old texts are found too, however many came after them."""
    async with outbox_in(database_url) as outbox:
        await sent(outbox, Secret(OTHER, TEXT_WITH_NUMBER))
        (old,) = await outbox.messages.recent("U1", 1)
        async with outbox.database.transaction() as connection:
            row = (await connection.execute(select(message).where(message.c.id == old.id))).one()
            many = range(old.id + 1, old.id + 2 * BATCH_SIZE + RECHECKED_MESSAGES)
            changes = [{"id": one, "ref": f"M{one}", "text": f"no {one}"} for one in many]
            await connection.execute(insert(message), [row._asdict() | one for one in changes])
        found = await erase(outbox)
        kept = await outbox.messages.get(old.id)

    assert found.named == 1
    assert kept
    assert kept.text == "Call Sara on 965•••••432 today"


async def test_no_hash_is_left_of_what_named_it(database_url: str) -> None:
    """The hashes are cleared, as they would allow guessing the number."""
    async with outbox_in(database_url) as outbox:
        await sent(outbox, Secret(NUMBER, "text"))
        await sent(outbox, Secret(OTHER, TEXT_WITH_NUMBER, AT + MINUTE))
        await sent(outbox, Secret(OTHER, "another", AT + 2 * MINUTE))
        await erase(outbox)
        async with outbox.database.reading() as connection:
            kept = (await connection.execute(select(dedupe.c.content_hash))).scalars().all()
            texts = await connection.execute(select(message.c.text_hash).order_by(message.c.id))

            assert [bool(one) for one in kept].count(True) == 1
            assert [bool(one) for one in texts.scalars()] == [False, False, True]


async def test_unsent_messages_are_kept_and_listed(database_url: str) -> None:
    """Messages that are queued or in flight to the number, or name it, are kept."""
    async with outbox_in(database_url) as outbox:
        await deferred(outbox, Secret(NUMBER, "waits"))
        await deferred(outbox, Secret(OTHER, TEXT_WITH_NUMBER))
        await in_flight(outbox, Secret(NUMBER, "flies", AT + MINUTE))
        dispatched, naming, waiting = await outbox.messages.recent("U1", 3)
        before = await cells(outbox.database)
        found = await erase(outbox)
        after = await cells(outbox.database)

        assert (found.messages, found.named) == (0, 0)
        assert set(found.kept) == {
            KeptNumber(waiting.ref, "queued"),
            KeptNumber(dispatched.ref, "in_flight"),
            KeptNumber(naming.ref, "queued"),
        }
        for column in ("message.text", "recipient.phone", "recipient.state"):
            assert before[column] == after[column]


async def test_queued_messages_are_cancelled_on_request(database_url: str) -> None:
    """With `cancel`, queued messages are cancelled and refunded, and the number is erased."""
    async with outbox_in(database_url) as outbox:
        await deferred(outbox, Secret(NUMBER, "waits", others=(OTHER,)))
        found = await erase(outbox, cancel=True)
        (message,) = await outbox.messages.recent("U1", 1)

        assert (found.cancelled, found.messages, found.texts, found.kept) == (1, 1, 0, ())
        assert message.counts == {State.QUEUED: 1, State.CANCELLED: 1}
        assert (await cells(outbox.database))["spending.credits"] == "1"
        assert await traces(outbox.database, NUMBER) == set()


async def test_a_message_in_flight_cannot_be_cancelled(database_url: str) -> None:
    """A message in flight is kept until it is settled, and can be erased then."""
    async with outbox_in(database_url) as outbox:
        call = await in_flight(outbox, Secret(NUMBER, "flies"))
        kept = await erase(outbox, cancel=True)
        await outbox.settlements.settle(call, Settlement(State.SENT, AT, gateway_id="f4c8"), AT)
        gone = await erase(outbox)

        assert ([one.state for one in kept.kept], kept.cancelled) == (["in_flight"], 0)
        assert (gone.messages, gone.texts, gone.kept) == (1, 1, ())
        assert await traces(outbox.database, NUMBER, "flies") == set()


async def test_a_rehearsal_changes_nothing(database_url: str) -> None:
    """A preview returns what an erasure would do, and changes no table."""
    async with outbox_in(database_url) as outbox:
        await deferred(outbox, Secret(NUMBER, "waits", AT - MINUTE))
        await fill_every_table(outbox)
        before = await cells(outbox.database)
        rehearsed = await outbox.eraser.preview_erasure(NUMBER, AT, cancel=True)
        after = await cells(outbox.database)
        found = await erase(outbox, cancel=True)

        assert before == after
        assert rehearsed == found


async def test_the_ledger_records_the_erasure_without_the_number(database_url: str) -> None:
    """The audit log has the actor and the counts; the number is masked."""
    async with outbox_in(database_url) as outbox:
        await sent(outbox, Secret(NUMBER, "text"))
        await erase(outbox)
        line = (await Audit(outbox.database).entries())[-1]

    assert (line.actor, line.action, line.decision) == ("shell:sara", "forget", "allowed")
    assert line.subject == "965•••••432"
    assert line.detail == (
        "messages 1, texts 1, named 0, alerts 0, answers 0, drafts 0, cancelled 0, kept 0"
    )


async def test_cards_are_shown_anew(database_url: str) -> None:
    """The cards are updated, so that a running bot removes the text from Slack too."""
    async with outbox_in(database_url) as outbox:
        await sent(outbox, Secret(NUMBER, "text"))
        await sent(outbox, Secret(OTHER, TEXT_WITH_NUMBER, AT + MINUTE))
        shown = {one.id for one in await outbox.messages.recent("U1", 2)}
        for message_id in shown:
            message = await outbox.messages.get(message_id)
            assert message
            await outbox.cards.record_shown(message_id, message.revision, None)
        assert await outbox.cards.outdated_cards(10) == ()
        await erase(outbox)

        assert set(await outbox.cards.outdated_cards(10)) == shown


async def test_an_erased_request_that_comes_again_is_not_sent_again(database_url: str) -> None:
    """The key outlives the content: a second delivery finds the earlier message."""
    key = DedupeKey("slack", "trigger")
    async with outbox_in(database_url) as outbox:
        first = await outbox.intake.accept(new_message(key=key), AT)
        await outbox.cancellation.cancel(first.message.ref, AT, ACTOR)
        await erase(outbox)
        again = await outbox.intake.accept(new_message(key=key), AT)

        assert (again.fresh, again.message.id) == (False, first.message.id)


async def test_an_unknown_message_to_it_is_not_sent_again(database_url: str) -> None:
    """Sending again reaches only the recipients whose numbers are left."""
    async with outbox_in(database_url) as outbox:
        await unknown(outbox, Secret(NUMBER, "text", others=(OTHER,)))
        await erase(outbox)
        (message,) = await outbox.messages.recent("U1", 1)

        assert await outbox.decisions.send_again(message.ref, AT + MINUTE, ACTOR) == 1
        call = await outbox.claims.claim("one", LEASE, AT + MINUTE)
        assert call
        assert [one.phone for one in call.recipients] == [OTHER]


async def test_a_late_report_about_it_is_asked_without_it(database_url: str) -> None:
    """A poll includes only the numbers that are left."""
    async with outbox_in(database_url) as outbox:
        await sent(outbox, Secret(NUMBER, "text", others=(OTHER,)))
        await erase(outbox)
        tracked = await outbox.delivery.claim_check(AT + MINUTE)

        assert tracked
        assert tracked.phones == (OTHER,)


async def test_a_number_that_nobody_knows(database_url: str) -> None:
    """Erasing an unknown number finds nothing and changes nothing."""
    async with outbox_in(database_url) as outbox:
        await sent(outbox, Secret(OTHER, "text"))
        before = await cells(outbox.database)
        found = await outbox.eraser.preview_erasure(NUMBER, AT)

        assert found.is_empty
        assert await cells(outbox.database) == before

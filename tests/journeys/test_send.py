"""From a slash command to a phone: the main job."""

from pathlib import Path

import pytest

from kwtsms_bot.database import open_database
from kwtsms_bot.outbox.store import Audit
from kwtsms_sandbox.gateway import Fault
from kwtsms_sandbox.slack import GENERAL, GUEST, NOURA, OPS, RANDOM, SARA, Channel, User
from support.bot import NUMBER, sends, shown, staged

# Noura's Slack is in Arabic.
REFUSALS = ("You may not do that here", "لا يُسمح لك بذلك هنا")


async def test_a_command_becomes_an_sms(tmp_path: Path) -> None:
    """What is typed in Slack arrives on the phone, and the card says what it cost."""
    async with staged(tmp_path) as stage:
        before = stage.gateway.balance()
        await stage.slack.command(SARA, OPS, "/sms", "send +96598765432 Hello مرحبا")
        card = await shown(stage, "accepted by kwtSMS")

        assert [sms.text for sms in stage.gateway.inbox(NUMBER)] == ["Hello مرحبا"]
        assert stage.gateway.balance() == before - 1
        assert "1 credit charged · 999 credits left" in stage.slack.plain(card)
        assert "98765432" not in stage.slack.plain(card)


async def test_the_card_is_one_message_edited_in_place(tmp_path: Path) -> None:
    """A send shows one message in the channel, whatever happens to it."""
    async with staged(tmp_path) as stage:
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await shown(stage, "accepted by kwtSMS")

        assert len(stage.slack.visible(NOURA, OPS)) == 1


async def test_a_long_arabic_text_costs_its_pages(tmp_path: Path) -> None:
    """Credits fall by pages times numbers."""
    async with staged(tmp_path) as stage:
        before = stage.gateway.balance()
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER}, 96551234567 {'م' * 100}")
        await shown(stage, "accepted by kwtSMS")

        assert stage.gateway.balance() == before - 4


async def test_the_same_command_delivered_twice_sends_once(tmp_path: Path) -> None:
    """Slack may deliver a command again; its trigger id tells that it is the same."""
    async with staged(tmp_path) as stage:
        first = await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        again = await stage.slack.redeliver(first)
        await shown(stage, "accepted by kwtSMS")

        assert again.acked
        assert len(sends(stage)) == 1
        assert len(stage.gateway.ledger) == 1


@pytest.mark.parametrize(
    ("typed", "said", "example"),
    [
        ("send abc hi", "not a phone number", "/sms send +96598765432 Backup failed"),
        ("send 123 hi", "not a phone number", "/sms send +96598765432 Backup failed"),
        ("send +96598765432", "There is no text", "/sms send +96598765432 Backup failed"),
        ("send +96598765432 🎉🎉", "Nothing is left", "/sms send +96598765432 Backup failed"),
        (f"send +96598765432 {'م' * 470}", "too long", "/sms send +96598765432 Backup failed"),
        ("sned +96598765432 hi", "There is no /sms sned", "/sms send +96598765432 Backup"),
        ("fly", "There is no /sms fly", "/sms help"),
        ("dlr nonsense", "no message with the id", "/sms dlr"),
        ("status nonsense", "no message with the id", "/sms status"),
    ],
)
async def test_a_mistake_is_answered_with_an_example(
    tmp_path: Path, typed: str, said: str, example: str
) -> None:
    """A mistake is told to the person alone, with a line to type; nothing reaches the gateway."""
    async with staged(tmp_path) as stage:
        await stage.slack.command(SARA, OPS, "/sms", typed)
        answer = await shown(stage, said)

        assert answer.ephemeral_to == SARA.id
        assert example in stage.slack.plain(answer)
        # The balance watch may have looked meanwhile.
        assert {seen.endpoint for seen in stage.gateway.requests} <= {"balance"}


@pytest.mark.parametrize(
    ("person", "place"), [(NOURA, OPS), (GUEST, GENERAL)], ids=["reader", "nobody"]
)
async def test_who_may_not_send_is_refused(tmp_path: Path, person: User, place: Channel) -> None:
    """A refusal is told to the person alone and stands in the audit log; nothing is sent."""
    async with staged(tmp_path) as stage:
        await stage.slack.command(person, place, "/sms", f"send {NUMBER} hi")
        seen = stage.slack.visible(person, place)

        assert any(words in stage.slack.plain(seen[-1]) for words in REFUSALS)
        assert seen[-1].ephemeral_to == person.id
        assert sends(stage) == []
        assert (person.id, "send", "refused") in await ledger(tmp_path)


async def ledger(folder: Path) -> list[tuple[str, str, str]]:
    """Who did what in the audit log, and whether it was allowed."""
    database = await open_database(f"sqlite:///{folder / 'bridge.sqlite3'}")
    try:
        entries = await Audit(database).entries()
    finally:
        await database.close()
    return [(one.actor, one.action, one.decision) for one in entries]


async def test_with_an_empty_access_section_nobody_sends(tmp_path: Path) -> None:
    """Default deny: not even an administrator of the workspace may send."""
    async with staged(tmp_path, access={}) as stage:
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await shown(stage, "You may not do that here")

        assert sends(stage) == []


async def test_a_channel_without_the_bot_gets_the_card_by_direct_message(tmp_path: Path) -> None:
    """Where the bot may not write, the person gets the card as a direct message."""
    async with staged(tmp_path) as stage:
        await stage.slack.command(SARA, RANDOM, "/sms", f"send {NUMBER} hi")

        await shown(stage, "accepted by kwtSMS", where=stage.slack.dm(SARA))


async def test_balance_status_and_dlr_answer_for_the_message_just_sent(tmp_path: Path) -> None:
    """After a send, the three questions are answered with real values."""
    async with staged(tmp_path) as stage:
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await shown(stage, "accepted by kwtSMS")
        message_id = stage.gateway.ledger[0].message_id
        await stage.slack.command(SARA, OPS, "/sms", "balance")
        await stage.slack.command(SARA, OPS, "/sms", "status")
        await stage.slack.command(SARA, OPS, "/sms", f"dlr {message_id}")

        await shown(stage, "999 credits left")
        assert message_id in stage.slack.plain(await shown(stage, "kwtSMS says"))
        assert message_id in stage.slack.plain(await shown(stage, "no delivery report"))


async def test_an_unknown_outcome_is_shown_and_decided_by_a_person(tmp_path: Path) -> None:
    """A message that may have been sent is not sent again until a person says so."""
    async with staged(tmp_path) as stage:
        stage.gateway.fault(Fault.RESET_AFTER, endpoint="send")
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        card = await shown(stage, "it may have been sent")

        assert len(sends(stage)) == 1
        await stage.slack.press(SARA, card, "Treat as sent")
        card = await shown(stage, "aken as sent, kwtSMS has not confirmed it")
        assert "taken as sent by sara" in stage.slack.plain(card)
        assert "ccepted by kwtSMS" not in stage.slack.plain(card)
        assert len(sends(stage)) == 1


async def test_a_person_can_have_an_unknown_message_sent_again(tmp_path: Path) -> None:
    """Whoever may send can decide to send again, and it goes out once more."""
    async with staged(tmp_path) as stage:
        stage.gateway.fault(Fault.HTML_502, endpoint="send")
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        card = await shown(stage, "it may have been sent")
        stage.gateway.turn(repeat_seconds=0)
        await stage.slack.press(SARA, card, "Send again")

        card = await shown(stage, "accepted by kwtSMS", timeout=25)
        assert "sent again by sara" in stage.slack.plain(card)
        assert "Of an earlier try nobody knows the outcome" in stage.slack.plain(card)
        assert len(stage.gateway.ledger) == 1


async def test_who_may_not_send_may_not_decide(tmp_path: Path) -> None:
    """The button of an unknown message asks for permission again."""
    async with staged(tmp_path) as stage:
        stage.gateway.fault(Fault.RESET_AFTER, endpoint="send")
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        card = await shown(stage, "it may have been sent")
        await stage.slack.press(NOURA, card, "Send again")
        await stage.slack.until(lambda: len(stage.slack.visible(NOURA, OPS)) > 1)

        told = stage.slack.plain(stage.slack.visible(NOURA, OPS)[-1])
        assert REFUSALS[1] in told
        assert len(sends(stage)) == 1

"""Sending from a slash command to a phone."""

from datetime import timedelta
from pathlib import Path

import pytest

from kwtsms_bot.database import open_database
from kwtsms_bot.outbox.store import Audit
from kwtsms_sandbox.gateway import Fault
from kwtsms_sandbox.slack import GENERAL, GUEST, NOURA, OPS, RANDOM, SARA, Channel, User
from support.bot import NUMBER, local_env, send_requests, wait_for_text

# Noura's Slack is in Arabic.
REFUSALS = ("You don't have permission", "لا تملك صلاحية هذا الإجراء هنا")


async def test_a_command_becomes_an_sms(tmp_path: Path) -> None:
    """A typed command arrives on the phone, and the card shows its cost."""
    async with local_env(tmp_path) as env:
        before = env.gateway.balance()
        await env.slack.command(SARA, OPS, "/sms", "send +96598765432 Hello مرحبا")
        card = await wait_for_text(env, "sent to 965")

        assert [sms.text for sms in env.gateway.inbox(NUMBER)] == ["Hello مرحبا"]
        assert env.gateway.balance() == before - 1
        assert "· 1 credit ·" in env.slack.plain(card)
        assert "98765432" not in env.slack.plain(card)


async def test_the_card_is_one_message_edited_in_place(tmp_path: Path) -> None:
    """A send shows one message in the channel in every state."""
    async with local_env(tmp_path) as env:
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await wait_for_text(env, "sent to 965")

        assert len(env.slack.visible(NOURA, OPS)) == 1


async def test_a_long_arabic_text_costs_its_pages(tmp_path: Path) -> None:
    """The cost is the pages times the numbers."""
    async with local_env(tmp_path) as env:
        before = env.gateway.balance()
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER}, 96551234567 {'م' * 100}")
        await wait_for_text(env, "sent to 965")

        assert env.gateway.balance() == before - 4


async def test_the_same_command_delivered_twice_sends_once(tmp_path: Path) -> None:
    """A redelivered command is recognised by its trigger ID."""
    async with local_env(tmp_path) as env:
        first = await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        again = await env.slack.redeliver(first)
        await wait_for_text(env, "sent to 965")

        assert again.acked
        assert len(send_requests(env)) == 1
        assert len(env.gateway.ledger) == 1


@pytest.mark.parametrize(
    ("typed", "said", "example"),
    [
        ("send abc hi", "isn't a valid phone number", "/sms send +96598765432 Backup failed"),
        ("send 123 hi", "isn't a valid phone number", "/sms send +96598765432 Backup failed"),
        ("send +96598765432", "message is empty", "/sms send +96598765432 Backup failed"),
        ("send +96598765432 🎉🎉", "Nothing left to send", "only emoji or hidden characters"),
        (f"send +96598765432 {'م' * 470}", "too long", "Shorten it"),
        ("sned +96598765432 hi", "Did you mean send?", "/sms send +96598765432 Backup"),
        ("fly", "Unknown command: /sms fly", "/sms help"),
        ("dlr nonsense", "No message has the ID", "/sms dlr"),
        ("status nonsense", "No message has the ID", "/sms status"),
    ],
)
async def test_an_invalid_command_is_answered_with_an_example(
    tmp_path: Path, typed: str, said: str, example: str
) -> None:
    """Only the user sees the error, with an example; nothing is sent to the gateway."""
    async with local_env(tmp_path) as env:
        await env.slack.command(SARA, OPS, "/sms", typed)
        answer = await wait_for_text(env, said)

        assert answer.ephemeral_to == SARA.id
        assert example in env.slack.plain(answer)
        # The balance monitor may poll meanwhile.
        assert {request.endpoint for request in env.gateway.requests} <= {"balance"}


@pytest.mark.parametrize(
    ("person", "channel"), [(NOURA, OPS), (GUEST, GENERAL)], ids=["reader", "nobody"]
)
async def test_who_may_not_send_is_refused(tmp_path: Path, person: User, channel: Channel) -> None:
    """Only the user sees the refusal; it is in the audit log, and nothing is sent."""
    async with local_env(tmp_path) as env:
        await env.slack.command(person, channel, "/sms", f"send {NUMBER} hi")
        messages = env.slack.visible(person, channel)

        assert any(words in env.slack.plain(messages[-1]) for words in REFUSALS)
        assert messages[-1].ephemeral_to == person.id
        assert send_requests(env) == []
        assert (person.id, "send", "refused") in await audit_entries(tmp_path)


async def audit_entries(folder: Path) -> list[tuple[str, str, str]]:
    """The audit log's entries: actor, action and decision."""
    database = await open_database(f"sqlite:///{folder / 'bridge.sqlite3'}")
    try:
        entries = await Audit(database).entries()
    finally:
        await database.close()
    return [(one.actor, one.action, one.decision) for one in entries]


async def test_with_an_empty_access_section_nobody_sends(tmp_path: Path) -> None:
    """By default, nobody may send, not even an admin of the workspace."""
    async with local_env(tmp_path, access={}) as env:
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await wait_for_text(env, "You don't have permission")

        assert send_requests(env) == []


async def test_a_channel_without_the_bot_gets_the_card_by_direct_message(tmp_path: Path) -> None:
    """Where the bot may not post, the user gets the card by direct message."""
    async with local_env(tmp_path) as env:
        await env.slack.command(SARA, RANDOM, "/sms", f"send {NUMBER} hi")

        await wait_for_text(env, "sent to 965", where=env.slack.dm(SARA))


async def test_balance_status_and_dlr_answer_for_the_message_just_sent(tmp_path: Path) -> None:
    """After a send, the three queries have real values."""
    async with local_env(tmp_path) as env:
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await wait_for_text(env, "sent to 965")
        message_id = env.gateway.ledger[0].message_id
        await env.slack.command(SARA, OPS, "/sms", "balance")
        await env.slack.command(SARA, OPS, "/sms", "status")
        await env.slack.command(SARA, OPS, "/sms", f"dlr {message_id}")

        await wait_for_text(env, "999 credits left")
        assert message_id in env.slack.plain(await wait_for_text(env, "kwtSMS status"))
        assert message_id in env.slack.plain(await wait_for_text(env, "no delivery report"))


async def test_an_unknown_outcome_is_shown_and_decided_by_a_person(tmp_path: Path) -> None:
    """An unknown message is not sent again until a person decides."""
    async with local_env(tmp_path) as env:
        env.gateway.fault(Fault.RESET_AFTER, endpoint="send")
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        card = await wait_for_text(env, "may have been sent")

        assert len(send_requests(env)) == 1
        await env.slack.press(SARA, card, "Mark as sent")
        card = await wait_for_text(env, "arked as sent, not confirmed by kwtSMS")
        assert "marked as sent by" in env.slack.plain(card)
        assert "ent to 965" not in env.slack.plain(card)
        assert len(send_requests(env)) == 1


async def test_a_person_can_have_an_unknown_message_sent_again(tmp_path: Path) -> None:
    """A sender can have an unknown message sent again, once its number has rested."""
    cooldown = timedelta(seconds=1)
    async with local_env(tmp_path, cooldown=cooldown) as env:
        env.gateway.fault(Fault.HTML_502, endpoint="send")
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        card = await wait_for_text(env, "may have been sent")
        await env.slack.press(SARA, card, "Send again")

        card = await wait_for_text(env, "sent to 965")
        assert "An earlier attempt may have arrived too" in env.slack.plain(card)
        assert len(env.gateway.ledger) == 1
        first, second = (request.at for request in send_requests(env))
        assert second - first >= cooldown.total_seconds()


async def test_the_details_of_a_message_open_in_a_modal(tmp_path: Path) -> None:
    """The card's menu shows the sender ID, the ids and each step with its time."""
    async with local_env(tmp_path) as env:
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        card = await wait_for_text(env, "sent to 965")
        await env.slack.press(NOURA, card, "message_menu", "Show details")
        arabic = await env.slack.until(lambda: env.slack.modal(NOURA))
        await env.slack.press(SARA, card, "message_menu", "Show details")
        view = env.slack.plain(await env.slack.until(lambda: env.slack.modal(SARA)))

        assert env.gateway.ledger[0].message_id in view
        assert "Sent by: @sara" in view
        assert "Balance after: 999 credits" in view
        assert "Submitted to kwtSMS" in view
        assert "معرّف المرسل" in env.slack.plain(arabic)
        assert len(env.slack.visible(SARA, OPS)) == 1


async def test_who_may_not_send_may_not_decide(tmp_path: Path) -> None:
    """The button of an unknown message checks the role again."""
    async with local_env(tmp_path) as env:
        env.gateway.fault(Fault.RESET_AFTER, endpoint="send")
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        card = await wait_for_text(env, "may have been sent")
        await env.slack.press(NOURA, card, "Send again")
        await env.slack.until(lambda: len(env.slack.visible(NOURA, OPS)) > 1)

        answer = env.slack.plain(env.slack.visible(NOURA, OPS)[-1])
        assert REFUSALS[1] in answer
        assert len(send_requests(env)) == 1

"""Confirmations before a message costs credits: previews, approvals, limits and the pause."""

from pathlib import Path
from typing import Any

import pytest

from kwtsms_bot.demo.environment import LocalEnvironment
from kwtsms_sandbox.slack import (
    GUEST,
    NOURA,
    OPS,
    PARTNERS,
    SARA,
    STRANGER,
    YOUSEF,
    Channel,
    Message,
    User,
)
from kwtsms_sandbox.slack.demo_workspace import ALERTS, ON_CALL
from support.bot import NUMBER, local_env, wait_for_text

MANY = ", ".join(str(96590000000 + n) for n in range(6))


async def answer_to(env: LocalEnvironment, who: User, text: str, where: Channel = OPS) -> Message:
    """Sends a command; returns the message that the user then sees."""
    before = {one.ts for one in env.slack.visible(who, where)}
    await env.slack.command(who, where, "/sms", text)
    return await env.slack.until(
        lambda: next((one for one in env.slack.visible(who, where) if one.ts not in before), None)
    )


async def wait_until_gone(env: LocalEnvironment, message: Message) -> None:
    """Waits until a message is deleted."""
    await env.slack.until(lambda: env.slack.now(message) is None)


async def test_many_numbers_are_previewed_and_sent_once(tmp_path: Path) -> None:
    """Six numbers get a preview; its button sends once, even if the press is delivered twice."""
    async with local_env(tmp_path) as env:
        preview = await answer_to(env, SARA, f"send {MANY} hi")
        preview_text = env.slack.plain(preview)
        before = list(env.gateway.ledger)
        pressed = await env.slack.press(SARA, preview, "send_confirm")
        await env.slack.redeliver(pressed)
        await wait_for_text(env, "sent to 965")
        await wait_until_gone(env, preview)

        assert "6 credits (1 page × 6 recipients)" in preview_text
        assert "You're sending to 6 people." in preview_text
        assert "+96590000000, +96590000001" in preview_text
        assert before == []
        assert [len(entry.numbers) for entry in env.gateway.ledger] == [6]


async def test_a_preview_can_be_discarded(tmp_path: Path) -> None:
    """A discarded preview sends nothing and cannot be used again."""
    async with local_env(tmp_path) as env:
        preview = await answer_to(env, SARA, f"send {MANY} hi")
        await env.slack.press(SARA, preview, "send_discard")
        await wait_for_text(env, "Discarded")

        assert env.gateway.ledger == []


async def test_the_same_text_again_is_asked_about(tmp_path: Path) -> None:
    """A repeated command needs confirmation before it sends again."""
    async with local_env(tmp_path) as env:
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} Backup failed")
        await wait_for_text(env, "sent to 965")
        again = await answer_to(env, SARA, f"send {NUMBER} Backup failed")

        assert "this same message" in env.slack.plain(again)
        assert len(env.gateway.ledger) == 1


async def test_a_number_abroad_is_refused_unless_allowed(tmp_path: Path) -> None:
    """Only Kuwait is allowed by default; other allowed countries need confirmation."""
    async with local_env(tmp_path) as env:
        refused = env.slack.plain(await answer_to(env, SARA, "send +966512345678 hi"))
    async with local_env(tmp_path, limits={"countries": ["965", "966"]}) as env:
        asked = env.slack.plain(await answer_to(env, SARA, "send +966512345678 hi"))

    assert "sending to +966 (Saudi Arabia) isn't allowed" in refused
    assert "to another country" in asked


async def test_a_colleague_is_reached_by_their_profile(tmp_path: Path) -> None:
    """@noura uses the number in her profile, masked and after confirmation."""
    async with local_env(tmp_path) as env:
        preview = await answer_to(env, SARA, "send @noura Call me")
        await env.slack.press(SARA, preview, "send_confirm")
        await wait_for_text(env, "sent to 965")

        assert "Slack profile" in env.slack.plain(preview)
        assert "5550" not in env.slack.plain(preview)
        assert [sms.text for sms in env.gateway.inbox("96555500100")] == ["Call me"]


async def test_names_of_the_phone_book(tmp_path: Path) -> None:
    """A group's name sends to each of its numbers; an unknown name sends nothing."""
    book = {
        "contacts": {"ali": "+96590000001", "mona": "+96590000002"},
        "groups": {"duty": ["ali", "mona"]},
    }
    async with local_env(tmp_path, phonebook=book) as env:
        await env.slack.command(SARA, OPS, "/sms", "send @duty Disk full")
        await wait_for_text(env, "sent to 965")
        wrong = await answer_to(env, SARA, "send @nobody Disk full")

        assert [entry.numbers for entry in env.gateway.ledger] == [("96590000001", "96590000002")]
        assert "@nobody isn't a contact or group" in env.slack.plain(wrong)


async def test_a_second_person_approves(tmp_path: Path) -> None:
    """Above the limit, another person's approval is needed, and counts once."""
    async with local_env(tmp_path, limits={"approve_credits": 6}) as env:
        preview = await answer_to(env, SARA, f"send {MANY} hi")
        await env.slack.press(SARA, preview, "send_confirm")
        request = await wait_for_text(env, "needs approval")
        before = list(env.gateway.ledger)
        first = await env.slack.press(YOUSEF, request, "send_approve")
        await env.slack.redeliver(first)
        await wait_for_text(env, "sent to 965")
        await wait_for_text(env, "Approved by")

        assert before == []
        assert len(env.gateway.ledger) == 1


@pytest.mark.parametrize("who", [SARA, NOURA], ids=["the author", "a reader"])
async def test_who_may_not_approve(tmp_path: Path, who: User) -> None:
    """Neither the author nor a person without the role can approve."""
    access = {
        "reader": {"users": [NOURA.id]},
        "bulk": {"users": [SARA.id]},
        "admin": {"users": [YOUSEF.id]},
    }
    limits = {"approve_credits": 6}
    async with local_env(tmp_path, access=access, limits=limits) as env:
        preview = await answer_to(env, SARA, f"send {MANY} hi")
        await env.slack.press(SARA, preview, "send_confirm")
        request = await wait_for_text(env, "needs approval")
        await env.slack.press(who, request, "send_approve")
        await env.slack.until(
            lambda: any(
                "You can't approve" in env.slack.plain(one)
                or "لا تملك صلاحية هذا الإجراء هنا"
                in env.slack.plain(one)  # Noura's Slack is in Arabic.
                for one in env.slack.visible(who, OPS)
            )
        )

        assert env.gateway.ledger == []


async def test_a_second_person_refuses(tmp_path: Path) -> None:
    """A rejected message is not sent."""
    async with local_env(tmp_path, limits={"approve_credits": 6}) as env:
        preview = await answer_to(env, SARA, f"send {MANY} hi")
        await env.slack.press(SARA, preview, "send_confirm")
        request = await wait_for_text(env, "needs approval")
        await env.slack.press(YOUSEF, request, "send_refuse")
        await wait_for_text(env, "Rejected. Nothing was sent.")

        assert env.gateway.ledger == []


async def test_the_author_is_notified_of_a_refusal(tmp_path: Path) -> None:
    """The author may not be in the approval channel, so they get a direct message."""
    limits = {"approve_credits": 6, "approval_channel": ALERTS.id}
    async with local_env(tmp_path, limits=limits) as env:
        preview = await answer_to(env, SARA, f"send {MANY} hi")
        await env.slack.press(SARA, preview, "send_confirm")
        asked = await wait_for_text(env, "Waiting for approval")
        request = await env.slack.until(
            lambda: next(
                (
                    one
                    for one in env.slack.visible(YOUSEF, ALERTS)
                    if "needs approval" in env.slack.plain(one)
                ),
                None,
            )
        )
        await env.slack.press(YOUSEF, request, "send_refuse")
        direct_message = await wait_for_text(
            env, "Your message was rejected", where=env.slack.dm(SARA)
        )

        assert "Expires" in env.slack.plain(asked)
        assert "hi" in env.slack.plain(direct_message)
        assert "6 credits" in env.slack.plain(env.slack.now(request) or request)
        assert env.gateway.ledger == []


async def test_an_author_withdraws_a_request(tmp_path: Path) -> None:
    """The author can withdraw the request with *Refuse*."""
    async with local_env(tmp_path, limits={"approve_credits": 6}) as env:
        preview = await answer_to(env, SARA, f"send {MANY} hi")
        await env.slack.press(SARA, preview, "send_confirm")
        request = await wait_for_text(env, "needs approval")
        await env.slack.press(SARA, request, "send_refuse")
        withdrawn = await wait_for_text(env, "Withdrawn")

        assert withdrawn.ts == request.ts
        assert "[Approve]" not in env.slack.plain(withdrawn)
        assert env.gateway.ledger == []


@pytest.mark.parametrize(
    ("limits", "typed", "said"),
    [
        ({"messages_per_hour": 1}, f"send {NUMBER} two", "can send 1 message an hour"),
        ({"per_number_per_hour": 1}, f"send {NUMBER} two", "can get 1 message an hour"),
        ({"credits_per_day": 1}, "send 96590000001 two", "use 1 credit a day; 0 left"),
    ],
)
async def test_a_limit_says_when_it_ends(
    tmp_path: Path, limits: dict[str, Any], typed: str, said: str
) -> None:
    """The refusal names the limit and the time at which it ends."""
    async with local_env(tmp_path, limits=limits) as env:
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} one")
        await wait_for_text(env, "sent to 965")
        refused = env.slack.plain(await answer_to(env, SARA, typed))

        assert said in refused
        assert "The limit resets at" in refused
        assert len(env.gateway.ledger) == 1


async def test_the_kill_switch(tmp_path: Path) -> None:
    """While an admin has paused sending, messages are refused."""
    async with local_env(tmp_path) as env:
        await answer_to(env, YOUSEF, "pause wrong text")
        refused = env.slack.plain(await answer_to(env, SARA, f"send {NUMBER} hi"))
        not_hers = env.slack.plain(await answer_to(env, SARA, "resume"))
        await answer_to(env, YOUSEF, "resume")
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await wait_for_text(env, "sent to 965")

        assert "Sending is paused" in refused
        assert "wrong text" in refused
        assert "You don't have permission" in not_hers


async def test_a_queued_message_can_be_cancelled(tmp_path: Path) -> None:
    """The author can cancel a queued message with the card's button."""
    async with local_env(tmp_path) as env:
        await env.running.stop()
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} one")
        card = await wait_for_text(env, "queued")
        await env.slack.press(SARA, card, "message_menu", "Cancel message")
        await wait_for_text(env, "cancelled")

        assert env.gateway.ledger == []


@pytest.mark.parametrize(("who", "where"), [(GUEST, "C00GENERAL"), (STRANGER, PARTNERS.id)])
async def test_guests_and_strangers_get_no_role_from_a_channel(
    tmp_path: Path, who: User, where: str
) -> None:
    """A role from a channel or group does not apply to guests and strangers."""
    theirs = {"sender": {"channels": [where], "groups": [ON_CALL.id]}}
    async with local_env(tmp_path, access=theirs) as env:
        channel = env.slack.directory.channel(where)
        refused = env.slack.plain(await answer_to(env, who, f"send {NUMBER} hi", channel))
        colleague = await answer_to(env, SARA, f"send {NUMBER} hi", channel)

    assert "You don't have permission" in refused
    assert "You don't have permission" not in env.slack.plain(colleague)

"""A second look before it costs: previews, approvals, limits and the kill switch."""

from pathlib import Path
from typing import Any

import pytest

from kwtsms_bot.cli.stage import Stage
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
from kwtsms_sandbox.slack.demo import ALERTS, ON_CALL
from support.bot import NUMBER, shown, staged

MANY = ", ".join(str(96590000000 + n) for n in range(6))


async def answer(stage: Stage, who: User, text: str, where: Channel = OPS) -> Message:
    """What somebody sees in the end after a command."""
    before = {one.ts for one in stage.slack.visible(who, where)}
    await stage.slack.command(who, where, "/sms", text)
    return await stage.slack.until(
        lambda: next((one for one in stage.slack.visible(who, where) if one.ts not in before), None)
    )


async def gone(stage: Stage, message: Message) -> None:
    """Waits until a message is not there any more."""
    await stage.slack.until(lambda: stage.slack.now(message) is None)


async def test_many_numbers_are_previewed_and_sent_once(tmp_path: Path) -> None:
    """Six numbers are shown first; the button sends, and pressing it again does not."""
    async with staged(tmp_path) as stage:
        preview = await answer(stage, SARA, f"send {MANY} hi")
        told = stage.slack.plain(preview)
        before = list(stage.gateway.ledger)
        pressed = await stage.slack.press(SARA, preview, "send_confirm")
        await stage.slack.redeliver(pressed)
        await shown(stage, "accepted by kwtSMS")
        await gone(stage, preview)

        assert "1 page × 6 numbers = 6 credits" in told
        assert "It goes to many numbers." in told
        assert "+96590000000, +96590000001" in told
        assert before == []
        assert [len(entry.numbers) for entry in stage.gateway.ledger] == [6]


async def test_a_preview_can_be_discarded(tmp_path: Path) -> None:
    """Nothing is sent, and the button is used up."""
    async with staged(tmp_path) as stage:
        preview = await answer(stage, SARA, f"send {MANY} hi")
        await stage.slack.press(SARA, preview, "send_discard")
        await shown(stage, "Discarded")

        assert stage.gateway.ledger == []


async def test_the_same_text_again_is_asked_about(tmp_path: Path) -> None:
    """Whoever presses enter twice is asked before the second one goes."""
    async with staged(tmp_path) as stage:
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} Backup failed")
        await shown(stage, "accepted by kwtSMS")
        again = await answer(stage, SARA, f"send {NUMBER} Backup failed")

        assert "the same text to the same number" in stage.slack.plain(again)
        assert len(stage.gateway.ledger) == 1


async def test_a_number_abroad_is_refused_unless_allowed(tmp_path: Path) -> None:
    """Kuwait only, by default; what is allowed is confirmed first."""
    async with staged(tmp_path) as stage:
        refused = stage.slack.plain(await answer(stage, SARA, "send +966512345678 hi"))
    async with staged(tmp_path, limits={"countries": ["965", "966"]}) as stage:
        asked = stage.slack.plain(await answer(stage, SARA, "send +966512345678 hi"))

    assert "+966 may not be sent to" in refused
    assert "It goes abroad" in asked


async def test_a_colleague_is_reached_by_their_profile(tmp_path: Path) -> None:
    """@noura means the number of her profile, shown masked and confirmed."""
    async with staged(tmp_path) as stage:
        preview = await answer(stage, SARA, "send @noura Call me")
        await stage.slack.press(SARA, preview, "send_confirm")
        await shown(stage, "accepted by kwtSMS")

        assert "Slack profile" in stage.slack.plain(preview)
        assert "5550" not in stage.slack.plain(preview)
        assert [sms.text for sms in stage.gateway.inbox("96555500100")] == ["Call me"]


async def test_names_of_the_phone_book(tmp_path: Path) -> None:
    """@oncall goes to each of its numbers; an unknown name sends nothing."""
    book = {
        "contacts": {"ali": "+96590000001", "mona": "+96590000002"},
        "groups": {"duty": ["ali", "mona"]},
    }
    async with staged(tmp_path, phonebook=book) as stage:
        await stage.slack.command(SARA, OPS, "/sms", "send @duty Disk full")
        await shown(stage, "accepted by kwtSMS")
        wrong = await answer(stage, SARA, "send @nobody Disk full")

        assert [entry.numbers for entry in stage.gateway.ledger] == [("96590000001", "96590000002")]
        assert "no contact or group called @nobody" in stage.slack.plain(wrong)


async def test_a_second_person_approves(tmp_path: Path) -> None:
    """Above the limit the author's yes is not enough; somebody else's, once, is."""
    async with staged(tmp_path, limits={"approve_credits": 6}) as stage:
        preview = await answer(stage, SARA, f"send {MANY} hi")
        await stage.slack.press(SARA, preview, "send_confirm")
        request = await shown(stage, "asks for a second person's yes")
        before = list(stage.gateway.ledger)
        first = await stage.slack.press(YOUSEF, request, "send_approve")
        await stage.slack.redeliver(first)
        await shown(stage, "accepted by kwtSMS")
        await shown(stage, "Approved by")

        assert before == []
        assert len(stage.gateway.ledger) == 1


@pytest.mark.parametrize("who", [SARA, NOURA], ids=["the author", "a reader"])
async def test_who_may_not_approve(tmp_path: Path, who: User) -> None:
    """Not the author, whatever their role; not somebody without the role."""
    access = {
        "reader": {"users": [NOURA.id]},
        "bulk": {"users": [SARA.id]},
        "admin": {"users": [YOUSEF.id]},
    }
    limits = {"approve_credits": 6}
    async with staged(tmp_path, access=access, limits=limits) as stage:
        preview = await answer(stage, SARA, f"send {MANY} hi")
        await stage.slack.press(SARA, preview, "send_confirm")
        request = await shown(stage, "asks for a second person's yes")
        await stage.slack.press(who, request, "send_approve")
        await stage.slack.until(
            lambda: any(
                "Nobody approves" in stage.slack.plain(one)
                or "لا يُسمح لك بذلك هنا" in stage.slack.plain(one)  # Noura's Slack is in Arabic.
                for one in stage.slack.visible(who, OPS)
            )
        )

        assert stage.gateway.ledger == []


async def test_a_second_person_refuses(tmp_path: Path) -> None:
    """Then nobody can approve it any more."""
    async with staged(tmp_path, limits={"approve_credits": 6}) as stage:
        preview = await answer(stage, SARA, f"send {MANY} hi")
        await stage.slack.press(SARA, preview, "send_confirm")
        request = await shown(stage, "asks for a second person's yes")
        await stage.slack.press(YOUSEF, request, "send_refuse")
        await shown(stage, "Refused. Nothing was sent.")

        assert stage.gateway.ledger == []


async def test_a_refusal_is_told_to_who_asked(tmp_path: Path) -> None:
    """Where it was asked for, the author may not even be; they get a direct message."""
    limits = {"approve_credits": 6, "approval_channel": ALERTS.id}
    async with staged(tmp_path, limits=limits) as stage:
        preview = await answer(stage, SARA, f"send {MANY} hi")
        await stage.slack.press(SARA, preview, "send_confirm")
        asked = await shown(stage, "Now a second person")
        request = await stage.slack.until(
            lambda: next(
                (
                    one
                    for one in stage.slack.visible(YOUSEF, ALERTS)
                    if "second person's yes" in stage.slack.plain(one)
                ),
                None,
            )
        )
        await stage.slack.press(YOUSEF, request, "send_refuse")
        told = await shown(stage, "Your message was refused by", where=stage.slack.dm(SARA))

        assert "Until" in stage.slack.plain(asked)
        assert "hi" in stage.slack.plain(told)
        assert "6 credits" in stage.slack.plain(stage.slack.now(request) or request)
        assert stage.gateway.ledger == []


async def test_an_author_takes_a_request_back(tmp_path: Path) -> None:
    """*Refuse* is no for everybody: pressed by its author it ends the request."""
    async with staged(tmp_path, limits={"approve_credits": 6}) as stage:
        preview = await answer(stage, SARA, f"send {MANY} hi")
        await stage.slack.press(SARA, preview, "send_confirm")
        request = await shown(stage, "asks for a second person's yes")
        await stage.slack.press(SARA, request, "send_refuse")
        taken_back = await shown(stage, "Taken back by")

        assert taken_back.ts == request.ts
        assert "[Approve]" not in stage.slack.plain(taken_back)
        assert stage.gateway.ledger == []


@pytest.mark.parametrize(
    ("limits", "typed", "said"),
    [
        ({"messages_per_hour": 1}, f"send {NUMBER} two", "may send 1 message in an hour"),
        ({"per_number_per_hour": 1}, f"send {NUMBER} two", "may get 1 message in an hour"),
        ({"credits_per_day": 1}, "send 96590000001 two", "spend 1 credit a day; 0 are left"),
    ],
)
async def test_a_limit_says_when_it_ends(
    tmp_path: Path, limits: dict[str, Any], typed: str, said: str
) -> None:
    """What is over a limit is refused with the limit, the time and the remedy."""
    async with staged(tmp_path, limits=limits) as stage:
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} one")
        await shown(stage, "accepted by kwtSMS")
        refused = stage.slack.plain(await answer(stage, SARA, typed))

        assert said in refused
        assert "That ends at" in refused
        assert len(stage.gateway.ledger) == 1


async def test_the_kill_switch(tmp_path: Path) -> None:
    """Paused by an administrator, nothing is taken; resumed, it is."""
    async with staged(tmp_path) as stage:
        await answer(stage, YOUSEF, "pause wrong text")
        refused = stage.slack.plain(await answer(stage, SARA, f"send {NUMBER} hi"))
        not_hers = stage.slack.plain(await answer(stage, SARA, "resume"))
        await answer(stage, YOUSEF, "resume")
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await shown(stage, "accepted by kwtSMS")

        assert "All sending is paused" in refused
        assert "wrong text" in refused
        assert "You may not" in not_hers


async def test_what_waits_can_be_cancelled(tmp_path: Path) -> None:
    """By a command or by the card's button, by its author or an administrator."""
    async with staged(tmp_path) as stage:
        await stage.running.stop()
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} one")
        card = await shown(stage, "waiting to be sent")
        await stage.slack.press(SARA, card, "message_cancel")
        await shown(stage, "cancelled")

        assert stage.gateway.ledger == []


@pytest.mark.parametrize(("who", "where"), [(GUEST, "C00GENERAL"), (STRANGER, PARTNERS.id)])
async def test_guests_and_strangers_hold_no_role_of_a_channel(
    tmp_path: Path, who: User, where: str
) -> None:
    """A role given to a channel or group is not theirs; one given to their own id is."""
    theirs = {"sender": {"channels": [where], "groups": [ON_CALL.id]}}
    async with staged(tmp_path, access=theirs) as stage:
        channel = stage.slack.directory.channel(where)
        refused = stage.slack.plain(await answer(stage, who, f"send {NUMBER} hi", channel))
        colleague = await answer(stage, SARA, f"send {NUMBER} hi", channel)

    assert "You may not" in refused
    assert "You may not" not in stage.slack.plain(colleague)

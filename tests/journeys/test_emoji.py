"""Emoji and their names, from a slash command to the phone."""

from pathlib import Path

import pytest

from kwtsms_sandbox.slack import OPS, SARA
from support.bot import NUMBER, local_env, wait_for_text


@pytest.mark.parametrize(
    ("typed", "received"),
    [
        ("🔥 Disk full", "Disk full"),
        (":fire: Disk full", "Disk full"),
        ("97 % full 👋🏽 please 🇰🇼", "97 % full please"),
        ("at 10:100:30 on http://x:80: 🔥", "at 10:100:30 on http://x:80:"),
    ],
)
async def test_emoji_are_shown_as_removed_and_not_sent(
    tmp_path: Path, typed: str, received: str
) -> None:
    """Slack delivers emoji as :names:; the preview removes them, and no name reaches the phone."""
    async with local_env(tmp_path) as env:
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} {typed}")
        preview = await wait_for_text(env, "emoji")
        await env.slack.press(SARA, preview, "send_confirm")
        await wait_for_text(env, "sent to 965")

        assert [sms.text for sms in env.gateway.inbox(NUMBER)] == [received]


async def test_an_emoji_of_the_workspace_is_shown_before_it_is_sent(tmp_path: Path) -> None:
    """The preview says that the name is sent as typed, since only this workspace knows it."""
    async with local_env(tmp_path) as env:
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} :our-logo: Disk full")
        preview = await wait_for_text(env, "sent as typed")
        await env.slack.press(SARA, preview, "send_confirm")
        await wait_for_text(env, "sent to 965")

        assert [sms.text for sms in env.gateway.inbox(NUMBER)] == [":our-logo: Disk full"]


async def test_a_text_that_a_seam_makes_too_long_is_shown_first(tmp_path: Path) -> None:
    """Eight pages by a character of two units: a warning, and kwtSMS has the last word."""
    async with local_env(tmp_path) as env:
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} {'a' * 152}€{'b' * 917}")
        preview = await wait_for_text(env, "kwtSMS may reject this message")
        await env.slack.press(SARA, preview, "send_confirm")
        await wait_for_text(env, "ERR012")

        assert env.gateway.ledger == []

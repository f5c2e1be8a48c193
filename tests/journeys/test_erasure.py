"""Texts and numbers are erased while the bot runs, after the retention time or on request."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kwtsms_sandbox.slack.demo_workspace import OPS, SARA
from support.bot import NUMBER, cards, local_env, send_requests, wait_for_text
from support.database import ACTOR, new_message, outbox_in
from support.leak_search import on_disk
from support.operator_cli import run_command

OLD = ("96551112233", "the-old-text")
YOUNG = ("96552223344", "the-young-text")


async def test_a_running_bot_removes_the_text_from_its_card(tmp_path: Path) -> None:
    """`kwtsms-bridge forget` in another process updates the card, and the bot sends nothing."""
    async with local_env(tmp_path) as env:
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} the-secret-text")
        await wait_for_text(env, "sent to 965")
        assert "the-secret-text" in "".join(cards(env))
        (tmp_path / "config.yaml").write_text(json.dumps(env.sections))
        done = await run_command(tmp_path, "forget", NUMBER, "--yes")
        await wait_for_text(env, "(text erased)")

        assert (done.code, done.err) == (0, "")
        assert "the-secret-text" not in "".join(cards(env))
        assert "98765432" not in "".join(cards(env))
        assert len(send_requests(env)) == 1


async def test_a_bot_that_starts_erases_what_is_too_old(tmp_path: Path) -> None:
    """At start, the bot erases what exceeds the retention time from its files."""
    now = datetime.now(UTC)
    async with outbox_in(f"sqlite:///{tmp_path / 'bridge.sqlite3'}") as outbox:
        for (phone, text), days in ((OLD, 31), (YOUNG, 29)):
            message_to_accept = new_message(phone, text=text, card_location=None)
            message = (
                await outbox.intake.accept(message_to_accept, now - timedelta(days=days))
            ).message
            await outbox.cancellation.cancel(message.ref, now, ACTOR)
    async with local_env(tmp_path) as env:
        await env.stop_bot()  # The erasure that has begun completes first.

        assert on_disk(tmp_path, *OLD) == set()
        assert on_disk(tmp_path, *YOUNG) == set(YOUNG)

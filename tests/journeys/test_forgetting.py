"""Somebody is forgotten while the bot runs: its card forgets the text, too."""

import json
from pathlib import Path

from kwtsms_sandbox.slack.demo import OPS, SARA
from support.bot import NUMBER, cards, sends, shown, staged
from support.operating import operate


async def test_a_running_bot_takes_the_text_out_of_its_card(tmp_path: Path) -> None:
    """`kwtsms-bridge forget` in another process; the bot shows the card anew and sends nothing."""
    async with staged(tmp_path) as stage:
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} the-secret-text")
        await shown(stage, "accepted by kwtSMS")
        assert "the-secret-text" in "".join(cards(stage))
        (tmp_path / "config.yaml").write_text(json.dumps(stage.sections))
        done = await operate(tmp_path, "forget", NUMBER, "--yes")
        await shown(stage, "(the text was erased)")

        assert (done.code, done.err) == (0, "")
        assert "the-secret-text" not in "".join(cards(stage))
        assert "98765432" not in "".join(cards(stage))
        assert len(sends(stage)) == 1

"""`kwtsms-bridge restored`: confirms first, and refuses while a bot is running."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from support.database import new_message, outbox_in
from support.leak_search import cells
from support.operator_cli import run_command, write_config


async def test_it_does_nothing_unasked(tmp_path: Path) -> None:
    """Without --yes or a terminal, or while a bot has claimed a call, nothing changes."""
    url = f"sqlite:///{tmp_path / 'bridge.sqlite3'}"
    write_config(tmp_path, url)
    async with outbox_in(url) as outbox:
        await outbox.intake.accept(new_message(), datetime.now(UTC))
        await outbox.claims.claim("a bot", timedelta(minutes=5), datetime.now(UTC))
        before = await cells(outbox.database)
        busy = await run_command(tmp_path, "restored", "--yes")
        await outbox.leases.reap_expired(datetime.now(UTC) + timedelta(minutes=6))
        unasked = await run_command(tmp_path, "restored")
        after = await cells(outbox.database)

    assert (busy.code, unasked.code) == (1, 2)
    assert "Stop every bot and try again after" in busy.err
    assert "Stop every bot and use --yes" in unasked.err
    assert before["recipient.state"] == "claimed"
    assert after["recipient.state"] == "queued"
    assert "audit.id" not in after or before["audit.id"] == after["audit.id"]

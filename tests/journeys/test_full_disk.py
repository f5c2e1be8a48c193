"""An audit log that cannot be written: no message is accepted without its entry."""

from pathlib import Path

from kwtsms_bot.database import open_database
from kwtsms_bot.outbox.store import Audit
from kwtsms_sandbox.slack.demo_workspace import OPS, SARA
from support.bot import NUMBER, cards, local_env, wait_for_text

BLOCK = "CREATE TRIGGER no_room BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END"


async def test_without_its_line_in_the_ledger_nothing_is_accepted(tmp_path: Path) -> None:
    """The message and its audit entry are one transaction, so "nothing was accepted" is true."""
    async with local_env(tmp_path) as env:
        database = await open_database(env.config.outbox.database)
        async with database.transaction() as connection:
            await connection.exec_driver_sql(BLOCK)
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await wait_for_text(env, "database isn't responding")
        async with database.transaction() as connection:
            await connection.exec_driver_sql("DROP TRIGGER no_room")
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} second")
        await wait_for_text(env, "sent to 965")
        entries = await Audit(database).entries()
        await database.close()

        assert [sms.text for sms in env.gateway.inbox(NUMBER)] == ["second"]
        assert [one.decision for one in entries if one.action == "send"] == ["allowed"]
        assert not [card for card in cards(env) if "hi" in card.split()]

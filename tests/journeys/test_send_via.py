"""`kwtsms-bridge send --via` sends through a bot, once, also where that bot dies meanwhile."""

import asyncio
import json
from pathlib import Path

from kwtsms_bot.outbox.store import INTERVAL
from kwtsms_sandbox.slack.demo_workspace import OPS
from support.bot import NUMBER, BotProcess, cards, local_env, wait_for_text
from support.cutting_proxy import cutting_proxy
from support.forked import ENVIRONMENT, fork_command

TOKEN = "kwb_aaaaaaaaaaaaaaaaaaaaaaaaaaaa"
WATCHED_TOKEN = "kwb_bbbbbbbbbbbbbbbbbbbbbbbbbbbb"
API = {
    "shop": {"token": TOKEN, "phonebook": True},
    "watched": {"token": WATCHED_TOKEN, "channel": OPS.id},
}


async def send_via(url: str, *words: str, token: str = TOKEN) -> tuple[int, str, str]:
    """Runs the command; returns its exit code, its output and its errors."""
    process = await fork_command(
        *("send", *words, "--via", url),
        folder=Path.cwd(),
        env=ENVIRONMENT | {"KWTSMS_BRIDGE_TOKEN": token},
        stdin=asyncio.subprocess.DEVNULL,
    )
    out, err = await asyncio.wait_for(process.communicate(), timeout=90)
    assert process.returncode is not None
    assert token.encode() not in out + err
    return process.returncode, out.decode(), err.decode()


async def test_a_message_reaches_the_phone(tmp_path: Path) -> None:
    """A message reaches the phone; Slack shows it only where the application has a channel."""
    async with local_env(tmp_path, bridge={"listen": "127.0.0.1:0", "api": API}) as env:
        url = env.bridge_address
        code, out, err = await send_via(url, NUMBER, "from the shop", "--json", "--key", "k1")
        again = await send_via(url, NUMBER, "from the shop", "--json", "--key", "k1")
        await send_via(url, "96551234567", "from a watched one", token=WATCHED_TOKEN)
        await wait_for_text(env, "from a watched one")
        await env.gateway.until(lambda: len(env.gateway.ledger) == 2, timeout=20)
        refused = await send_via(url, "1234", "hello")
        wrong = await send_via(url, NUMBER, "hello", token="kwb_wrong_wrong_wrong_wrong")
        shown = " ".join(cards(env))

    assert (code, err) == (0, "")
    assert again[1] == out
    assert json.loads(out)["recipients"][0]["number"] == NUMBER
    assert [sms.text for sms in env.gateway.inbox(NUMBER)] == ["from the shop"]
    assert "from the shop" not in shown
    assert "api:watched" in shown
    assert (refused[0], wrong[0]) == (3, 3)
    assert "'1234' is too short" in refused[2]


async def test_a_bot_that_dies_after_it_stored_the_message(tmp_path: Path) -> None:
    """The answer is lost and the bot killed: the command waits for its restart, and sends once."""
    bridge = {"listen": "127.0.0.1:0", "api": API}
    async with local_env(tmp_path, interval=INTERVAL, bridge=bridge) as env:
        url = env.bridge_address
        await env.stop_bot()
        bot = BotProcess(env, bridge={"listen": url.removeprefix("http://")})
        await bot.start()
        await env.running.stop()  # Else a request may be on its way when the bot is killed.
        try:
            async with cutting_proxy(url, cuts=1) as proxy:
                sending = asyncio.create_task(send_via(proxy.url, NUMBER, "once"))
                await asyncio.wait_for(proxy.has_cut.wait(), timeout=20)
                await bot.kill()
                await env.running.start()
                await bot.start()
                code, _, err = await sending
            await env.gateway.until(lambda: bool(env.gateway.inbox(NUMBER)), timeout=20)
        finally:
            await bot.close()

        assert (code, err) == (0, "")
        assert proxy.requests > 1
        assert [sms.text for sms in env.gateway.inbox(NUMBER)] == ["once"]

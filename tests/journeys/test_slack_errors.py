"""Slack errors: the SMS is still sent, and the user still learns its outcome."""

import asyncio
import math
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path

from kwtsms_bot.slack.cards.card_publisher import BACK_OFF_SECONDS
from kwtsms_sandbox.slack import OPS, SARA, ConnectionDrop, Fault
from support.bot import (
    NUMBER,
    TEST_WAITS,
    BotProcess,
    cards,
    local_env,
    send_requests,
    wait_for_text,
)


async def test_a_rate_limit_delays_the_card_and_nothing_else(tmp_path: Path) -> None:
    """A 429 with Retry-After delays the card, not the SMS."""
    async with local_env(tmp_path) as env:
        env.slack.fault("chat.postMessage", Fault(retry_after=1))
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")

        await wait_for_text(env, "sent to 965")
        assert len(send_requests(env)) == 1


async def test_an_outage_of_slack_delays_the_card(tmp_path: Path) -> None:
    """A settled message whose card failed is shown once Slack works again."""
    async with local_env(tmp_path) as env:
        env.slack.fault("chat.postMessage", Fault(status=503), times=1)
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")

        await wait_for_text(env, "sent to 965")
        assert len(send_requests(env)) == 1


async def test_new_messages_do_not_make_the_bot_retry_a_failing_slack_more_often(
    tmp_path: Path,
) -> None:
    """The publisher backs off between attempts, whatever else happens meanwhile."""
    async with local_env(tmp_path) as env:
        begun = time.monotonic()
        env.slack.fault("chat.postMessage", Fault(status=503), times=math.inf)
        for number in range(10):
            await env.slack.command(SARA, OPS, "/sms", f"send {int(NUMBER) + number} hi")
        await env.slack.until(lambda: len(env.gateway.ledger) == 10)
        elapsed = time.monotonic() - begun

        assert 1 <= len(env.slack.calls("chat.postMessage")) <= 1 + elapsed / BACK_OFF_SECONDS


async def test_a_card_that_slack_rejects_delays_no_other(tmp_path: Path) -> None:
    """The error may be specific to that card, so other cards go first at the next attempt."""
    async with local_env(tmp_path) as env:
        released = asyncio.Event()
        env.slack.fault("chat.postMessage", Fault(error="internal_error", wait_for=released))
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} first")
        await env.slack.command(SARA, OPS, "/sms", f"send {int(NUMBER) + 1} second")
        released.set()
        await wait_for_text(env, "first")

        assert ["second" in card for card in cards(env)] == [True, False], cards(env)


async def test_a_lost_answer_to_a_post_never_doubles_the_sms(tmp_path: Path) -> None:
    """The card may be posted twice, but the SMS is sent once."""
    async with local_env(tmp_path) as env:
        env.slack.fault("chat.postMessage", Fault(drop=ConnectionDrop.AFTER))
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")

        await wait_for_text(env, "sent to 965")
        assert len(env.gateway.ledger) == 1


async def test_an_archived_channel_sends_the_card_to_the_person(tmp_path: Path) -> None:
    """If the channel is archived, the user gets the card by direct message."""
    async with local_env(tmp_path) as env:
        env.gateway.withhold_responses()
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await wait_for_text(env, "being sent")
        env.slack.directory.archive(OPS)
        env.gateway.release_responses()

        await wait_for_text(env, "sent to 965", where=env.slack.dm(SARA))


async def test_a_cut_of_the_socket_loses_no_card(tmp_path: Path) -> None:
    """The connection is restored automatically, and the next command is answered."""
    async with local_env(tmp_path) as env:
        await env.slack.sockets.close()
        await env.slack.until(lambda: env.slack.sockets.connections, timeout=20)
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")

        await wait_for_text(env, "sent to 965")


@asynccontextmanager
async def locked_database(folder: Path) -> AsyncIterator[None]:
    """Holds the database's write lock, as another program would."""
    file = folder / "bridge.sqlite3"
    with closing(sqlite3.connect(file, check_same_thread=False)) as other:
        await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
        yield


async def test_a_cut_in_the_middle_of_a_command_sends_once(tmp_path: Path) -> None:
    """Slack redelivers a command that was not acknowledged on the new connection."""
    async with local_env(tmp_path, waits=replace(TEST_WAITS, ping=1.0)) as env:
        async with locked_database(tmp_path):
            command = env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
            typed = asyncio.create_task(command)
            await env.slack.until(lambda: env.slack.calls("users.info"))
            env.slack.sockets.abort()
        interaction = await typed
        await env.slack.until(lambda: env.slack.sockets.connections, timeout=20)
        again = await env.slack.redeliver(interaction)
        await wait_for_text(env, "sent to 965")

        assert again.acked
        assert len(send_requests(env)) == 1
        assert sum("Sent to 965" in card for card in cards(env)) == 1


async def test_a_refresh_in_the_middle_of_a_command(tmp_path: Path) -> None:
    """After Slack's refresh, the command is acknowledged and sends once."""
    async with local_env(tmp_path) as env:
        (old,) = env.slack.sockets.connections
        async with locked_database(tmp_path):
            command = env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
            typed = asyncio.create_task(command)
            await env.slack.until(lambda: env.slack.calls("users.info"))
            await env.slack.sockets.refresh()
            await env.slack.until(lambda: set(env.slack.sockets.connections) - {old})
        interaction = await typed
        await wait_for_text(env, "sent to 965")

        assert interaction.error is None
        assert len(send_requests(env)) == 1


async def test_a_wrong_token_ends_the_start_with_the_remedy(tmp_path: Path) -> None:
    """An invalid_auth at start gives exit code 2, the token's key and the remedy."""
    async with local_env(tmp_path) as env:
        await env.stop_bot()
        bot = BotProcess(env)
        code = await bot.run_to_end(bot_token="xoxb-revoked")

    assert code == 2
    assert "slack.bot_token: Slack says invalid_auth" in bot.output
    assert "Traceback" not in bot.output
    assert "xoxb-revoked" not in bot.output


async def test_two_answers_do_not_come_for_one_command(tmp_path: Path) -> None:
    """A query is answered once, by the acknowledgement if that is in time."""
    async with local_env(tmp_path) as env:
        await env.slack.command(SARA, OPS, "/sms", "help")
        await wait_for_text(env, "Send SMS through kwtSMS")
        await asyncio.gather(*(env.slack.command(SARA, OPS, "/sms", "fly") for _ in range(3)))
        await env.slack.until(lambda: len(cards(env)) >= 4)

        assert len(cards(env)) == 4


async def test_a_deleted_card_comes_by_direct_message(tmp_path: Path) -> None:
    """If the card was deleted before its update, its author gets a direct message."""
    async with local_env(tmp_path) as env:
        await env.running.stop()
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        card = await wait_for_text(env, "Next attempt")
        env.slack.fault("chat.update", Fault(error="message_not_found"), times=1)
        await env.running.start()
        direct_messages = await env.slack.until(
            lambda: [
                one
                for one in env.slack.visible(SARA, env.slack.dm(SARA))
                if "Sent to 965" in env.slack.plain(one)
            ],
            timeout=20,
        )

        assert card
        assert len(direct_messages) == 1
        assert len(env.gateway.ledger) == 1


async def test_an_answer_that_slack_rejects_comes_by_direct_message(tmp_path: Path) -> None:
    """If the response URL fails, the button's reply is sent by direct message."""
    async with local_env(tmp_path) as env:
        await env.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        card = await wait_for_text(env, "sent to 965")
        env.slack.fault("response_url", Fault(error="used_url"), times=5)
        await env.slack.press(SARA, card, "message_menu", "Get support text")
        direct_messages = await env.slack.until(
            lambda: env.slack.visible(SARA, env.slack.dm(SARA)), timeout=10
        )

        assert "Support request" in env.slack.plain(direct_messages[-1])

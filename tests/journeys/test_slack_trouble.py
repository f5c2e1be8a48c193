"""Slack misbehaving: the SMS goes out all the same, and the person still gets to know."""

import asyncio
import math
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from kwtsms_bot.slack.publisher import BACK_OFF_SECONDS
from kwtsms_sandbox.slack import OPS, SARA, Cut, Fault
from support.bot import NUMBER, BotProcess, cards, sends, shown, staged


async def test_a_rate_limit_delays_the_card_and_nothing_else(tmp_path: Path) -> None:
    """429 with Retry-After: the SMS has left long before the card is there."""
    async with staged(tmp_path) as stage:
        stage.slack.fault("chat.postMessage", Fault(retry_after=1))
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")

        await shown(stage, "accepted by kwtSMS")
        assert len(sends(stage)) == 1


async def test_an_outage_of_slack_delays_the_card(tmp_path: Path) -> None:
    """What is settled and not shown is shown when Slack is well again."""
    async with staged(tmp_path) as stage:
        stage.slack.fault("chat.postMessage", Fault(status=503), times=1)
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")

        await shown(stage, "accepted by kwtSMS")
        assert len(sends(stage)) == 1


async def test_news_does_not_make_the_bot_ask_an_ill_slack_more_often(tmp_path: Path) -> None:
    """However much happens meanwhile, it waits between two tries, and longer each time."""
    async with staged(tmp_path) as stage:
        begun = time.monotonic()
        stage.slack.fault("chat.postMessage", Fault(status=503), times=math.inf)
        for number in range(10):
            await stage.slack.command(SARA, OPS, "/sms", f"send {int(NUMBER) + number} hi")
        await stage.slack.until(lambda: len(stage.gateway.ledger) == 10)
        took = time.monotonic() - begun

        assert 1 <= len(stage.slack.calls("chat.postMessage")) <= 1 + took / BACK_OFF_SECONDS


async def test_a_card_that_slack_does_not_take_keeps_no_other_waiting(tmp_path: Path) -> None:
    """The trouble may be that card's own: next time the others come first."""
    async with staged(tmp_path) as stage:
        held = asyncio.Event()
        stage.slack.fault("chat.postMessage", Fault(error="internal_error", hold=held))
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} first")
        await stage.slack.command(SARA, OPS, "/sms", f"send {int(NUMBER) + 1} second")
        held.set()
        await shown(stage, "first")

        assert ["second" in card for card in cards(stage)] == [True, False], cards(stage)


async def test_a_lost_answer_to_a_post_never_doubles_the_sms(tmp_path: Path) -> None:
    """The card may be there twice; the text message is there once."""
    async with staged(tmp_path) as stage:
        stage.slack.fault("chat.postMessage", Fault(cut=Cut.AFTER))
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")

        await shown(stage, "accepted by kwtSMS")
        assert len(stage.gateway.ledger) == 1


async def test_an_archived_channel_sends_the_card_to_the_person(tmp_path: Path) -> None:
    """Where nothing can be posted any more, the person gets the card directly."""
    async with staged(tmp_path) as stage:
        stage.gateway.hold()
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        await shown(stage, "being sent")
        stage.slack.directory.archive(OPS)
        stage.gateway.release()

        await shown(stage, "accepted by kwtSMS", where=stage.slack.dm(SARA))


async def test_a_cut_of_the_socket_loses_no_card(tmp_path: Path) -> None:
    """The connection comes back by itself, and the next command is answered."""
    async with staged(tmp_path) as stage:
        await stage.slack.sockets.close()
        await stage.slack.until(lambda: stage.slack.sockets.connections, timeout=20)
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")

        await shown(stage, "accepted by kwtSMS")


@asynccontextmanager
async def nothing_can_be_accepted(folder: Path) -> AsyncIterator[None]:
    """Another program has the database; it waits in a thread until the bot lets it in."""
    file = folder / "bridge.sqlite3"
    with closing(sqlite3.connect(file, check_same_thread=False)) as other:
        await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
        yield


async def test_a_cut_in_the_middle_of_a_command_sends_once(tmp_path: Path) -> None:
    """The bot has it and has not said so: Slack brings it again by the next connection."""
    async with staged(tmp_path) as stage:
        async with nothing_can_be_accepted(tmp_path):
            command = stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
            typed = asyncio.create_task(command)
            await stage.slack.until(lambda: stage.slack.calls("users.info"))
            stage.slack.sockets.abort()
        told = await typed
        await stage.slack.until(lambda: stage.slack.sockets.connections, timeout=20)
        again = await stage.slack.redeliver(told)
        await shown(stage, "accepted by kwtSMS")

        assert again.acked
        assert len(sends(stage)) == 1
        assert sum("Accepted by kwtSMS" in card for card in cards(stage)) == 1


async def test_a_refresh_in_the_middle_of_a_command(tmp_path: Path) -> None:
    """Slack asks for another socket: it is acknowledged by that one, and sends once."""
    async with staged(tmp_path) as stage:
        (old,) = stage.slack.sockets.connections
        async with nothing_can_be_accepted(tmp_path):
            command = stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
            typed = asyncio.create_task(command)
            await stage.slack.until(lambda: stage.slack.calls("users.info"))
            await stage.slack.sockets.refresh()
            await stage.slack.until(lambda: set(stage.slack.sockets.connections) - {old})
        told = await typed
        await shown(stage, "accepted by kwtSMS")

        assert told.error is None
        assert len(sends(stage)) == 1


async def test_a_wrong_token_ends_the_start_with_the_remedy(tmp_path: Path) -> None:
    """invalid_auth at start: exit code 2, which token, what to do, no traceback."""
    async with staged(tmp_path) as stage:
        await stage.stop_bot()
        bot = BotProcess(stage)
        code = await bot.run_to_end(bot_token="xoxb-revoked")

    assert code == 2
    assert "slack.bot_token: Slack says invalid_auth" in bot.output
    assert "Traceback" not in bot.output
    assert "xoxb-revoked" not in bot.output


async def test_two_answers_do_not_come_for_one_command(tmp_path: Path) -> None:
    """A question is answered once, by the acknowledgement where that is in time."""
    async with staged(tmp_path) as stage:
        await stage.slack.command(SARA, OPS, "/sms", "help")
        await shown(stage, "Text messages by kwtSMS")
        await asyncio.gather(*(stage.slack.command(SARA, OPS, "/sms", "fly") for _ in range(3)))
        await stage.slack.until(lambda: len(cards(stage)) >= 4)

        assert len(cards(stage)) == 4


async def test_a_deleted_card_comes_by_direct_message(tmp_path: Path) -> None:
    """Somebody deletes the card before it is brought up to date: its author still gets to know."""
    async with staged(tmp_path) as stage:
        await stage.running.stop()
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        card = await shown(stage, "Next try")
        stage.slack.fault("chat.update", Fault(error="message_not_found"), times=1)
        await stage.running.start()
        told = await stage.slack.until(
            lambda: [
                one
                for one in stage.slack.visible(SARA, stage.slack.dm(SARA))
                if "Accepted by kwtSMS" in stage.slack.plain(one)
            ],
            timeout=20,
        )

        assert card
        assert len(told) == 1
        assert len(stage.gateway.ledger) == 1


async def test_an_answer_that_slack_does_not_take_comes_by_direct_message(tmp_path: Path) -> None:
    """The response URL is used up or gone: what came of a button is told all the same."""
    async with staged(tmp_path) as stage:
        await stage.slack.command(SARA, OPS, "/sms", f"send {NUMBER} hi")
        card = await shown(stage, "accepted by kwtSMS")
        stage.slack.fault("response_url", Fault(error="used_url"), times=5)
        await stage.slack.press(SARA, card, "message_support")
        told = await stage.slack.until(
            lambda: stage.slack.visible(SARA, stage.slack.dm(SARA)), timeout=10
        )

        assert "complaint" in stage.slack.plain(told[-1])

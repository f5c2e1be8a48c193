"""The worker against a real gateway: what it meets there, and what the ledger says."""

from datetime import timedelta

import pytest

from kwtsms_bot.outbox.message import Priority, State
from kwtsms_bot.outbox.worker import MAX_IN_FLIGHT
from kwtsms_sandbox.gateway import Fault
from support.database import NUMBER, OTHER, new
from support.working import codes, working


async def test_what_is_accepted_is_sent(database_url: str) -> None:
    """The gateway's answer is on the message, and its ledger has it once."""
    async with working(database_url) as bench:
        message = await bench.reached(await bench.send(NUMBER, OTHER), State.SENT)

        (entry,) = bench.gateway.ledger
        assert message.gateway_ids == (entry.message_id,)
        assert message.points == entry.points


@pytest.mark.parametrize(
    "fault",
    [
        Fault.RESET_BEFORE,
        Fault.RESET_AFTER,
        Fault.HANG_BEFORE,
        Fault.HANG,
        Fault.HTML_502,
        Fault.HTML_502_AFTER,
        Fault.TRUNCATED,
        Fault.EMPTY,
        Fault.NOT_JSON,
        Fault.JSON_LIST,
        Fault.JSON_NULL,
        Fault.BAD_UTF8,
        Fault.HUGE,
        Fault.REDIRECT,
    ],
)
async def test_an_unreadable_answer_is_unknown_and_never_repeated(
    database_url: str, fault: Fault
) -> None:
    """Whatever the gateway did, it is asked once."""
    async with working(database_url) as bench:
        bench.gateway.fault(fault, endpoint="send")
        message = await bench.reached(await bench.send(), State.UNKNOWN)
        bench.later(3600)
        await bench.reached(await bench.send(OTHER), State.SENT)

        assert message.counts == {State.UNKNOWN: 1}
        assert sum(seen.endpoint == "send" for seen in bench.gateway.requests) == 2


async def test_a_gateway_that_is_down_is_tried_again(database_url: str) -> None:
    """No connection: nothing has left, so it goes out when the gateway is back."""
    async with working(database_url) as bench:
        await bench.running.stop()
        message = await bench.send()
        await bench.until(message, lambda found: found.reasons != ())
        await bench.running.start()
        bench.later(5)

        await bench.reached(message, State.SENT)
        assert len(bench.gateway.ledger) == 1


@pytest.mark.parametrize("status", [200, 400, 406])
async def test_a_full_queue_is_waited_for(database_url: str, status: int) -> None:
    """ERR013, whatever HTTP status it rides on, is tried again after 30 s and not before."""
    async with working(database_url) as bench:
        bench.gateway.fault("ERR013", endpoint="send", http_status=status)
        message = await bench.send()
        await bench.until(message, lambda found: codes(found) == ["ERR013"])
        bench.later(31)

        await bench.reached(message, State.SENT)
        assert sum(seen.endpoint == "send" for seen in bench.gateway.requests) == 2


async def test_a_number_sent_to_by_others_is_tried_after_16_seconds(database_url: str) -> None:
    """ERR028 from the gateway: another program has sent to this number."""
    async with working(database_url) as bench:
        bench.gateway.fault("ERR028", endpoint="send")
        message = await bench.send()
        await bench.until(message, lambda found: codes(found) == ["ERR028"])
        bench.later(17)

        await bench.reached(message, State.SENT)


async def test_a_second_message_to_a_number_waits_by_itself(database_url: str) -> None:
    """The gateway never has to say ERR028 for what we sent ourselves."""
    async with working(database_url) as bench:
        await bench.reached(await bench.send(text="first"), State.SENT)
        second = await bench.send(text="second")
        await bench.until(second, lambda found: found.reasons != ())
        bench.later(17)
        await bench.reached(second, State.SENT)

        assert [seen.outcome for seen in bench.gateway.requests] == ["OK", "OK"]


async def test_a_refused_text_ends_the_message(database_url: str) -> None:
    """Nothing was charged, and nothing is tried again."""
    async with working(database_url) as bench:
        bench.gateway.fault("ERR031", endpoint="send")
        message = await bench.reached(await bench.send(), State.REJECTED)

        assert codes(message) == ["ERR031"]
        assert message.points is None


async def test_a_message_does_not_wait_for_a_campaign(database_url: str) -> None:
    """Ten thousand numbers are on their way; only what has left or is leaving goes first."""
    async with working(database_url) as bench:
        bench.gateway.turn(requests_per_second=None)
        numbers = tuple(f"965{90000000 + n}" for n in range(10_000))
        campaign = new(*numbers, text="campaign", priority=Priority.BULK)
        accepted = (await bench.store.accept(campaign, bench.now())).message
        bench.worker.wake()
        await bench.until(accepted, lambda found: State.SENT in found.counts)
        begun = len(bench.gateway.requests)
        alert = await bench.reached(await bench.send(OTHER, text="alert"), State.SENT)
        calls = [entry.text for entry in bench.gateway.ledger]

        assert alert.counts == {State.SENT: 1}
        assert calls.index("alert") <= begun + MAX_IN_FLIGHT + 1
        assert len(calls) < 51


async def test_what_a_dead_process_had_taken_is_sent_by_another(database_url: str) -> None:
    """Within fifteen seconds of the end of its lease, and without anybody being told."""
    async with working(database_url) as bench:
        lease = timedelta(seconds=30)
        message = await bench.store.accept(new(NUMBER), bench.now() - lease)
        assert await bench.store.claim("dead", lease, bench.now() - lease)
        sent = await bench.until(message.message, lambda found: State.SENT in found.counts)

        assert sent.counts == {State.SENT: 1}


async def test_450_numbers_go_in_three_calls(database_url: str) -> None:
    """More than 200 recipients are split; each number is in one call."""
    async with working(database_url) as bench:
        bench.gateway.turn(requests_per_second=None)
        numbers = [f"965{90000000 + n}" for n in range(450)]
        message = await bench.reached(await bench.send(*numbers), State.SENT)

        assert [len(entry.numbers) for entry in bench.gateway.ledger] == [200, 200, 50]
        assert sorted(sum((entry.numbers for entry in bench.gateway.ledger), ())) == numbers
        assert len(message.gateway_ids) == 3

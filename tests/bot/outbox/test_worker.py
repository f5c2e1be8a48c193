"""The worker against the sandbox gateway, checked by the gateway's ledger."""

from datetime import timedelta

import pytest

from kwtsms_bot.outbox.dispatch.worker import MAX_IN_FLIGHT
from kwtsms_bot.outbox.message import Priority
from kwtsms_bot.outbox.states import State
from kwtsms_sandbox.gateway import Fault
from support.database import NUMBER, OTHER, new_message
from support.worker_bench import reason_codes, running_worker


async def test_what_is_accepted_is_sent(database_url: str) -> None:
    """The gateway's answer is on the message, and its ledger has it once."""
    async with running_worker(database_url) as bench:
        message = await bench.wait_for_state(await bench.send(NUMBER, OTHER), State.SENT)

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
    """A call without a readable answer is made once, whatever the gateway did."""
    async with running_worker(database_url) as bench:
        bench.gateway.fault(fault, endpoint="send")
        message = await bench.wait_for_state(await bench.send(), State.UNKNOWN)
        bench.advance(3600)
        await bench.wait_for_state(await bench.send(OTHER), State.SENT)

        assert message.counts == {State.UNKNOWN: 1}
        assert sum(request.endpoint == "send" for request in bench.gateway.requests) == 2


async def test_a_gateway_that_is_down_is_tried_again(database_url: str) -> None:
    """Without a connection nothing has left, so the message is sent once the gateway is back."""
    async with running_worker(database_url) as bench:
        await bench.running.stop()
        message = await bench.send()
        await bench.wait_until(message, lambda found: found.reasons != ())
        await bench.running.start()
        bench.advance(5)

        await bench.wait_for_state(message, State.SENT)
        assert len(bench.gateway.ledger) == 1


@pytest.mark.parametrize("status", [200, 400, 406])
async def test_a_full_queue_is_waited_for(database_url: str, status: int) -> None:
    """ERR013, with any HTTP status, is retried after 30 s and not before."""
    async with running_worker(database_url) as bench:
        bench.gateway.fault("ERR013", endpoint="send", http_status=status)
        message = await bench.send()
        await bench.wait_until(message, lambda found: reason_codes(found) == ["ERR013"])
        bench.advance(31)

        await bench.wait_for_state(message, State.SENT)
        assert sum(request.endpoint == "send" for request in bench.gateway.requests) == 2


async def test_a_number_sent_to_by_others_is_tried_after_16_seconds(database_url: str) -> None:
    """ERR028 from the gateway, caused by another program, is retried."""
    async with running_worker(database_url) as bench:
        bench.gateway.fault("ERR028", endpoint="send")
        message = await bench.send()
        await bench.wait_until(message, lambda found: reason_codes(found) == ["ERR028"])
        bench.advance(17)

        await bench.wait_for_state(message, State.SENT)


async def test_a_second_message_to_a_number_waits_by_itself(database_url: str) -> None:
    """Our own messages to one number never cause ERR028."""
    async with running_worker(database_url) as bench:
        await bench.wait_for_state(await bench.send(text="first"), State.SENT)
        second = await bench.send(text="second")
        await bench.wait_until(second, lambda found: found.reasons != ())
        bench.advance(17)
        await bench.wait_for_state(second, State.SENT)

        assert [request.outcome for request in bench.gateway.requests] == ["OK", "OK"]


async def test_a_refused_text_ends_the_message(database_url: str) -> None:
    """A refused text costs nothing and is not retried."""
    async with running_worker(database_url) as bench:
        bench.gateway.fault("ERR031", endpoint="send")
        message = await bench.wait_for_state(await bench.send(), State.REJECTED)

        assert reason_codes(message) == ["ERR031"]
        assert message.points is None


async def test_a_message_does_not_wait_for_a_bulk(database_url: str) -> None:
    """During a bulk to ten thousand numbers, an alert waits only for calls already started."""
    async with running_worker(database_url) as bench:
        bench.gateway.configure(requests_per_second=None)
        numbers = tuple(f"965{90000000 + n}" for n in range(10_000))
        bulk = new_message(*numbers, text="campaign", priority=Priority.BULK)
        accepted = (await bench.outbox.intake.accept(bulk, bench.now())).message
        bench.worker.wake()
        await bench.wait_until(accepted, lambda found: State.SENT in found.counts)
        begun = len(bench.gateway.requests)
        alert = await bench.wait_for_state(await bench.send(OTHER, text="alert"), State.SENT)
        calls = [entry.text for entry in bench.gateway.ledger]

        assert alert.counts == {State.SENT: 1}
        assert calls.index("alert") <= begun + MAX_IN_FLIGHT + 1
        assert len(calls) < 51


async def test_what_a_dead_process_had_claimed_is_sent_by_another(database_url: str) -> None:
    """A call that a dead process had claimed is sent by another without any signal."""
    async with running_worker(database_url) as bench:
        lease = timedelta(seconds=30)
        message = await bench.outbox.intake.accept(new_message(NUMBER), bench.now() - lease)
        assert await bench.outbox.claims.claim("dead", lease, bench.now() - lease)
        sent = await bench.wait_until(message.message, lambda found: State.SENT in found.counts)

        assert sent.counts == {State.SENT: 1}


async def test_450_numbers_go_in_three_calls(database_url: str) -> None:
    """More than 200 recipients are split; each number is in one call."""
    async with running_worker(database_url) as bench:
        bench.gateway.configure(requests_per_second=None)
        numbers = [f"965{90000000 + n}" for n in range(450)]
        message = await bench.wait_for_state(await bench.send(*numbers), State.SENT)

        assert [len(entry.numbers) for entry in bench.gateway.ledger] == [200, 200, 50]
        assert sorted(sum((entry.numbers for entry in bench.gateway.ledger), ())) == numbers
        assert len(message.gateway_ids) == 3

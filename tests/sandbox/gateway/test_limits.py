"""The queue, the 15 seconds per number, the requests per second."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from kwtsms_sandbox.clock import Clock
from kwtsms_sandbox.gateway import Ban, Behaviour, Duplicates, Gateway, RunningGateway, State
from kwtsms_sandbox.gateway.rate_limiter import AddressRateLimiter
from support.gateway import KUWAIT, KUWAIT_2, Caller, calling, running_gateway

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def frozen_caller() -> AsyncIterator[Caller]:
    """A caller of a gateway whose clock is frozen."""
    async with running_gateway(clock=Clock(AT)) as running, calling(running) as caller:
        yield caller


def numbers(count: int, start: int = 0) -> str:
    """Returns `count` mobile numbers, separated by commas."""
    return ",".join(f"9655{start + n:07}" for n in range(count))


async def test_the_same_number_within_15_seconds(caller: Caller, gateway: Gateway) -> None:
    """The second message to a number is refused and not charged."""
    await caller.send()
    gateway.advance(14)

    answer = await caller.send()

    assert answer["code"] == "ERR028"
    assert gateway.balance() == 999


async def test_one_number_in_cooldown_refuses_the_request(caller: Caller, gateway: Gateway) -> None:
    """The other numbers in the request do not get the message either."""
    await caller.send(KUWAIT)

    answer = await caller.send(f"{KUWAIT_2},{KUWAIT}")

    assert answer["code"] == "ERR028"
    assert gateway.inbox(KUWAIT_2) == []


async def test_the_same_number_after_15_seconds(caller: Caller, gateway: Gateway) -> None:
    """After fifteen seconds the number can be sent to again."""
    await caller.send()
    gateway.advance(15)

    assert (await caller.send())["result"] == "OK"


async def test_a_rejection_does_not_start_the_15_seconds(caller: Caller, gateway: Gateway) -> None:
    """Only accepted sends start the 15 seconds."""
    await caller.send()
    gateway.advance(14)
    await caller.send()
    gateway.advance(1)

    assert (await caller.send())["result"] == "OK"


async def test_the_15_seconds_do_not_apply_in_test_mode(caller: Caller) -> None:
    """In test mode a send may be repeated at once, as on the live service."""
    await caller.send(test="1")

    assert (await caller.send(test="1"))["result"] == "OK"


async def test_the_15_seconds_may_apply_in_test_mode(caller: Caller, gateway: Gateway) -> None:
    """A knob applies the 15 seconds to test mode too."""
    gateway.configure(repeat_in_test=True)
    await caller.send(test="1")

    assert (await caller.send(test="1"))["code"] == "ERR028"


@pytest.mark.parametrize(
    ("duplicates", "outcome"),
    [
        (Duplicates.REFUSE, ("ERROR", None)),
        (Duplicates.CHARGE, ("OK", 2)),
        (Duplicates.MERGE, ("OK", 1)),
    ],
)
async def test_a_number_twice_in_one_request(
    caller: Caller, gateway: Gateway, duplicates: Duplicates, outcome: tuple[str, int | None]
) -> None:
    """A repeated number is refused, charged twice or merged, as the knob says."""
    gateway.configure(duplicates=duplicates)

    answer = await caller.send(f"{KUWAIT},{KUWAIT}")

    assert (answer["result"], answer.get("points-charged")) == outcome


async def test_the_queue_is_full_at_1000(caller: Caller, gateway: Gateway) -> None:
    """A send that does not fit is refused whole; one that fits exactly is accepted."""
    gateway.configure(queue_backlog=900)

    assert (await caller.send(numbers(101)))["code"] == "ERR013"
    assert (await caller.send(numbers(100), test="1"))["result"] == "OK"
    assert (await caller.send(numbers(1), test="1"))["code"] == "ERR013"


async def test_the_queue_drains(caller: Caller, gateway: Gateway) -> None:
    """At 10 a second, 100 messages have left after 10 seconds, and not before."""
    gateway.configure(sends_per_second=10.0, queue_limit=100)
    first = await caller.send(numbers(100))

    assert (await caller.send(numbers(1, 200)))["code"] == "ERR013"
    assert (await caller.call("status", msgid=first["msg-id"]))["status"] == "queued"
    gateway.advance(10)
    assert (await caller.call("status", msgid=first["msg-id"]))["status"] == "sent"
    assert (await caller.send(numbers(1, 200)))["result"] == "OK"


async def test_the_queue_keeps_its_order(caller: Caller, gateway: Gateway) -> None:
    """The second message leaves after the first."""
    gateway.configure(sends_per_second=1.0)
    await caller.send(numbers(10))
    await caller.send(numbers(1, 50))
    gateway.advance(10.5)

    assert [entry.state for entry in gateway.ledger] == [State.SENT, State.QUEUED]


async def test_the_queue_drains_by_itself() -> None:
    """A queued message is delivered in time without any further request."""
    async with running_gateway(behaviour=Behaviour(sends_per_second=20.0)) as running:
        gateway = running.gateway
        async with httpx.AsyncClient(trust_env=False) as http:
            await Caller(running, http).send()
            await gateway.until(lambda: bool(gateway.records.inboxes[KUWAIT]), timeout=2)


async def test_a_backlog_drains(frozen_caller: Caller) -> None:
    """A full backlog drains: after 20 s at 10 a second, 200 messages fit in behind the rest."""
    frozen_caller.gateway.configure(queue_backlog=1000, sends_per_second=10.0)

    assert (await frozen_caller.send())["code"] == "ERR013"
    frozen_caller.gateway.advance(20)
    assert frozen_caller.gateway.behaviour.queue_backlog == 800
    sent = await frozen_caller.send(numbers(200))
    assert (await frozen_caller.send(numbers(1, 500)))["code"] == "ERR013"
    frozen_caller.gateway.advance(99.9)
    assert (await frozen_caller.call("status", msgid=sent["msg-id"]))["status"] == "queued"
    frozen_caller.gateway.advance(0.1)
    assert frozen_caller.gateway.ledger[0].state is State.SENT


async def test_other_settings_do_not_fill_the_backlog_again(frozen_caller: Caller) -> None:
    """Other knobs do not refill a drained backlog, and without a rate nothing drains."""
    frozen_caller.gateway.configure(queue_backlog=1000, sends_per_second=10.0)
    frozen_caller.gateway.advance(30)
    frozen_caller.gateway.configure(sends_per_second=1.0)
    frozen_caller.gateway.advance(100)
    frozen_caller.gateway.configure(sends_per_second=None)
    frozen_caller.gateway.advance(100)

    assert frozen_caller.gateway.behaviour.queue_backlog == 600


async def test_six_requests_in_a_second_ban(caller: Caller, gateway: Gateway) -> None:
    """Five requests are served; the sixth and later ones get an HTML page."""
    answers = [await caller.post("balance") for _ in range(7)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [403] * 2
    assert answers[5].headers["content-type"].startswith("text/html")
    assert [request.outcome for request in gateway.requests[5:]] == ["banned"] * 2


@pytest.mark.parametrize(("method", "path"), [("GET", "balance/"), ("POST", "report/")])
async def test_whatever_comes_to_the_api_counts(
    frozen_caller: Caller, method: str, path: str
) -> None:
    """Wrong methods and wrong endpoints count too."""
    for _ in range(5):
        await frozen_caller.http.request(method, f"{frozen_caller.running.base_url}{path}")

    assert (await frozen_caller.post("balance")).status_code == 403


@pytest.mark.parametrize(("apart", "admitted"), [(0.19, False), (0.2, True)])
def test_any_window_of_one_second_counts(apart: float, *, admitted: bool) -> None:
    """A sixth request is too many 0.95 s after the first, and allowed one second after it."""
    limiter = AddressRateLimiter()
    asked = [limiter.try_acquire("a", n * apart, Behaviour()) for n in range(6)]

    assert asked == [True] * 5 + [admitted]


async def test_a_ban_ends(caller: Caller, gateway: Gateway) -> None:
    """A ban ends after `ban_seconds`."""
    for _ in range(6):
        await caller.post("balance")
    gateway.advance(gateway.behaviour.ban_seconds)

    assert (await caller.post("balance")).status_code == 200


async def test_five_a_second_for_ever(caller: Caller, gateway: Gateway) -> None:
    """Five requests in every window of one second are allowed for ever."""
    statuses = []
    for _ in range(12):
        statuses.append((await caller.post("balance")).status_code)
        gateway.advance(0.2)

    assert statuses == [200] * 12


async def test_a_ban_can_drop_connections(caller: Caller, gateway: Gateway) -> None:
    """A ban can reset the connection instead of answering."""
    gateway.configure(requests_per_second=1, ban=Ban.DROP)
    await caller.post("balance")

    with pytest.raises(httpx.ReadError):
        await caller.post("balance")


async def test_no_limit(caller: Caller, gateway: Gateway) -> None:
    """Without the limit no address is banned."""
    gateway.configure(requests_per_second=None)

    answers = await asyncio.gather(*(caller.post("balance") for _ in range(20)))

    assert {answer.status_code for answer in answers} == {200}


async def test_latency(running: RunningGateway, caller: Caller) -> None:
    """A request takes at least the configured latency."""
    running.gateway.configure(latency=0.05)
    started = asyncio.get_running_loop().time()
    await caller.call("balance")

    assert asyncio.get_running_loop().time() - started >= 0.05

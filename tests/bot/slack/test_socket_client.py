"""The Socket Mode connection when Slack refuses one more: a delay, and a reason to read."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler

from kwtsms_bot.monitoring.health import HealthSnapshot, assess
from kwtsms_bot.slack.socket_client import (
    MAX_DELAY_SECONDS,
    TOO_MANY_PROBLEM,
    SocketHandler,
    backoff,
)
from kwtsms_sandbox.slack import SlackSandbox
from kwtsms_sandbox.slack.socket_mode import MAX_CONNECTIONS
from support.database import AT
from support.slack import bolt_app, connected, running_slack

OPEN = "apps.connections.open"
SHORT, LONG = 0.05, 600.0
Refused = tuple[SlackSandbox, SocketHandler, AsyncSocketModeHandler]


@asynccontextmanager
async def one_too_many(delay: float) -> AsyncIterator[Refused]:
    """Yields a client that Slack has refused because there are ten others, and one of these."""
    async with running_slack() as slack, AsyncExitStack() as others:
        for _ in range(MAX_CONNECTIONS):
            other = connected(slack, bolt_app(slack), ping_interval=60)
            another = await others.enter_async_context(other)
        handler = SocketHandler(bolt_app(slack), slack.app_token, ping_interval=0.1)
        refused = asyncio.Event()

        def note_refusal(_attempt: int) -> float:
            refused.set()
            return delay

        handler.client.delay = note_refusal
        try:
            await handler.connect_async()  # type: ignore[no-untyped-call]
            async with asyncio.timeout(20):
                await refused.wait()
            yield slack, handler, another
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("attempt", "share", "seconds"),
    [(1, 0, 2.5), (1, 1, 5), (2, 1, 10), (3, 1, 20), (6, 1, MAX_DELAY_SECONDS), (5000, 1, 120)],
)
def test_the_delay_grows_to_its_maximum(attempt: int, share: float, seconds: float) -> None:
    """Each refusal doubles it, and two processes do not try at the same time."""
    assert backoff(attempt, share) == seconds


async def test_a_refused_client_does_not_use_up_the_rate() -> None:
    """The client asks for one address and then waits, even though its session is closed."""
    with structlog.testing.capture_logs() as logged:
        async with one_too_many(LONG) as (slack, handler, _another):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await handler.client.connect_to_new_endpoint(force=True)

            assert len(slack.calls(OPEN)) == MAX_CONNECTIONS + 1
            assert handler.client.problem == TOO_MANY_PROBLEM

    assert [one["reason"] for one in logged if "refused" in one["event"]] == ["too_many_websockets"]


async def test_a_refused_client_connects_when_there_is_room() -> None:
    """After the delay it tries again by itself, and the problem is over with Slack's hello."""
    async with one_too_many(SHORT) as (_slack, handler, another):
        greeted = asyncio.Event()

        async def note_hello(_client: object, message: dict[str, Any], _raw: str | None) -> None:
            if message.get("type") == "hello":
                greeted.set()

        handler.client.message_listeners.append(note_hello)
        await another.close_async()  # type: ignore[no-untyped-call]
        async with asyncio.timeout(20):
            await greeted.wait()

        assert handler.client.problem == ""
        assert await handler.client.is_connected()


def test_readyz_says_why_there_is_no_connection() -> None:
    """The reason is Slack's, where it gave one."""
    snapshot = HealthSnapshot(
        at=AT,
        database=True,
        slack=False,
        stopping=False,
        dispatcher_idle=timedelta(),
        slack_problem=TOO_MANY_PROBLEM,
    )

    (problem,) = (
        one.problem for one in assess(snapshot, timedelta(seconds=30)).components if one.problem
    )
    assert problem == TOO_MANY_PROBLEM

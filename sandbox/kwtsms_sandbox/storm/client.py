"""Posts the requests of a storm at a steady rate, whatever the answers are."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from kwtsms_sandbox.storm.summary import StormAnswer

MAX_CONNECTIONS = 100
TIMEOUT = aiohttp.ClientTimeout(total=30)
Body = dict[str, Any]
Progress = Callable[[int, int], None]  # Answered and accepted so far.


@dataclass(frozen=True, slots=True)
class StormTarget:
    """The address that a storm is posted to."""

    url: str
    token: str = field(repr=False)
    rate: float  # Requests a second.


async def post_storm(
    target: StormTarget, bodies: Sequence[Body], on_progress: Progress
) -> list[StormAnswer]:
    """Posts all bodies, each when it is due; returns their answers.

    A slow endpoint doesn't slow the storm down: the seconds of an answer count from when its
    request was due.
    """
    connector = aiohttp.TCPConnector(limit=MAX_CONNECTIONS)
    headers = {"Authorization": f"Bearer {target.token}"}
    begun, answers = time.perf_counter(), list[StormAnswer]()
    async with aiohttp.ClientSession(
        connector=connector, headers=headers, timeout=TIMEOUT
    ) as session:

        async def post_due(number: int, body: Body) -> None:
            due = begun + number / target.rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            answers.append(await _post(session, target.url, body, due))
            on_progress(len(answers), sum(one.is_accepted for one in answers))

        await asyncio.gather(*(post_due(number, body) for number, body in enumerate(bodies)))
    return answers


async def _post(session: aiohttp.ClientSession, url: str, body: Body, due: float) -> StormAnswer:
    try:
        async with session.post(url, json=body, allow_redirects=False) as response:
            alerts = await _read_alerts(response)
            return StormAnswer(time.perf_counter() - due, response.status, alerts=alerts)
    except (aiohttp.ClientConnectorError, ConnectionRefusedError):
        return StormAnswer(time.perf_counter() - due, error="no connection")
    except (aiohttp.ClientError, TimeoutError, OSError):
        return StormAnswer(time.perf_counter() - due, error="no answer")


async def _read_alerts(response: aiohttp.ClientResponse) -> Sequence[Any]:
    """The results of the alerts; none if the answer isn't the bot's."""
    try:
        answer = await response.json(content_type=None)
    except ValueError:
        return ()
    alerts = answer.get("alerts") if isinstance(answer, dict) else None
    return alerts if isinstance(alerts, list) else ()

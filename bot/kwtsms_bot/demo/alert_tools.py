"""The tools that send alerts to the demo's bot: the requests of their files and of the page."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from types import TracebackType
from typing import Self

from kwtsms_bot.bridge.hooks.addresses import hook_address
from kwtsms_bot.cli.bridge.endpoint_client import EndpointAnswer, EndpointClient, EndpointError
from kwtsms_bot.cli.bridge.request_file import RecordedRequest
from kwtsms_bot.demo.alert_samples import sample, storm_sample
from kwtsms_bot.demo.bridge import TOKENS
from kwtsms_bot.demo.sns import signed
from kwtsms_sandbox.page import AlertsNotSent

STORM_KIND, STORM_RACKS, STORM_SECONDS = "alertmanager", 100, 10.0  # Of ten hosts each.
SIDE_BY_SIDE = 10


@dataclass(frozen=True, slots=True)
class SentSample:
    """A sample that was sent, and may end."""

    kind: str
    number: int
    started_at: datetime


@dataclass(frozen=True, slots=True)
class SentRack:
    """A group of alerts of a storm that was sent, and may end."""

    storm: int
    number: int
    started_at: datetime


class AlertTools:
    """One tool of each kind, on the same machine as the bot.

    Use it as an async context manager.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._client = EndpointClient(uses_proxies=False)  # It is on this machine.
        self._firing: list[SentSample] = []
        self._sent = 0
        self._storms = 0
        self._racks: list[SentRack] = []
        self._storm: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stop_storm()
        await self._client.close()

    async def post(self, kind: str, request: RecordedRequest) -> EndpointAnswer:
        """Posts a request as the tool of this kind would.

        Raises:
            AlertsNotSent: there is no answer.
        """
        token = TOKENS[kind]
        url = hook_address(self.address, kind, name=kind, url_token=token)
        sent = signed(request) if kind == "sns" else request
        try:
            return await self._client.post(sent, url, kind=kind, token=token)
        except EndpointError as error:
            raise AlertsNotSent("The bot doesn't accept alerts now.") from error

    async def fire(self, kind: str) -> None:
        """Sends a new alert as the tool of this kind would.

        Raises:
            AlertsNotSent: it was not accepted.
        """
        self._sent += 1
        one = SentSample(kind, self._sent, datetime.now(UTC))
        await self._post_all([(kind, sample(kind, one.number, started_at=one.started_at))])
        self._firing.append(one)

    def start_storm(self) -> None:
        """Begins to send 1,000 alerts within 10 s; without effect while it does so."""
        if self._storm is None or self._storm.done():
            self._storms += 1
            self._storm = asyncio.create_task(self._send_storm(self._storms))

    async def resolve_all(self) -> None:
        """Ends a storm, and reports the end of every alert that was sent.

        Raises:
            AlertsNotSent: some ends were not accepted.
        """
        await self._stop_storm()
        now = datetime.now(UTC)
        ends = [
            (one.kind, sample(one.kind, one.number, started_at=one.started_at, ended_at=now))
            for one in self._firing
        ]
        ends += [
            (
                STORM_KIND,
                storm_sample(one.storm, one.number, started_at=one.started_at, ended_at=now),
            )
            for one in self._racks
        ]
        await self._post_all(ends)
        self._firing.clear()
        self._racks.clear()

    async def _send_storm(self, storm: int) -> None:
        begun = monotonic()
        for number in range(STORM_RACKS):
            one = SentRack(storm, number, datetime.now(UTC))
            self._racks.append(one)
            with suppress(AlertsNotSent):  # The bot may be stopping; a storm asks nobody.
                request = storm_sample(storm, number, started_at=one.started_at)
                await self._post_all([(STORM_KIND, request)])
            next_at = begun + (number + 1) * STORM_SECONDS / STORM_RACKS
            await asyncio.sleep(max(0.0, next_at - monotonic()))

    async def _stop_storm(self) -> None:
        if self._storm is not None:
            self._storm.cancel()
            await asyncio.wait({self._storm})

    async def _post_all(self, requests: Iterable[tuple[str, RecordedRequest]]) -> None:
        """Posts requests side by side.

        Raises:
            AlertsNotSent: one of them was not accepted; all were tried.
        """
        gate = asyncio.Semaphore(SIDE_BY_SIDE)

        async def post(kind: str, request: RecordedRequest) -> EndpointAnswer:
            async with gate:
                return await self.post(kind, request)

        answers = await asyncio.gather(*(post(*one) for one in requests), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
            if not answer.is_accepted:
                raise AlertsNotSent("The bot didn't accept the alert.")

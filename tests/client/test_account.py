"""What a client remembers, writes down, and tells before it sends."""

import json
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from kwtsms_client import AsyncClient, Credentials, InvalidInput
from kwtsms_client.request_log import MAX_BYTES
from kwtsms_sandbox.gateway import Fault, RunningGateway
from support.gateway import ABROAD, KUWAIT, KUWAIT_2, running_gateway

NOWHERE = "4917612345678"  # Germany is not active on the demo account.


def client(running: RunningGateway, **options: Any) -> AsyncClient:
    """A client of that gateway."""
    account = running.gateway.account
    options = {"sender_id": "MY-APP"} | options
    credentials = Credentials(account.username, account.password)
    return AsyncClient(credentials, base_url=running.base_url, **options)


def files(folder: Path) -> list[Path]:
    """What is in a folder."""
    return list(folder.iterdir())


@pytest.fixture
async def running() -> AsyncIterator[RunningGateway]:
    """A gateway."""
    async with running_gateway() as running:
        yield running


async def test_the_log_is_off_unless_asked_for(running: RunningGateway, tmp_path: Path) -> None:
    """No file appears by itself."""
    async with client(running) as sms:
        await sms.balance()

    assert files(tmp_path) == []


async def test_the_log_tells_what_was_asked_and_no_secret(
    running: RunningGateway, tmp_path: Path
) -> None:
    """A JSON line for each request: masked numbers, no text, no password, for its owner alone."""
    file = tmp_path / "requests.log"
    async with client(running, log=file) as sms:
        await sms.send([KUWAIT, KUWAIT_2], "a secret text")
        running.gateway.fault("ERR003", endpoint="balance")
        await sms.verify()
    sent, refused = (json.loads(line) for line in file.read_text().splitlines())

    assert (sent["endpoint"], sent["outcome"]) == ("send", "ok")
    assert sent["request"]["mobile"] == "965•••••432,965•••••567"
    assert sent["request"]["characters"] == 13
    assert (refused["endpoint"], refused["code"]) == ("balance", "ERR003")
    for secret in (running.gateway.account.password, "a secret text", KUWAIT):
        assert secret not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_the_log_has_contents_where_they_are_asked_for(
    running: RunningGateway, tmp_path: Path
) -> None:
    """Numbers and text, and still no password."""
    file = tmp_path / "requests.log"
    async with client(running, log=file, log_content=True) as sms:
        await sms.send(KUWAIT, "hello")

    assert KUWAIT in file.read_text()
    assert "hello" in file.read_text()
    assert running.gateway.account.password not in file.read_text()


async def test_a_full_log_is_put_aside(running: RunningGateway, tmp_path: Path) -> None:
    """The new file begins empty; the old one stays beside it."""
    file = tmp_path / "requests.log"
    file.write_text("x" * MAX_BYTES)
    async with client(running, log=file) as sms:
        await sms.balance()

    assert len(file.read_text().splitlines()) == 1
    assert (tmp_path / "requests.log.1").stat().st_size == MAX_BYTES


async def test_a_log_that_cannot_be_written_breaks_nothing(
    running: RunningGateway, tmp_path: Path
) -> None:
    """A folder that is not there is no reason not to send."""
    async with client(running, log=tmp_path / "missing" / "requests.log") as sms:
        assert (await sms.send(KUWAIT, "hi")).ok


async def test_countries_that_are_not_active_are_held_back(running: RunningGateway) -> None:
    """Once the coverage is known: those numbers are told, the others are sent to."""
    async with client(running) as sms:
        await sms.coverage()
        result = await sms.send([KUWAIT, NOWHERE, ABROAD], "hi")
        with pytest.raises(InvalidInput, match="not active"):
            await sms.send(NOWHERE, "hi")
    sends = [seen for seen in running.gateway.requests if seen.endpoint == "send"]

    assert result.accepted == (KUWAIT, ABROAD)
    assert [one.input for one in result.invalid] == [NOWHERE]
    assert len(sends) == 1


async def test_without_the_check_the_gateway_has_the_word(running: RunningGateway) -> None:
    """`check_coverage=False`: every number is asked about there."""
    async with client(running, check_coverage=False) as sms:
        await sms.coverage()
        result = await sms.send(NOWHERE, "hi")

    assert result.rejected == (NOWHERE,)


async def test_a_preview_costs_nothing(running: RunningGateway) -> None:
    """Numbers, text, calls, credits and whether they suffice; no request is made for it."""
    async with client(running, default_country="965") as sms:
        await sms.balance()
        before = len(running.gateway.requests)
        found = sms.preview([KUWAIT, "98765432", "123", KUWAIT_2], "م" * 100)

    assert len(running.gateway.requests) == before
    assert found.recipients == (KUWAIT, KUWAIT_2)
    assert [one.input for one in found.invalid] == ["123"]
    assert (found.calls, found.credits, found.affordable) == (1, 4, True)


@pytest.mark.parametrize(
    ("options", "phrases"),
    [
        ({}, []),
        ({"sender_id": "KWT-SMS"}, ["shared sender ID"]),
        ({"test_mode": True}, ["Test mode"]),
        ({"sender_id": "KWT-SMS", "test_mode": True}, ["shared sender ID", "Test mode"]),
    ],
)
async def test_what_is_not_for_production_is_pointed_out(
    running: RunningGateway, options: dict[str, Any], phrases: list[str]
) -> None:
    """The shared sender and the test mode stand among the result's warnings."""
    async with client(running, **options) as sms:
        warnings = (await sms.send(KUWAIT, "hi")).warnings

    assert len(warnings) == len(phrases)
    assert all(phrase in text for phrase, text in zip(phrases, warnings, strict=True))


async def test_the_balance_is_remembered(running: RunningGateway) -> None:
    """From a send as from a question, and an unknown outcome changes nothing."""
    async with client(running) as sms:
        assert sms.cached_balance is None
        await sms.send(KUWAIT, "hi")
        after = sms.cached_balance
        running.gateway.fault(Fault.HTML_502, endpoint="send")
        await sms.send(KUWAIT_2, "hi")

    assert after is not None
    assert after.available == 999
    assert sms.cached_balance == after

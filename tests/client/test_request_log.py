"""The request log: its entries, its secrets, its rotation, and files that cannot be written."""

import asyncio
import json
import logging
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from kwtsms_client import AsyncClient, protocol
from kwtsms_client.models import Acceptance
from kwtsms_client.request_log import KEPT_FILES, MAX_BYTES, RequestLog
from kwtsms_sandbox.gateway import Fault, RunningGateway
from support.clients import Kind, both, opened
from support.gateway import KUWAIT, KUWAIT_2, running_gateway

ACCEPTED = Acceptance("f4c8", 1, None, None, None)


@pytest.fixture
async def running() -> AsyncIterator[RunningGateway]:
    """Yields a running gateway."""
    async with running_gateway() as running:
        yield running


def files(folder: Path) -> list[Path]:
    """Lists a folder."""
    return list(folder.iterdir())


def entries(file: Path) -> list[dict[str, Any]]:
    """Parses the entries of a log."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def call(text: str = "hi", numbers: tuple[str, ...] = (KUWAIT,)) -> protocol.Call[Acceptance]:
    """A send call."""
    return protocol.send(sender="MY-APP", recipients=numbers, text=text, test=False)


@both
async def test_the_log_is_off_unless_asked_for(
    kind: Kind, running: RunningGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No log file appears by default."""
    monkeypatch.chdir(tmp_path)
    async with opened(kind, running) as sms:
        await sms.balance()

    assert files(tmp_path) == []


@both
async def test_the_log_says_what_was_requested_and_no_secret(
    kind: Kind, running: RunningGateway, tmp_path: Path
) -> None:
    """Each request is a JSON line with masked numbers, without text and password; mode 0600."""
    file = tmp_path / "requests.log"
    async with opened(kind, running, log=file, timeout=1) as sms:
        await sms.send([KUWAIT, KUWAIT_2], "a secret text")
        running.gateway.fault("ERR003", endpoint="balance")
        await sms.verify()
        running.gateway.fault(Fault.HTML_502, endpoint="balance")
        await sms.verify()
        await running.stop()
        await sms.verify()
    sent, refused, lost, unsent = entries(file)

    assert (sent["endpoint"], sent["outcome"]) == ("send", "ok")
    assert sent["request"]["mobile"] == "965•••••432,965•••••567"
    assert sent["request"]["characters"] == 13
    assert (refused["endpoint"], refused["outcome"], refused["code"]) == (
        "balance",
        "rejected",
        "ERR003",
    )
    assert [lost["outcome"], unsent["outcome"]] == ["unknown", "not_sent"]
    for secret in (running.gateway.account.password, "a secret text", KUWAIT):
        assert secret not in file.read_text("utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@both
async def test_the_log_has_contents_where_they_are_asked_for(
    kind: Kind, running: RunningGateway, tmp_path: Path
) -> None:
    """With `log_content` numbers and text are logged, but never the password."""
    file = tmp_path / "requests.log"
    async with opened(kind, running, log=file, log_content=True) as sms:
        await sms.send(KUWAIT, "مرحبا")

    assert KUWAIT in file.read_text("utf-8")
    assert "مرحبا" in file.read_text("utf-8")
    assert running.gateway.account.password not in file.read_text("utf-8")


async def test_a_cancelled_request_is_written_down(running: RunningGateway, tmp_path: Path) -> None:
    """The request was in flight, so its outcome is logged as unknown."""
    file = tmp_path / "requests.log"
    running.gateway.fault(Fault.HANG, endpoint="send")
    async with opened(AsyncClient, running, log=file) as sms:
        work = asyncio.create_task(sms.send(KUWAIT, "hi"))
        while not running.gateway.requests:  # noqa: ASYNC110 - Polled from outside.
            await asyncio.sleep(0.01)
        work.cancel()
        await asyncio.wait({work})
    (lost,) = entries(file)

    assert work.cancelled()
    assert (lost["endpoint"], lost["outcome"]) == ("send", "unknown")


def test_a_full_log_is_rotated(tmp_path: Path) -> None:
    """The new file starts empty, and three old files are kept."""
    file = tmp_path / "requests.log"
    log = RequestLog(file)
    for number in range(KEPT_FILES + 2):
        file.write_text(str(number) * MAX_BYTES)
        log.write(call(), ACCEPTED, 0.1)

    assert len(entries(file)) == 1
    kept = {one.name: one.read_text()[0] for one in tmp_path.iterdir() if one != file}
    assert kept == {"requests.log.1": "4", "requests.log.2": "3", "requests.log.3": "2"}


@both
async def test_a_log_that_cannot_be_written_breaks_nothing(
    kind: Kind, running: RunningGateway, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A missing folder does not prevent sending, and the warning appears once."""
    async with opened(kind, running, log=tmp_path / "missing" / "requests.log") as sms:
        with caplog.at_level(logging.WARNING, "kwtsms_client"):
            first = await sms.send(KUWAIT, "hi")
            second = await sms.send(KUWAIT_2, "hi")

    assert first.ok
    assert second.ok
    assert [one.message.split(" cannot")[0] for one in caplog.records] == [
        f"The request log {tmp_path}/missing/requests.log"
    ]


def test_a_log_that_was_there_before_is_closed_to_others(tmp_path: Path) -> None:
    """The next write restricts an existing file to its owner."""
    file = tmp_path / "requests.log"
    file.touch(0o644)
    RequestLog(file).write(call(), ACCEPTED, 0.1)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_device_keeps_its_rights() -> None:
    """A log in /dev/null leaves the device's permissions unchanged."""
    before = Path("/dev/null").stat().st_mode
    RequestLog("/dev/null").write(call(), ACCEPTED, 0.1)

    assert Path("/dev/null").stat().st_mode == before


@pytest.mark.parametrize(
    "outcome", [Acceptance("\ud800", None, None, None, None), Acceptance("\0", 1, None, None, None)]
)
def test_half_a_character_is_written_as_json_writes_it(outcome: Acceptance, tmp_path: Path) -> None:
    """Invalid text from the gateway still gives a line that can be parsed."""
    file = tmp_path / "requests.log"
    RequestLog(file, content=True).write(call("\ud83d", ("\udfff",)), outcome, 0.1)
    (entry,) = entries(file)

    assert entry["message_id"] == outcome.message_id
    assert entry["request"]["message"] == "\ud83d"

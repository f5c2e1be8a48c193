"""The examples do what they say, on a gateway that costs nothing."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from kwtsms_sandbox.gateway import Fault, RunningGateway
from support.gateway import KUWAIT, KUWAIT_2, running_gateway

EXAMPLES = Path(__file__).parents[2] / "examples"


async def run(
    running: RunningGateway, folder: Path, *line: str, typed: str = "", **environ: str
) -> tuple[int, str]:
    """Runs an example as a user would; its exit code and what it prints."""
    account = running.gateway.account
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(EXAMPLES / line[0]),
        *line[1:],
        cwd=folder,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={
            **os.environ,
            "KWTSMS_USERNAME": account.username,
            "KWTSMS_PASSWORD": account.password,
            "KWTSMS_SENDER_ID": "MY-APP",
            "KWTSMS_BASE_URL": running.base_url,
            **environ,
        },
    )
    out, _ = await asyncio.wait_for(process.communicate(typed.encode()), timeout=30)
    assert process.returncode is not None
    return process.returncode, out.decode()


async def test_basic(tmp_path: Path) -> None:
    """It says what it costs, and sends."""
    async with running_gateway() as running:
        code, told = await run(running, tmp_path, "basic.py", f"+{KUWAIT}", "Backup failed")

        assert code == 0
        assert "1 page(s), 1 credit(s)" in told
        assert [sms.text for sms in running.gateway.inbox(KUWAIT)] == ["Backup failed"]


async def test_basic_with_a_wrong_password(tmp_path: Path) -> None:
    """It says that the account cannot be used, and sends nothing."""
    async with running_gateway() as running:
        line = ("basic.py", KUWAIT, "hi")
        code, told = await run(running, tmp_path, *line, KWTSMS_PASSWORD="wrong")

        assert code == 1
        assert "cannot be used" in told
        assert running.gateway.ledger == []


async def test_otp_with_a_wrong_code(tmp_path: Path) -> None:
    """A guess is wrong; the code went out with the company's name."""
    async with running_gateway() as running:
        code, told = await run(running, tmp_path, "otp.py", KUWAIT, typed="x\n")

        assert (code, told.endswith("Wrong.\n")) == (1, True)
        assert "Example Co" in running.gateway.inbox(KUWAIT)[0].text


async def test_bulk(tmp_path: Path) -> None:
    """Two rows are sent, the third is named with its line."""
    async with running_gateway() as running:
        file = str(EXAMPLES / "appointments.csv")
        code, told = await run(running, tmp_path, "bulk_csv.py", file)

        assert code == 1
        assert "line 4: 'not known'" in told
        assert running.gateway.inbox(KUWAIT)[0].text == "Dear Sara, we expect you at 10:30."
        assert len(running.gateway.ledger) == 2


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (None, "do not send it again"),
        ("ERR031", "refused (ERR031)"),
        (Fault.HTML_502, "nobody knows"),
    ],
)
async def test_errors(tmp_path: Path, fault: Fault | str | None, said: str) -> None:
    """Each outcome has its word."""
    async with running_gateway() as running:
        if fault:
            running.gateway.fault(fault, endpoint="send")
        _, told = await run(running, tmp_path, "errors.py", KUWAIT)

        assert said in told
        assert "Balance: 1000" in told


async def test_errors_without_a_set_up(tmp_path: Path) -> None:
    """It says what is missing."""
    async with running_gateway() as running:
        code, told = await run(running, tmp_path, "errors.py", KUWAIT, KWTSMS_USERNAME="")

        assert code == 2
        assert "KWTSMS_USERNAME" in told


async def test_with_asyncio(tmp_path: Path) -> None:
    """Both numbers get theirs."""
    async with running_gateway() as running:
        code, told = await run(running, tmp_path, "with_asyncio.py", KUWAIT, KUWAIT_2)

        assert code == 0
        assert "1000 credits" in told
        assert len(running.gateway.ledger) == 2


def test_every_example_is_in_the_table() -> None:
    """examples/README.md has a row for each program."""
    page = (EXAMPLES / "README.md").read_text()

    assert [
        file.name for file in EXAMPLES.glob("*.py") if f"examples/{file.name}" not in page
    ] == []

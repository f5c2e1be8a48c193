"""The examples do what their descriptions say, on a sandbox gateway."""

import asyncio
import os
import runpy
import signal
import sys
from pathlib import Path

import pytest
from aiohttp import ClientSession

from kwtsms_sandbox.gateway import Fault, RunningGateway
from support.gateway import KUWAIT, KUWAIT_2, running_gateway

EXAMPLES = Path(__file__).parents[2] / "examples"


async def run(
    running: RunningGateway, folder: Path, *line: str, typed: str = "", **environ: str
) -> tuple[int, str]:
    """Runs an example as a user would; returns its exit code and output."""
    process = await started(running, folder, *line, **environ)
    out, _ = await asyncio.wait_for(process.communicate(typed.encode()), timeout=30)
    assert process.returncode is not None
    return process.returncode, out.decode()


async def started(
    running: RunningGateway, folder: Path, *line: str, **environ: str
) -> asyncio.subprocess.Process:
    """Starts an example, configured for that gateway."""
    account = running.gateway.account
    return await asyncio.create_subprocess_exec(
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


async def test_basic(tmp_path: Path) -> None:
    """The example shows the cost and sends."""
    async with running_gateway() as running:
        code, output = await run(running, tmp_path, "basic.py", f"+{KUWAIT}", "Backup failed")

        assert code == 0
        assert "1 page(s), 1 credit(s)" in output
        assert [sms.text for sms in running.gateway.inbox(KUWAIT)] == ["Backup failed"]


async def test_basic_with_a_wrong_password(tmp_path: Path) -> None:
    """The example reports that the account cannot be used and sends nothing."""
    async with running_gateway() as running:
        line = ("basic.py", KUWAIT, "hi")
        code, output = await run(running, tmp_path, *line, KWTSMS_PASSWORD="wrong")

        assert code == 1
        assert "cannot be used" in output
        assert running.gateway.ledger == []


async def test_otp_with_a_wrong_code(tmp_path: Path) -> None:
    """A wrong code is refused; the message contains the company's name."""
    async with running_gateway() as running:
        code, output = await run(running, tmp_path, "otp.py", KUWAIT, typed="x\n")

        assert (code, output.endswith("Wrong.\n")) == (1, True)
        assert "Example Co" in running.gateway.inbox(KUWAIT)[0].text


@pytest.mark.parametrize(
    ("fault", "said", "code"),
    [(Fault.RESET_AFTER, "may arrive all the same", 0), ("ERR008", "was not sent: ", 1)],
)
async def test_otp_that_goes_wrong(
    tmp_path: Path, fault: Fault | str, said: str, code: int
) -> None:
    """The code is asked for if the message may arrive, and not if it was not sent."""
    async with running_gateway() as running:
        gateway = running.gateway
        gateway.fault(fault, endpoint="send")
        process = await started(running, tmp_path, "otp.py", KUWAIT)
        await gateway.until(
            lambda: any(request.outcome for request in gateway.requests), timeout=20
        )
        typed = "".join(sms.text.split("code is ")[1][:6] for sms in gateway.inbox(KUWAIT))
        output, _ = await asyncio.wait_for(process.communicate(typed.encode()), timeout=20)

        assert (process.returncode, said in output.decode()) == (code, True)


async def test_bulk(tmp_path: Path) -> None:
    """Two rows are sent, and the third is reported with its line."""
    async with running_gateway() as running:
        file = str(EXAMPLES / "appointments.csv")
        code, output = await run(running, tmp_path, "bulk_csv.py", file)

        assert code == 1
        assert "line 4: 'not known'" in output
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
    """Each outcome has its own message."""
    async with running_gateway() as running:
        if fault:
            running.gateway.fault(fault, endpoint="send")
        _, output = await run(running, tmp_path, "errors.py", KUWAIT)

        assert said in output
        assert "Balance: 1000" in output


async def test_rows_that_are_incomplete(tmp_path: Path) -> None:
    """Incomplete rows are reported with their lines, and no text contains "None"."""
    file = tmp_path / "rows.csv"
    number = f"+{KUWAIT}"
    cells = ["name,phone,time", f"Sara,{number}", f"Noura,{number},", f"Ali,{number},9,10", ""]
    file.write_text("\n".join(cells))
    async with running_gateway() as running:
        code, output = await run(running, tmp_path, "bulk_csv.py", str(file))

        assert code == 1
        assert output.splitlines() == [
            "line 2: there is nothing in time",
            "line 3: there is nothing in time",
            "line 4: there are more cells than columns",
        ]
        assert running.gateway.requests == []


async def test_the_service(tmp_path: Path) -> None:
    """The service starts as README.md says, sends a code and stops on SIGTERM."""
    async with running_gateway() as running:
        settings = {"OTP_KEY": "k" * 32, "OTP_PORT": "0", "PYTHONUNBUFFERED": "1"}
        process = await started(running, tmp_path, "otp_service.py", **settings)
        assert process.stdout is not None
        url = (await process.stdout.readline()).decode().split()[3]
        async with ClientSession() as http:
            answer = await http.post(f"{url}/request", json={"number": KUWAIT})
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.communicate(), timeout=30)

        assert answer.status == 200
        assert process.returncode == 0
        assert len(running.gateway.inbox(KUWAIT)) == 1


PROGRAMS = ("basic.py", "bulk_csv.py", "errors.py", "otp.py", "with_asyncio.py")


@pytest.mark.parametrize("name", PROGRAMS)
def test_without_arguments(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each program prints its usage."""
    monkeypatch.setattr(sys, "argv", [name])

    with pytest.raises(SystemExit, match=f"python examples/{name} "):
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")


async def test_errors_without_a_set_up(tmp_path: Path) -> None:
    """The error names the missing variable."""
    async with running_gateway() as running:
        code, output = await run(running, tmp_path, "errors.py", KUWAIT, KWTSMS_USERNAME="")

        assert code == 2
        assert "KWTSMS_USERNAME" in output


async def test_with_asyncio(tmp_path: Path) -> None:
    """Both numbers receive their message."""
    async with running_gateway() as running:
        code, output = await run(running, tmp_path, "with_asyncio.py", KUWAIT, KUWAIT_2)

        assert code == 0
        assert "1000 credits" in output
        assert len(running.gateway.ledger) == 2


def test_every_example_is_in_the_table() -> None:
    """examples/README.md has a row for each program."""
    page = (EXAMPLES / "README.md").read_text()

    assert [
        file.name for file in EXAMPLES.glob("*.py") if f"examples/{file.name}" not in page
    ] == []

"""Apprise's own command line sends through the sandbox gateway."""

import asyncio
import os
import sys
from pathlib import Path

from kwtsms_sandbox.gateway import RunningGateway
from support.gateway import KUWAIT, running_gateway

BIN = Path(sys.executable).parent


async def run(*command: str, home: Path, running: RunningGateway) -> tuple[int, str]:
    """Runs a command with a temporary home folder; returns its exit code and output."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "KWTSMS_BASE_URL": running.base_url},
    )
    out, _ = await asyncio.wait_for(process.communicate(), timeout=30)
    assert process.returncode is not None
    return process.returncode, out.decode()


def url(running: RunningGateway, target: str = KUWAIT) -> str:
    """A URL for the sandbox's account."""
    account = running.gateway.account
    return f"kwtsms://{account.username}:{account.password}@MY-APP/{target}"


async def test_the_command_line_of_apprise_sends_through_the_stub(tmp_path: Path) -> None:
    """After `kwtsms-bridge apprise install`, `apprise -b` delivers the text."""
    async with running_gateway() as running:
        installed = await run(
            f"{BIN}/kwtsms-bridge", "apprise", "install", home=tmp_path, running=running
        )
        sent = await run(
            f"{BIN}/apprise", "-vv", "-b", "disk full", url(running), home=tmp_path, running=running
        )

        assert installed[0] == 0
        assert sent[0] == 0, sent[1]
        assert [sms.text for sms in running.gateway.inbox(KUWAIT)] == ["disk full"]
        assert "Sent kwtSMS notification" in sent[1]


async def test_a_refusal_is_one_warning_without_secrets(tmp_path: Path) -> None:
    """A wrong password gives exit code 1 and the error code; no secret is printed."""
    async with running_gateway() as running:
        await run(f"{BIN}/kwtsms-bridge", "apprise", "install", home=tmp_path, running=running)
        running.gateway.change_account(password="another")
        wrong = url(running).replace("another", "wrong-password")
        code, output = await run(
            f"{BIN}/apprise", "-vvv", "-b", "disk full", wrong, home=tmp_path, running=running
        )

        assert code == 1
        assert "ERR003" in output
        assert [word for word in ("wrong-password", KUWAIT, "disk full") if word in output] == []

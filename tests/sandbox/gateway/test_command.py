"""The `gateway` command in a process of its own: started, used and stopped."""

import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from kwtsms_sandbox.gateway import command
from kwtsms_sandbox.gateway.command import gateway_command
from kwtsms_sandbox.gateway.scenario import parse

pytestmark = pytest.mark.network
PROGRAM = "from kwtsms_sandbox.gateway.command import gateway_command as run; run()"
STOPS_WITHIN = 5.0


@contextmanager
def program(*arguments: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """Runs the command in a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environ},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def next_line(process: subprocess.Popen[str]) -> str:
    """Returns the next line that the program prints."""
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def test_its_first_lines(tmp_path: Path) -> None:
    """The first lines come at once and in a fixed order; the reader may then close the pipe."""
    with program(TMPDIR=str(tmp_path)) as process:
        assert process.stdout is not None
        lines = os.read(process.stdout.fileno(), 65536).decode().splitlines()
        process.stdout.close()
        with httpx.Client(trust_env=False) as http:
            ledger = http.get(f"{lines[0]}/admin/ledger").json()

        assert lines == [
            lines[0],
            "username: demo",
            "password: demo-password",
            "sender IDs: KWT-SMS, MY-APP",
            f"base URL: {lines[0]}/API/",
            f"admin URL: {lines[0]}/admin/",
        ]
        assert ledger == []
        assert list(tmp_path.iterdir()) == []  # Only --tls keeps a file.


def test_a_reader_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Printing to a closed pipe raises nothing, so the gateway keeps running."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stdout:
        monkeypatch.setattr(sys, "stdout", stdout)

        command._print("http://127.0.0.1:1\nusername: demo")


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly(sign: signal.Signals) -> None:
    """On a signal the exit code is 0 and stderr is empty, even with a connection open."""
    with program("--json") as process:
        facts = json.loads(next_line(process))
        with httpx.Client(trust_env=False) as http:
            http.get(facts["admin_url"])
            process.send_signal(sign)

            assert process.wait(STOPS_WITHIN) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_a_scenario_as_json(tmp_path: Path) -> None:
    """One JSON object has all that a client needs, and uses the file's account."""
    account = {"username": "shop", "password": "s3cret", "sender_ids": ["SHOP"]}
    file = tmp_path / "scenario.json"
    file.write_text(json.dumps({"accounts": [account], "seed": 1}))
    with program("--json", "--seed", "7", "--scenario", str(file)) as process:
        facts = json.loads(next_line(process))
        login = {"username": facts["username"], "password": facts["password"]}
        send = {"sender": facts["sender_ids"][0], "mobile": "96598765432", "message": "hello"}
        with httpx.Client(trust_env=False) as http:
            answer = http.post(f"{facts['base_url']}send/", json=login | send)

        same = parse(file.read_text()).gateway(seed=7).handle("send", login | send, "127.0.0.1")
        assert answer.json()["msg-id"] == same["msg-id"]
        assert facts["username"] == "shop"


def test_tls() -> None:
    """--tls serves HTTPS on 127.0.0.1 with a certificate that the printed CA file verifies."""
    with program("--tls", "--json") as process:
        facts = json.loads(next_line(process))
        trusting = ssl.create_default_context(cafile=facts["ca_file"])
        with httpx.Client(verify=trusting, trust_env=False) as http:
            answer = http.get(f"{facts['admin_url']}ledger")
        process.terminate()
        process.wait(STOPS_WITHIN)

        assert facts["url"].startswith("https://127.0.0.1:")
        assert answer.json() == []
        assert not Path(facts["ca_file"]).exists()


def test_a_port_that_is_in_use() -> None:
    """A port in use is one line that says what to do, without a traceback."""
    with program("--json") as process:
        port = json.loads(next_line(process))["url"].rpartition(":")[2]

        result = CliRunner().invoke(gateway_command, ["--port", port])

        assert result.exit_code == 1
        assert f"http://127.0.0.1:{port}: address already in use" in result.output
        assert "Use another port, or 0 for a free one" in result.output


def test_a_scenario_that_does_not_fit(tmp_path: Path) -> None:
    """A faulty scenario is a usage error that names the place in the file."""
    file = tmp_path / "scenario.json"
    file.write_text('{"knobs": {"latency": "slow"}}')

    result = CliRunner().invoke(gateway_command, ["--scenario", str(file)])

    assert result.exit_code == 2
    assert "knobs.latency: expected a number, got 'slow'" in result.output

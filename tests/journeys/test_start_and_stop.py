"""Starts and stops of the real process: as PID 1, by SIGHUP, and where a person must act first."""

import asyncio
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from support.bot import BotProcess, local_env
from support.forked import COMMAND, ForkedProcess, fork_command

CONFIG = """\
slack: {bot_token: xoxb-1, app_token: xapp-1, api_url: "http://127.0.0.1:1/api/"}
kwtsms: {username: user, password: pa55, sender_id: SHOP, base_url: "http://127.0.0.1:1/API/"}
"""
UNSHARE = ("unshare", "--pid", "--fork", "--kill-child")
HANDLED = 1 << (signal.SIGTERM - 1)
SLOW_TO_LOAD = ("sqlalchemy", "slack_bolt")
KEPT = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}


def children(pid: int) -> list[int]:
    """The processes that `pid` has started."""
    with suppress(OSError):
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def handles_sigterm(pid: int) -> bool:
    """Whether the process has a handler for SIGTERM."""
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        caught = next(line.split()[1] for line in lines if line.startswith("SigCgt"))
        return bool(int(caught, 16) & HANDLED)
    return False


async def first_to_handle(find: Callable[[], list[int]]) -> int:
    """The first of the found processes that handles SIGTERM, as soon as it does."""
    async with asyncio.timeout(60):
        while True:
            for pid in filter(handles_sigterm, find()):
                return pid
            await asyncio.sleep(0.002)  # /proc tells nobody of a change.


async def run_bot(folder: Path, *before: str) -> Process:
    """Starts the installed bot in `folder`, by the program `before` if there is one."""
    (folder / "config.yaml").write_text(CONFIG)
    return await asyncio.create_subprocess_exec(
        *(*before, str(COMMAND), "run"),
        cwd=folder,
        env={**KEPT, "PYTHONWARNINGS": "ignore"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def end_of(process: Process | ForkedProcess) -> tuple[int | None, str]:
    """The exit code and the output of a process."""
    output, _ = await asyncio.wait_for(process.communicate(), timeout=60)
    return process.returncode, output.decode()


@pytest.fixture
def namespace() -> tuple[str, ...]:
    """The command that starts a program as PID 1."""
    if shutil.which("unshare") is None:
        pytest.skip("unshare is not on this machine")
    as_root = () if os.geteuid() == 0 else ("--user", "--map-root-user")
    if subprocess.run([*UNSHARE, *as_root, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no PID namespaces on this machine")
    return (*UNSHARE, *as_root)


async def test_pid_1_stops_in_order_from_its_first_moment_on(
    tmp_path: Path, namespace: tuple[str, ...]
) -> None:
    """A SIGTERM while the bot still loads is not lost, though the kernel has no default for it."""
    process = await run_bot(tmp_path, *namespace)
    os.kill(await first_to_handle(lambda: children(process.pid)), signal.SIGTERM)
    code, output = await end_of(process)

    assert code == 0
    assert "stopped" in output


async def test_the_handler_is_there_before_anything_slow_is_loaded() -> None:
    """Loading SQLAlchemy and Bolt takes most of a start; signals are handled before it."""
    program = (
        "import signal, sys\n"
        "from kwtsms_bot.cli import main\n"
        "found = []\n"
        "handle = signal.signal\n"
        "def record(number, handler):\n"
        f"    found.append([one for one in {SLOW_TO_LOAD!r} if one in sys.modules])\n"
        "    return handle(number, handler)\n"
        "signal.signal = record\n"
        "sys.argv = ['kwtsms-bridge', 'run', '-c', '/nowhere/config.yaml']\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    print(found)\n"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program), stdout=asyncio.subprocess.PIPE
    )

    assert await end_of(process) == (2, "[[], [], []]\n")


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM])
async def test_each_signal_to_stop_stops_in_order(tmp_path: Path, number: signal.Signals) -> None:
    """A terminal that closes sends SIGHUP: it's an orderly stop as well."""
    async with local_env(tmp_path) as env:
        await env.stop_bot()
        bot = BotProcess(env)
        await bot.start()
        code = await bot.end(number)

    assert code == 0
    assert "stopped" in bot.output


async def test_nohup_keeps_the_bot_running(tmp_path: Path) -> None:
    """Where SIGHUP is ignored at the start, it stays ignored."""
    process = await run_bot(tmp_path, "nohup")
    await first_to_handle(lambda: [process.pid])
    process.send_signal(signal.SIGHUP)
    process.send_signal(signal.SIGTERM)
    code, output = await end_of(process)

    assert code == 0
    assert "stopped" in output


async def outcome_of(folder: Path, config: str = CONFIG, **environ: str) -> tuple[int | None, str]:
    """The exit code and output of a bot that ends by itself."""
    (folder / "config.yaml").write_text(config)
    env = {**KEPT, "PYTHONWARNINGS": "ignore", **environ}
    return await end_of(
        await fork_command("run", folder=folder, env=env, stderr=asyncio.subprocess.STDOUT)
    )


async def outcome_with(folder: Path, database: str) -> tuple[int | None, str]:
    """The exit code and output of a bot with this database file."""
    return await outcome_of(folder, f"{CONFIG}outbox: {{database: 'sqlite:///{database}'}}\n")


async def test_a_database_path_that_is_a_folder_is_named_as_one(tmp_path: Path) -> None:
    """A person must correct the path first: exit code 2, and nothing about a missing file."""
    (tmp_path / "data").mkdir()
    code, output = await outcome_with(tmp_path, "data")

    assert code == 2
    assert "data is a folder, not a file" in output
    assert "does not exist" not in output


@pytest.mark.parametrize(
    ("tables", "reason", "remedy"),
    [
        (("recipient", "job_slot"), "a newer kwtsms-bridge has used it", "Run that version"),
        (("users",), "another program keeps its tables there", "a database of the bot's own"),
    ],
)
async def test_a_foreign_database_differs_from_one_of_a_newer_version(
    tmp_path: Path, tables: tuple[str, ...], reason: str, remedy: str
) -> None:
    """Both take a person (exit code 2), and neither is about the disk."""
    with sqlite3.connect(tmp_path / "other.sqlite3") as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('4f2a81c09b7d')")
        for table in tables:
            connection.execute(f"CREATE TABLE {table} (id INTEGER)")
    connection.close()
    code, output = await outcome_with(tmp_path, "other.sqlite3")

    assert code == 2
    assert reason in output
    assert remedy in output
    assert "disk" not in output


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
async def test_missing_certificates_are_named_by_their_variable(tmp_path: Path, name: str) -> None:
    """The process ends with exit code 2, the variable and the path, and no traceback."""
    code, output = await outcome_of(tmp_path, **{name: "/nowhere/ca.pem"})

    assert code == 2
    assert re.search(rf"{name} .*/nowhere/ca\.pem", output)
    assert "Traceback" not in output


async def test_a_readable_env_file_is_warned_about_at_the_start(tmp_path: Path) -> None:
    """The warning names the file and the command that closes it."""
    (tmp_path / ".env").write_text("A=1\n")
    (tmp_path / ".env").chmod(0o644)
    process = await run_bot(tmp_path)
    await first_to_handle(lambda: [process.pid])
    process.send_signal(signal.SIGTERM)
    code, output = await end_of(process)

    assert code == 0
    assert "everyone on this machine can read it. chmod o= .env" in output


DEAD_PROXY = dict.fromkeys(
    ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"),
    "http://127.0.0.1:1",
)


@pytest.mark.parametrize("names", [("HTTPS_PROXY",), tuple(DEAD_PROXY)])
async def test_the_demo_ignores_proxies(tmp_path: Path, names: tuple[str, ...]) -> None:
    """All of the demo is on this machine, which no proxy is in front of."""
    proxies = {name: DEAD_PROXY[name] for name in names}
    process = await fork_command(
        *("demo", "--exec", "/sms balance"), folder=tmp_path, env={**KEPT, **proxies}
    )
    code, output = await end_of(process)

    assert code == 0
    assert output.startswith("> /sms balance")
    assert "failed" not in output


async def test_a_demo_whose_bot_does_not_start_is_an_error(tmp_path: Path) -> None:
    """The exit code is 1, and nothing looks like an answer of the bot."""
    program = (
        "from functools import partial\n"
        "from kwtsms_bot.demo import command\n"
        "command.LocalEnvironment = partial(command.LocalEnvironment, start_timeout=0)\n"
        "command.demo(['--exec', '/sms balance'])\n"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    code, output = await end_of(process)

    assert code == 1
    assert output.startswith("Error: The bot wasn't ready within 0 s.")
    assert output.count("\n") == 1  # No traceback of a thread that outlives the demo.


async def test_bolt_says_nothing_that_nobody_can_act_on(tmp_path: Path) -> None:
    """SLACK_BOT_TOKEN in the environment is our own variable: no warning is printed about it."""
    async with local_env(tmp_path) as env:
        await env.stop_bot()
        bot = BotProcess(env, logging={"level": "debug"})
        with pytest.MonkeyPatch.context() as environ:
            environ.setenv("SLACK_BOT_TOKEN", env.slack.bot_token)
            await bot.start()
        await bot.end()

    assert "SLACK_BOT_TOKEN" not in bot.output
    assert "slack_bolt" not in bot.output

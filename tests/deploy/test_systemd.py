"""The unit file agrees with the code and, where available, passes systemd's checks."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from kwtsms_bot.config import load
from support.bot import COMMAND
from support.deployment import DEPLOY, LONGEST_STOP_SECONDS, PROGRAM, SECRETS, parse_arguments

UNIT = DEPLOY / "systemd" / "kwtsms-bridge.service"
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not on this machine"
)


def setting(name: str) -> str:
    """The single value of a key."""
    (found,) = re.findall(rf"^{name}=(.*)$", UNIT.read_text(), re.MULTILINE)
    return str(found)


def test_it_starts_a_program_that_there_is() -> None:
    """The command and its options exist, and the configuration is the documented one."""
    program, *arguments = setting("ExecStart").split()

    assert Path(program).name == PROGRAM
    assert parse_arguments(arguments)["file"] == "/etc/kwtsms-bridge/config.yaml"


def test_the_bot_has_time_to_stop() -> None:
    """The timeout of systemd is longer than the bot's longest shutdown."""
    assert int(setting("TimeoutStopSec")) > LONGEST_STOP_SECONDS


def test_the_database_is_where_it_may_write() -> None:
    """The database is in the unit's state folder, the only writable one."""
    folder = f"/var/lib/{setting('StateDirectory')}"
    database = load(str(DEPLOY / "systemd" / "config.yaml"), SECRETS).outbox.database

    assert database.startswith(f"sqlite:///{folder}/")
    assert setting("WorkingDirectory") == folder
    assert setting("ProtectSystem") == "strict"


@needs_systemd
def test_systemd_understands_it(tmp_path: Path) -> None:
    """Every key and value is valid for systemd; only the program's path is replaced here."""
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace(setting("ExecStart").split()[0], str(COMMAND)))
    said = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], check=False, capture_output=True, text=True
    )

    assert (said.returncode, said.stderr) == (0, "")


@needs_systemd
def test_systemd_finds_it_hardened() -> None:
    """The exposure is at most 2 of 10; a unit without these keys has 9.6."""
    said = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(UNIT)],
        check=False,
        capture_output=True,
        text=True,
    )

    assert said.returncode == 0, said.stdout[-200:]

"""The unit file agrees with the code and, where available, passes systemd's checks."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from kwtsms_bot.monitoring import health_endpoint
from kwtsms_bot.slack import http_endpoint
from support.database import prepare_database
from support.deployment import (
    DEPLOY,
    LONGEST_STOP_SECONDS,
    PROGRAM,
    SECRETS,
    parse_arguments,
    read_config,
)
from support.forked import COMMAND

UNIT = DEPLOY / "systemd" / "kwtsms-bridge.service"
BACKUP = DEPLOY / "systemd" / "kwtsms-bridge-backup.service"
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
    database = read_config(DEPLOY / "systemd" / "config.yaml", SECRETS).outbox.database

    assert database.startswith(f"sqlite:///{folder}/")
    assert setting("WorkingDirectory") == folder
    assert setting("ProtectSystem") == "strict"


def test_memory_processes_and_files_are_limited() -> None:
    """The open files are enough for both listeners at their limits, three times over."""
    listeners = http_endpoint.MAX_CONNECTIONS + health_endpoint.MAX_CONNECTIONS

    assert int(setting("LimitNOFILE")) >= 3 * listeners
    assert setting("MemoryMax")
    assert setting("TasksMax")


def test_the_backup_copies_the_database_of_the_unit(tmp_path: Path) -> None:
    """The command of the back-up makes a complete copy while the database is in use."""
    script = BACKUP.read_text().split("-eu -c '", 1)[1].rsplit("'\n\nNoNew", 1)[0]
    script = script.replace("\\\n", "").replace("%%", "%").replace("$$", "$").replace("\\'", "'")
    database = read_config(DEPLOY / "systemd" / "config.yaml", SECRETS).outbox.database
    file = database.removeprefix("sqlite:///")
    assert file in script
    if shutil.which("sqlite3") is None:
        pytest.skip("sqlite3 is not on this machine")
    prepare_database(tmp_path / "bridge.sqlite3")
    subprocess.run(
        ["/bin/sh", "-eu", "-c", script.replace(file, str(tmp_path / "bridge.sqlite3"))],
        cwd=tmp_path,
        check=True,
    )

    assert len(list(tmp_path.glob("20*.sqlite3"))) == 1


def test_the_timer_starts_the_backup() -> None:
    """The timer's unit is the one of the same name, every day and after a machine was off."""
    timer = BACKUP.with_suffix(".timer").read_text()

    assert "OnCalendar=*-*-* 03:15:00" in timer
    assert "Persistent=true" in timer
    assert "WantedBy=timers.target" in timer


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
def test_systemd_understands_the_backup(tmp_path: Path) -> None:
    """The back-up's unit and its timer are valid for systemd."""
    for end in (".service", ".timer"):
        shutil.copy(BACKUP.with_suffix(end), tmp_path)
    said = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / BACKUP.with_suffix(".timer").name)],
        check=False,
        capture_output=True,
        text=True,
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

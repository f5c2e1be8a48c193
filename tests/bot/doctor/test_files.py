"""The doctor reports secret files that every user of the machine can read."""

from pathlib import Path

import pytest

from kwtsms_bot.doctor.database import database_file
from kwtsms_bot.doctor.files import check

TOKEN = "slack: {bot_token: xoxb-1}"
REFERENCE = "slack: {bot_token: '${SLACK_BOT_TOKEN}'}"


def reported_files(folder: Path, modes: dict[str, int], config: str = REFERENCE) -> list[str]:
    """The names of the files that the check reports when files have these modes."""
    for name, mode in modes.items():
        (folder / name).write_text(config)
        (folder / name).chmod(mode)
    found = check(folder / "config.yaml", folder / "bridge.sqlite3")
    assert all(one.remedy == f"chmod o= {one.what.split()[0]}" for one in found)
    return [Path(one.what.split()[0]).name for one in found]


@pytest.mark.parametrize(
    ("modes", "names"),
    [
        ({"config.yaml": 0o644}, []),
        ({"config.yaml": 0o644, ".env": 0o644}, [".env"]),
        ({"config.yaml": 0o644, ".env": 0o640, "bridge.sqlite3": 0o600}, []),
        ({"config.yaml": 0o644, ".env": 0o600, "bridge.sqlite3": 0o644}, ["bridge.sqlite3"]),
    ],
)
def test_secrets_and_texts_are_nobody_elses(
    tmp_path: Path, modes: dict[str, int], names: list[str]
) -> None:
    """The .env and the database must be private; a config without secrets may be readable."""
    assert reported_files(tmp_path, modes) == names


def test_a_token_in_the_configuration_is_a_secret(tmp_path: Path) -> None:
    """A config file that contains a token must be private, too."""
    assert reported_files(tmp_path, {"config.yaml": 0o644}, TOKEN) == ["config.yaml"]
    assert reported_files(tmp_path, {"config.yaml": 0o600}, TOKEN) == []


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("sqlite:///bridge.sqlite3", Path("bridge.sqlite3")),
        ("sqlite:////var/lib/bridge.sqlite3?timeout=5", Path("/var/lib/bridge.sqlite3")),
        ("postgresql://u:p@h/n", None),
    ],
)
def test_a_database_may_be_a_file(url: str, file: Path | None) -> None:
    """A SQLite URL has a path, relative or absolute; a server URL has none."""
    assert database_file(url) == file

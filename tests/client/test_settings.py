"""Settings from the environment and a .env file."""

from pathlib import Path

import pytest

from kwtsms_client import Client, ConfigurationError
from kwtsms_client.settings import Settings, from_environment

ENV = {"KWTSMS_USERNAME": "user", "KWTSMS_PASSWORD": "very-secret"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary working folder without a .env."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_environment_comes_before_the_file(tmp_path: Path) -> None:
    """A variable of the process wins; missing ones come from the file."""
    file = tmp_path / ".env"
    file.write_text("KWTSMS_USERNAME=file\nKWTSMS_SENDER_ID=MY-APP   # the sender\n")
    found = from_environment(file, ENV)

    assert (found.credentials.username, found.sender_id) == ("user", "MY-APP")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1", True), ("true", True), (" YES ", True), ("0", False), ("false", False), ("", False)],
)
def test_test_mode_is_read(text: str, expected: bool) -> None:  # noqa: FBT001 - a table's cell.
    """Common words for yes and no are understood."""
    assert from_environment(None, {**ENV, "KWTSMS_TEST_MODE": text}).test_mode is expected


@pytest.mark.parametrize("empty", ["", "  "])
def test_what_is_empty_in_the_environment_hides_nothing(empty: str, folder: Path) -> None:
    """An empty variable does not override the file's test mode."""
    (folder / ".env").write_text("KWTSMS_TEST_MODE=1\n")

    assert from_environment(".env", {**ENV, "KWTSMS_TEST_MODE": empty}).test_mode is True


@pytest.mark.parametrize("text", ["tru", "2", "on off", "1      # use 0 for live"])
def test_a_typo_in_test_mode_never_sends_for_real(text: str) -> None:
    """A value that is neither true nor false is an error."""
    with pytest.raises(ConfigurationError, match="KWTSMS_TEST_MODE"):
        from_environment(None, {**ENV, "KWTSMS_TEST_MODE": text})


@pytest.mark.parametrize(
    ("lines", "number"),
    [
        ("KWTSMS_TEST_MODE='1", 1),
        ('KWTSMS_TEST_MODE="1', 1),
        ('KWTSMS_TEST_MODE="1";', 1),
        ("KWTSMS_TEST_MODE: 1", 1),
        ("KWTSMS_TEST_MODE:1", 1),
        ("KWTSMS_TEST_MODE 1", 1),
        ("KWTSMS_TEST_MODE", 1),
        ("set KWTSMS_TEST_MODE=1", 1),
        ('\n# a comment\n\nNAME="x\nKWTSMS_TEST_MODE=1', 4),
        ('\nNAME="x\nKWTSMS_TEST_MODE=1\nOTHER="', 2),
        ('NAME="x\nKWTSMS_TEST_MODE="1"', 1),
    ],
)
def test_a_line_that_cannot_be_read_never_sends_for_real(
    lines: str, number: int, folder: Path
) -> None:
    """Lines that python-dotenv skips, or swallows in a quote, raise an error with their number."""
    file = folder / "prod.env"
    file.write_text(lines + "\n")

    with pytest.raises(ConfigurationError, match=rf"prod\.env:{number} "):
        from_environment(file, ENV)


@pytest.mark.parametrize(
    "name",
    [
        "kwtsms_test_mode",
        "KWTSMS_TESTMODE",
        "KWTSMS-TEST-MODE",
        "$env:KWTSMS_TEST_MODE",
        "KWTSMS_TEST_MODE\u200b",
    ],
)
def test_nor_does_a_typo_in_its_name(name: str, folder: Path) -> None:
    """Misspelt names are refused in the file and in the environment."""
    (folder / ".env").write_text(f"{name}=1\n")

    with pytest.raises(ConfigurationError, match="must be written KWTSMS_TEST_MODE"):
        from_environment(None, ENV)
    with pytest.raises(ConfigurationError, match="must be written KWTSMS_TEST_MODE"):
        from_environment(folder / ".env", {**ENV, name: "1"})


def test_several_lines_in_quotes_are_a_value(folder: Path) -> None:
    """A multi-line key for another program may be in the same file."""
    (folder / ".env").write_text('KEY="-----BEGIN\nMIIB\n-----END"\nexport KWTSMS_TEST_MODE=1\n')

    assert from_environment(None, ENV).test_mode is True


def test_without_a_name_the_file_is_dot_env(folder: Path) -> None:
    """Without a file name .env is read if it exists and is not a folder."""
    assert from_environment(None, ENV).sender_id == "KWT-SMS"
    (folder / ".env").mkdir()
    assert from_environment(None, ENV).sender_id == "KWT-SMS"
    (folder / ".env").rmdir()
    (folder / ".env").write_text("KWTSMS_SENDER_ID=MY-APP\n")

    assert from_environment(None, ENV).sender_id == "MY-APP"


@pytest.mark.parametrize("name", ["prod.env", ".", "a/.env", "\0"])
def test_a_file_that_is_named_must_be_there(name: str) -> None:
    """A mistyped file name must not select other credentials or live mode."""
    with pytest.raises(ConfigurationError, match="can't be read"):
        from_environment(name, ENV)


def test_a_comment_in_the_file_is_no_part_of_the_value(tmp_path: Path) -> None:
    """The comment in the official client's sample is ignored."""
    (tmp_path / ".env").write_text("KWTSMS_TEST_MODE=1      # 1 for test, 0 for live\n")

    assert from_environment(tmp_path / ".env", ENV).test_mode is True


@pytest.mark.parametrize("name", sorted(ENV))
def test_what_is_missing_is_named(name: str) -> None:
    """The error names the missing variable and where to set it."""
    with pytest.raises(ConfigurationError, match=f"{name} is not set"):
        from_environment(None, {key: value for key, value in ENV.items() if key != name})


@pytest.mark.parametrize(
    "url",
    ["http://www.kwtsms.com/API/", "ftp://x/", "//x", "http://127.0.0.1.evil.example/", "https://"],
)
def test_the_password_goes_nowhere_unsafe(url: str) -> None:
    """Only https or this machine is accepted as base URL."""
    with pytest.raises(ConfigurationError, match="neither https nor this machine"):
        from_environment(None, {**ENV, "KWTSMS_BASE_URL": url})


def test_no_secret_shows() -> None:
    """Neither settings nor clients show the password in their representations."""
    found = from_environment(None, ENV)
    with Client.from_env(None, ENV) as sms:
        shown = repr(found) + repr(sms) + repr(sms.credentials) + str(Settings(found.credentials))

    assert "very-secret" not in shown

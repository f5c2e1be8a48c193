"""Sender ID and country code of `send`, `bulk` and `validate`: from options to config.yaml."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.shell import run_in_process, shell

CONFIG = """\
slack:
  bot_token: ${SLACK_BOT_TOKEN}
kwtsms:
  password: ${NOT_SET}
  sender_id: SHOP
  default_country: "966"
"""
LOCAL = "0501234567"  # A mobile of Saudi Arabia and of the Emirates.


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that commands run in, without settings in the environment."""
    for name in ("KWTSMS_SENDER_ID", "KWTSMS_COUNTRY", "SHOP_SENDER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("variables", "words", "found"),
    [
        ({}, (), ("SHOP", "966501234567")),
        ({"KWTSMS_SENDER_ID": "ENV"}, (), ("ENV", "966501234567")),
        ({"KWTSMS_COUNTRY": "971"}, (), ("SHOP", "971501234567")),
        ({"KWTSMS_SENDER_ID": "ENV"}, ("-f", "OPTION"), ("OPTION", "966501234567")),
        ({"KWTSMS_COUNTRY": "971"}, ("--country", "966"), ("SHOP", "966501234567")),
        ({"KWTSMS_SENDER_ID": " ", "KWTSMS_COUNTRY": ""}, (), ("SHOP", "966501234567")),
    ],
)
def test_config_yaml_comes_after_options_and_environment(
    variables: dict[str, str],
    words: tuple[str, ...],
    found: tuple[str, str],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each of the two comes from the first place that sets it, and secrets need not be there."""
    (folder / "config.yaml").write_text(CONFIG)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    done = run_in_process("send", LOCAL, "hello", "--dry-run", "--json", *words)

    assert done.code == 0, done.out
    assert (done.json["sender_id"], *done.json["recipients"]) == found


def test_the_env_file_comes_before_config_yaml(folder: Path) -> None:
    """The .env file is nearer to the command than the bot's configuration."""
    (folder / "config.yaml").write_text(CONFIG)
    (folder / ".env").write_text("KWTSMS_SENDER_ID=FILE\nKWTSMS_COUNTRY=971\n")
    done = run_in_process("send", LOCAL, "hello", "--dry-run", "--json")

    assert (done.json["sender_id"], *done.json["recipients"]) == ("FILE", "971501234567")


def test_a_variable_of_config_yaml_is_expanded(folder: Path) -> None:
    """${NAME} is read from the .env file beside the configuration, as the bot does."""
    (folder / "bot").mkdir()
    (folder / "bot" / "config.yaml").write_text(CONFIG.replace("SHOP", "${SHOP_SENDER}"))
    (folder / "bot" / ".env").write_text("SHOP_SENDER=OTHER\n")
    done = run_in_process("send", LOCAL, "hi", "-n", "-j", "-c", "bot/config.yaml")

    assert done.json["sender_id"] == "OTHER"


@pytest.mark.parametrize(
    "text",
    [
        "theirs: 1",
        "- a list",
        "notify: kwtsms://user:p@SHOP/1",
        "{% broken",
        "kwtsms:\n  theirs: 1",
    ],
)
def test_a_file_of_another_program_changes_nothing(text: str, folder: Path) -> None:
    """config.yaml is a common name: without our settings, the defaults hold."""
    (folder / "config.yaml").write_text(text)
    done = run_in_process("send", "98765432", "hello", "--dry-run", "--json")

    assert (done.json["sender_id"], *done.json["recipients"]) == ("KWT-SMS", "96598765432")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CONFIG.replace('"966"', "Kuwait"), "config.yaml:6: kwtsms.default_country"),
        (CONFIG.replace("SHOP", "MORE-THAN-ELEVEN"), "config.yaml:5: kwtsms.sender_id"),
        (CONFIG.replace("SHOP", "${SHOP_SENDER}"), "SHOP_SENDER is not set"),
        (CONFIG + "  x: [", "config.yaml:7: not YAML"),
    ],
)
def test_what_is_wrong_with_it_is_an_error(text: str, said: str, folder: Path) -> None:
    """A wrong value is an error with its line: another sender ID would be sent from unnoticed."""
    (folder / "config.yaml").write_text(text)
    done = run_in_process("send", LOCAL, "hello", "--dry-run")

    assert done.code == 2
    assert said in done.err.replace("isn't set", "is not set")


@pytest.mark.parametrize("words", [("send", LOCAL, "hi", "-n"), ("validate", LOCAL, "--offline")])
def test_a_named_file_has_to_be_there(words: tuple[str, ...]) -> None:
    """A file that is named on the command line and missing is an error."""
    done = run_in_process(*words, "--config", "missing.yaml")

    assert done.code == 2
    assert "missing.yaml: can't be read" in done.err


def test_bulk_and_validate_use_the_country(folder: Path) -> None:
    """The commands that read numbers agree about local ones."""
    (folder / "config.yaml").write_text(CONFIG)
    (folder / "guests.csv").write_text(f"to,text\n{LOCAL},hello\n")

    assert run_in_process("bulk", "guests.csv", "--dry-run", "--json").json["messages"] == 1
    assert run_in_process("validate", LOCAL, "--offline").code == 0


async def test_the_gateway_gets_the_sender_of_config_yaml(folder: Path) -> None:
    """The message leaves from the sender ID of the bot, not from the shared one."""
    async with shell(folder) as (running, run):
        (folder / "config.yaml").write_text(json.dumps({"kwtsms": {"sender_id": "MY-APP"}}))
        done = await run("send", "98765432", "hello", KWTSMS_SENDER_ID="")
        bulk = folder / "guests.csv"
        bulk.write_text("to,text\n96551234567,hi\n")
        sent = await run("bulk", str(bulk), "--yes", KWTSMS_SENDER_ID="")

        assert (done.code, sent.code) == (0, 0), done.err + sent.err
        assert [entry.sender for entry in running.gateway.ledger] == ["MY-APP", "MY-APP"]


def test_without_the_bot_a_configuration_of_ours_is_an_error(folder: Path) -> None:
    """The base install cannot read YAML, and does not send from another sender ID instead."""
    (folder / "config.yaml").write_text(CONFIG)
    program = (
        "import sys; sys.modules['yaml'] = None\n"
        f"from kwtsms_bot.cli import main; main(['send', {LOCAL!r}, 'hello', '--dry-run'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert "Reading config.yaml needs yaml, which isn't installed." in done.stderr

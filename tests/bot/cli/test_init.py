"""`kwtsms-bridge init` without a terminal: what it checks, saves, keeps and refuses."""

import json
from pathlib import Path

import pytest

from kwtsms_bot.cli.init.answers import AccountAnswers, SetupAnswers, SlackAnswers
from kwtsms_bot.cli.init.command import init
from kwtsms_bot.cli.init.files import plan_files
from kwtsms_bot.cli.init.saved_setup import load_saved
from kwtsms_bot.config import load, read_example
from kwtsms_bot.slack.manifest import SCOPES
from kwtsms_sandbox.gateway import DEMO_ACCOUNT
from kwtsms_sandbox.slack import ALERTS, SARA, Fault
from kwtsms_sandbox.slack.demo_workspace import RANDOM, YOUSEF
from support.bot import NUMBER
from support.setup_services import names_in, run_init, setup_services


async def test_without_a_terminal_options_answer(tmp_path: Path) -> None:
    """With --yes, options and environment are checked and saved; JSON tells what, no secret."""
    async with setup_services() as found:
        words = ("--sender-id", "MY-APP", "--admin", "sara@example.com", "--channel", "alerts")
        done = await run_init(
            tmp_path,
            *("--yes", "--json", *words, "--channel", RANDOM.id, "--test-number", NUMBER),
            *found.options,
            **found.secrets,
        )
        [sent] = found.running.gateway.ledger

    assert done.code == 0, done.err
    found.assert_hidden_in(done.out + done.err)
    assert [Path(one).name for one in done.json["saved"]] == [".env", "config.yaml"]
    assert done.json["workspace"] == "Sandbox"
    assert done.json["admin"] == {"id": SARA.id, "name": "Sara Ahmad"}
    assert done.json["channels"] == [
        {"id": ALERTS.id, "name": "alerts"},
        {"id": RANDOM.id, "name": "random"},
    ]
    assert done.json["to_do"] == []
    assert done.json["test_message"]["recipients"][0]["outcome"] == "accepted"
    assert sent.test
    config = load(str(tmp_path / "config.yaml"), environ={})
    assert config.access.admin.users == (SARA.id,)
    assert config.slack.bot_token.get_secret_value() == found.slack.bot_token
    assert config.kwtsms.password.get_secret_value() == DEMO_ACCOUNT.password


async def test_running_again_changes_only_what_is_asked(tmp_path: Path) -> None:
    """A second run keeps hand edits, comments, order and secrets, and says what it changed."""
    async with setup_services() as found:
        await run_init(tmp_path, "--yes", "--admin", "yousef", *found.options, **found.secrets)
        file = tmp_path / "config.yaml"
        mine = file.read_text().replace("# messages_per_hour: 60", "messages_per_hour: 7 # mine")
        file.write_text(mine)
        env = (tmp_path / ".env").read_text() + "# mine\nOTHER='x y'\n"
        (tmp_path / ".env").write_text(env)
        done = await run_init(tmp_path, "--yes", "--admin", "sara", "--json")

    assert done.json["changes"] == [f"access.admin.users + [{SARA.id}]"]
    assert done.json["saved"] == [str(file)]
    assert file.read_text() == mine.replace(f"[{YOUSEF.id}]", f"[{YOUSEF.id}, {SARA.id}]")
    assert (tmp_path / ".env").read_text() == env


async def test_running_again_with_nothing_new_writes_nothing(tmp_path: Path) -> None:
    """Equal answers change no byte and no time of the files."""
    async with setup_services() as found:
        words = ("--yes", "--admin", "sara", *found.options)
        await run_init(tmp_path, *words, **found.secrets)
        before = [(tmp_path / name).stat().st_mtime_ns for name in (".env", "config.yaml")]
        done = await run_init(tmp_path, *words, **found.secrets)

    assert "Nothing has changed." in done.out
    assert [(tmp_path / name).stat().st_mtime_ns for name in (".env", "config.yaml")] == before


@pytest.mark.parametrize(
    ("words", "secrets", "reason"),
    [
        (("--admin", "nobody"), {}, "Nobody here is called “nobody”."),
        (("--channel", "alrets"), {}, "Did you mean #alerts?"),
        (("--sender-id", "SHOP"), {}, "SHOP isn't a sender ID of this account."),
        ((), {"SLACK_BOT_TOKEN": "xoxb-wrong"}, "Slack says invalid_auth."),
        ((), {"SLACK_APP_TOKEN": "xoxb-1"}, "Expected a token that starts with xapp-."),
        ((), {"KWTSMS_PASSWORD": "wrong"}, "ERR003"),
    ],
)
async def test_a_bad_option_saves_nothing(
    tmp_path: Path, words: tuple[str, ...], secrets: dict[str, str], reason: str
) -> None:
    """Where nobody can be asked, an answer that can't be used ends it with code 2."""
    async with setup_services() as found:
        done = await run_init(
            tmp_path, "--yes", *words, *found.options, **{**found.secrets, **secrets}
        )

    assert done.code == 2
    assert reason in done.err
    found.assert_hidden_in(done.out + done.err)
    assert names_in(tmp_path) == []


async def test_hidden_addresses_are_compared_by_their_first_part(tmp_path: Path) -> None:
    """The app can't see e-mail addresses, so that one is also read as the handle before the @."""
    async with setup_services() as found:
        words = ("--admin", "YOUSEF@example.com", *found.options)
        done = await run_init(tmp_path, "--yes", "--json", *words, **found.secrets)

    assert done.json["admin"]["id"] == YOUSEF.id


async def test_channels_need_optional_scopes(tmp_path: Path) -> None:
    """Without the optional scopes a channel's name can't be found, but its ID is enough."""
    async with setup_services(frozenset(SCOPES)) as found:
        by_name = await run_init(
            tmp_path, "--yes", "--channel", "alerts", *found.options, **found.secrets
        )
        by_id = await run_init(
            tmp_path, "--yes", "--json", "--channel", ALERTS.id, *found.options, **found.secrets
        )

    assert by_name.code == 2
    assert "Type the ID instead" in by_name.err
    assert by_id.json["channels"] == [{"id": ALERTS.id, "name": None}]


async def test_a_slow_slack_is_waited_for(tmp_path: Path) -> None:
    """A rate limit on the list of people is waited out, not reported."""
    async with setup_services() as found:
        found.slack.fault("users.list", Fault(retry_after=1))
        words = ("--admin", "sara", *found.options)
        done = await run_init(tmp_path, "--yes", "--json", *words, **found.secrets)

    assert done.json["admin"]["id"] == SARA.id


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("config.yaml", "slack: [1\n", "Fix the file first: line 2 is not YAML."),
        ("config.yaml", "access: *nobody\n", "Fix the file first"),
        ("config.yaml", "kwtsms: text\n", "Write kwtsms.sender_id yourself: SHOP"),
        (".env", b"\xff\xfeA", "UTF-16"),
    ],
)
async def test_a_file_that_cannot_be_changed_safely_stays(
    tmp_path: Path, name: str, content: str | bytes, reason: str
) -> None:
    """A file that is broken or too unusual is left as it is, with what to do."""
    data = content if isinstance(content, bytes) else content.encode()
    (tmp_path / name).write_bytes(data)
    done = await run_init(tmp_path, "--yes", "--sender-id", "SHOP")

    assert done.code == 2
    assert reason in done.err
    assert names_in(tmp_path) == [name]
    assert (tmp_path / name).read_bytes() == data


async def test_modes_and_links_stay(tmp_path: Path) -> None:
    """A file keeps its mode, but secrets are never for others; a symbolic link stays one."""
    (tmp_path / "real.yaml").write_text(read_example())
    (tmp_path / "real.yaml").chmod(0o640)
    (tmp_path / "config.yaml").symlink_to("real.yaml")
    (tmp_path / ".env").write_text("A=1\n")
    (tmp_path / ".env").chmod(0o664)
    async with setup_services() as found:
        await run_init(tmp_path, "--yes", "--sender-id", "MY-APP", *found.options, **found.secrets)

    assert (tmp_path / "config.yaml").is_symlink()
    assert (tmp_path / "real.yaml").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o660
    assert "A=1\n" in (tmp_path / ".env").read_text()


async def test_without_a_terminal_it_asks_for_yes(tmp_path: Path) -> None:
    """Without a terminal and without --yes nothing is done, also in JSON."""
    plain = await run_init(tmp_path)
    as_json = await run_init(tmp_path, "--json")

    assert (plain.code, as_json.code) == (2, 2)
    assert "Can't ask without a terminal. Use --yes" in plain.err
    assert json.loads(as_json.out)["exit_code"] == 2
    assert names_in(tmp_path) == []


def test_no_option_accepts_a_secret() -> None:
    """A token or password on the command line would be in the shell's history."""
    names = {name for one in init.params for name in one.opts}

    assert {"--bot-token", "--app-token", "--password"}.isdisjoint(names)


async def test_a_config_without_a_reference_gets_one(tmp_path: Path) -> None:
    """A secret that is in .env already is also named in config.yaml, if that lacks it."""
    (tmp_path / "config.yaml").write_text("# mine\nslack:\n  bot_token: ${MY_TOKEN}\n")
    async with setup_services() as found:
        (tmp_path / ".env").write_text(
            f"MY_TOKEN={found.slack.bot_token}\nSLACK_APP_TOKEN={found.slack.app_token}\n"
        )
        secrets = {"SLACK_APP_TOKEN": found.slack.app_token}
        done = await run_init(tmp_path, "--yes", "--json", *found.options[:2], **secrets)

    assert done.json["changes"] == [
        "slack.app_token = ${SLACK_APP_TOKEN}",
        f"slack.api_url = {found.slack.api_url}",
    ]
    assert (tmp_path / "config.yaml").read_text() == (
        "# mine\nslack:\n  bot_token: ${MY_TOKEN}\n  app_token: ${SLACK_APP_TOKEN}\n"
        f"  api_url: {found.slack.api_url}\n"
    )


async def test_a_literal_secret_moves_to_env(tmp_path: Path) -> None:
    """A token that is written in config.yaml is replaced by a reference when it changes."""
    (tmp_path / "config.yaml").write_text('slack:\n  bot_token: "xoxb-old" # ours\n')
    async with setup_services() as found:
        secrets = {"SLACK_BOT_TOKEN": found.slack.bot_token}
        await run_init(tmp_path, "--yes", *found.options[:2], **secrets)

    assert "  bot_token: ${SLACK_BOT_TOKEN} # ours\n" in (tmp_path / "config.yaml").read_text()
    assert f"SLACK_BOT_TOKEN={found.slack.bot_token}\n" in (tmp_path / ".env").read_text()


async def test_a_secret_file_is_not_copied(tmp_path: Path) -> None:
    """A secret that a file holds, as Docker's do, is used for lookups and stays there."""
    async with setup_services() as found:
        (tmp_path / "token").write_text(f"{found.slack.bot_token}\n")
        done = await run_init(
            tmp_path,
            *("--yes", "--json", "--admin", "sara", *found.options),
            SLACK_BOT_TOKEN_FILE=str(tmp_path / "token"),
        )

    assert done.json["admin"]["id"] == SARA.id
    assert names_in(tmp_path) == ["config.yaml", "token"]


@pytest.mark.parametrize(
    ("fault", "code", "outcome"),
    [("ERR010", 3, "Rejected: "), ("reset_after", 5, "Unknown: ")],
)
async def test_a_test_message_that_fails_is_the_exit_code(
    tmp_path: Path, fault: str, code: int, outcome: str
) -> None:
    """The setup is saved, and the exit code is that of the test message's outcome."""
    async with setup_services() as found:
        found.running.gateway.fault(fault, endpoint="send")
        done = await run_init(
            tmp_path, *("--yes", "--json", "--test-number", NUMBER), *found.options, **found.secrets
        )

    assert done.code == code
    assert done.json["test_error"].startswith(outcome)
    assert names_in(tmp_path) == [".env", "config.yaml"]


async def test_a_test_number_is_checked(tmp_path: Path) -> None:
    """Text that is no number ends it with code 2 before anything is saved."""
    async with setup_services() as found:
        words = ("--yes", "--test-number", "abc", *found.options)
        done = await run_init(tmp_path, *words, **found.secrets)

    assert done.code == 2
    assert names_in(tmp_path) == []


async def test_a_test_message_needs_an_account(tmp_path: Path) -> None:
    """Without a kwtSMS login the test message isn't sent, and the exit code says so."""
    done = await run_init(tmp_path, "--yes", "--json", "--test-number", NUMBER)

    assert done.code == 4
    assert done.json["test_error"] == "Not sent: the account isn't set up yet."


@pytest.mark.parametrize("option", ["--slack-url", "--gateway-url"])
async def test_secrets_go_to_https_or_this_machine_only(tmp_path: Path, option: str) -> None:
    """An address that would carry the secrets unencrypted is refused."""
    done = await run_init(tmp_path, "--yes", option, "http://example.com/api/")

    assert done.code == 2
    assert "neither https nor this machine" in done.err


def test_no_answer_shows_in_a_repr(tmp_path: Path) -> None:
    """Values that hold secrets don't show them, wherever they are printed."""
    (tmp_path / ".env").write_text("SLACK_BOT_TOKEN=xoxb-s3cr3t\n")
    saved = load_saved(tmp_path / "config.yaml", {"KWTSMS_PASSWORD": "the-s3cr3t"})
    slack = SlackAnswers("xoxb-s3cr3t", "xapp-s3cr3t")
    answers = SetupAnswers(slack, AccountAnswers("user", "the-s3cr3t"))
    plan = plan_files(saved, answers)

    assert "s3cr3t" not in f"{saved!r}{answers!r}{plan!r}"

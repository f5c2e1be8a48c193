"""`kwtsms-bridge init` at a terminal: from nothing to a bot that sends, by a local Slack."""

from pathlib import Path

from kwtsms_bot.config import read_example
from kwtsms_sandbox.gateway import DEMO_ACCOUNT
from kwtsms_sandbox.slack import ALERTS, OPS, User
from kwtsms_sandbox.slack.demo_workspace import RANDOM, YOUSEF
from support.bot import NUMBER
from support.forked import ENVIRONMENT
from support.setup_services import SetupServices, names_in, run_init, setup_services
from support.shell import Shell
from support.terminal import Terminal, terminal

SECOND_SARA = User("U0000SARA2", "khaled", "Sara Khaled")


async def log_in(shown: Terminal, found: SetupServices) -> None:
    """Answers the first four questions."""
    await shown.answer("Bot token", found.slack.bot_token)
    await shown.answer("App-level token", found.slack.app_token)
    await shown.answer("API username", DEMO_ACCOUNT.username)
    await shown.answer("API password", DEMO_ACCOUNT.password)


async def test_a_newcomer_sends_an_sms_after_eight_answers(tmp_path: Path) -> None:
    """One command with eight answers writes the files, and the bot sends what its admin types."""
    async with setup_services() as found:
        async with terminal(tmp_path, "init", *found.options) as shown:
            await shown.wait_for("https://api.slack.com/apps?new_app=1&manifest_json=%7B%22")
            await log_in(shown, found)
            await shown.wait_for("✓ Logged in; 1,000 credits left.")
            await shown.answer("Sender ID (number or name) [MY-APP]", "")
            await shown.answer("Who are you in Slack", "yousef")
            await shown.wait_for("✓ Yousef Haddad (@yousef, U000YOUSEF): admin.")
            await shown.answer("Channel for balance warnings", "#alerts")
            await shown.wait_for("Saved: .env, config.yaml.")
            await shown.wait_for("Slack app token")
            await shown.answer("in test mode", "98765432")
            await shown.wait_for("✓ kwtSMS accepted the test message.")
            await shown.wait_for("kwtsms-bridge run")

            assert await shown.end() == 0
            assert shown.answers == 8
            found.assert_hidden_in(shown.screen)
        assert found.running.gateway.inbox(NUMBER) == []
        async with terminal(tmp_path, "run"):
            await found.slack.until(lambda: bool(found.slack.sockets.connections))
            await found.slack.command(YOUSEF, ALERTS, "/sms", f"send {NUMBER} Hello")
            await found.running.gateway.until(lambda: bool(found.running.gateway.inbox(NUMBER)))

    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    assert [sms.text for sms in found.running.gateway.inbox(NUMBER)] == ["Hello"]


async def test_a_bad_answer_is_asked_again(tmp_path: Path) -> None:
    """An answer that Slack or kwtSMS refuses is asked again with the remedy, until it is right."""
    async with setup_services() as found:
        found.slack.directory.put_user(SECOND_SARA)
        async with terminal(tmp_path, "init", *found.options) as shown:
            await shown.answer("Bot token", found.slack.app_token)
            await shown.wait_for("✗ Expected a token that starts with xoxb-.")
            await shown.answer("Bot token", "xoxb-wrong")
            await shown.wait_for("✗ Slack says invalid_auth. Copy the token")
            await shown.answer("Bot token", found.slack.bot_token)
            await shown.answer("App-level token", "xapp-wrong")
            await shown.wait_for("✗ Slack says invalid_auth.")
            await shown.answer("App-level token", "-")
            await shown.answer("API username", "96598765432")
            await shown.answer("API password", "wrong")
            await shown.wait_for("✗ ERR003")
            await shown.answer("API username [96598765432]", DEMO_ACCOUNT.username)
            await shown.answer("API password", DEMO_ACCOUNT.password)
            await shown.answer("Sender ID", "my-app")
            await shown.wait_for("Write it as it is registered: MY-APP.")
            await shown.answer("Sender ID", "KWT-SMS")
            await shown.wait_for("! KWT-SMS is for tests")
            await shown.answer("Who are you in Slack", "nobody")
            await shown.wait_for("✗ Nobody here is called “nobody”.")
            await shown.answer("Who are you in Slack", "sara a")
            await shown.wait_for("✓ Sara Ahmad (@sara, U00000SARA): admin.")
            await shown.answer("Channel for balance warnings", "alrets")
            await shown.wait_for("✗ No channel alrets. Did you mean #alerts?")
            await shown.answer("Channel for balance warnings", "alerts, #random")
            await shown.wait_for("Left to do")
            await shown.wait_for("SLACK_APP_TOKEN is not set")
            await shown.answer("in test mode", "123")
            await shown.wait_for("✗ ")
            await shown.answer("in test mode", "")

            assert await shown.end() == 0
            found.assert_hidden_in(shown.screen)
            assert "xapp-wrong" not in shown.screen

    text = (tmp_path / "config.yaml").read_text()
    assert "sender_id: KWT-SMS" in text
    assert f"channels: [{ALERTS.id}, {RANDOM.id}]" in text


async def test_one_of_several_people_is_chosen(tmp_path: Path) -> None:
    """Where a name fits several people, they are listed, and a number chooses one."""
    async with setup_services() as found:
        found.slack.directory.put_user(SECOND_SARA)
        async with terminal(tmp_path, "init", *found.options) as shown:
            await log_in(shown, found)
            await shown.answer("Sender ID", "1")
            await shown.answer("Who are you in Slack", "Sara")
            await shown.wait_for("✗ Several people match.")
            await shown.wait_for("2  Sara Khaled (@khaled, U0000SARA2)")
            await shown.answer("Who are you in Slack", "2")
            await shown.wait_for("✓ Sara Khaled (@khaled, U0000SARA2): admin.")

            assert await shown.leave("Stopped.") == 130


async def test_leaving_saves_nothing(tmp_path: Path) -> None:
    """Ctrl-C before the last question leaves no file, says so, and is exit code 130."""
    async with setup_services() as found, terminal(tmp_path, "init", *found.options) as shown:
        await log_in(shown, found)
        await shown.wait_for("Sender ID (number or name)")

        assert await shown.leave("Stopped.") == 130
        assert "Stopped. Nothing was saved." in shown.screen
        assert names_in(tmp_path) == []


async def test_leaving_late_says_what_was_saved(tmp_path: Path) -> None:
    """Ctrl-C at the last question, after the files are written, names them."""
    async with setup_services() as found, terminal(tmp_path, "init", *found.options) as shown:
        await log_in(shown, found)
        await shown.answer("Sender ID", "")
        await shown.answer("Who are you in Slack", "")
        await shown.answer("Channel for balance warnings", "")
        await shown.wait_for("in test mode")

        assert await shown.leave("Stopped.") == 130
        assert "Stopped. Saved: .env, config.yaml." in shown.screen
    assert names_in(tmp_path) == [".env", "config.yaml"]


async def test_everything_can_be_skipped(tmp_path: Path) -> None:
    """Enter at every question writes the example, and says what is left to do."""
    async with terminal(tmp_path, "init") as shown:
        for prompt in ("Bot token", "App-level token", "API username"):
            await shown.answer(prompt, "")
        await shown.answer("Who are you in Slack", "")
        await shown.answer("Channel for balance warnings", "")
        await shown.wait_for("Left to do")

        assert await shown.end() == 0
    assert names_in(tmp_path) == ["config.yaml"]


async def test_saved_secrets_are_kept_by_enter(tmp_path: Path) -> None:
    """Enter keeps each secret; a change of a file that exists is shown and confirmed first."""
    async with setup_services() as found:
        await run_init(tmp_path, "--yes", "--admin", "yousef", *found.options, **found.secrets)
        async with terminal(tmp_path, "init") as shown:
            await shown.answer("Bot token, xoxb-… (hidden, Enter keeps the saved one)", "")
            await shown.answer("App-level token", "")
            await shown.answer("API username", "")
            await shown.answer("API password", "")
            await shown.answer("Sender ID", "KWT-SMS")
            await shown.answer("Add another admin", "")
            await shown.answer("Channel for balance warnings", "ops")
            await shown.wait_for("kwtsms.sender_id = KWT-SMS")
            await shown.wait_for(f"alerts.balance.channels + [{OPS.id}]")
            await shown.answer("Save them?", "n")
            await shown.wait_for("Nothing was saved.")
            await shown.leave("Stopped.")

    assert "sender_id: KWT-SMS" not in (tmp_path / "config.yaml").read_text()


async def test_what_an_editor_saved_meanwhile_stays(tmp_path: Path) -> None:
    """A file that changes while the questions are asked keeps that change."""
    file = tmp_path / "config.yaml"
    file.write_text(read_example())
    async with terminal(tmp_path, "init") as shown:
        await shown.answer("Bot token", "")
        file.write_text(f"# edited meanwhile\n{read_example()}")
        await shown.answer("App-level token", "")
        await shown.answer("API username", "")
        await shown.answer("Who are you in Slack", YOUSEF.id)
        await shown.answer("Channel for balance warnings", "")
        await shown.wait_for(f"access.admin.users + [{YOUSEF.id}]")
        await shown.answer("Save them?", "y")

        assert await shown.end() == 0
    assert file.read_text().startswith("# edited meanwhile\n")
    assert f"users: [{YOUSEF.id}]" in file.read_text()


async def test_a_disk_that_is_full_leaves_the_old_files(tmp_path: Path) -> None:
    """A file that can't be written is as it was, and no part of a new one is left behind."""
    (tmp_path / "config.yaml").write_text(read_example())
    done = await Shell(tmp_path, dict(ENVIRONMENT))(
        "init", "--yes", "--sender-id", "SHOP", at_most=100
    )

    assert done.code == 1
    assert "config.yaml can't be written" in done.err
    assert (tmp_path / "config.yaml").read_text() == read_example()
    assert names_in(tmp_path) == ["config.yaml"]

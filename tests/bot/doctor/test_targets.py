"""The doctor's findings about targets outside Slack: Apprise URLs and the heartbeat URL."""

import asyncio
import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from kwtsms_bot.cli.doctor import doctor
from kwtsms_bot.commands import doctor as chat
from kwtsms_bot.commands.base import Invocation, Severity
from kwtsms_bot.commands.policy import Person
from kwtsms_bot.doctor import FindingLevel, heartbeat
from kwtsms_bot.doctor.targets import check
from kwtsms_bot.i18n.translator import ENGLISH
from kwtsms_sandbox.slack import OPS, YOUSEF
from support.command_testbed import command_testbed
from support.operator_cli import write_config

NOWHERE = "http://127.0.0.1:9/"


def test_urls_that_can_be_used() -> None:
    """Valid URLs share one finding; without URLs there is none."""
    (found,) = check(["json://one/", "mailto://user:secret@example.com"])

    assert found.level is FindingLevel.OK
    assert check([]) == ()


def test_a_url_that_cannot_be_used_is_named_by_its_place() -> None:
    """The finding gives the URL's position and kind, but not its secrets."""
    found = check(["json://one/", "mailtoo://user:secret@example.com", "secret"])

    assert [(one.check, one.level) for one in found] == [
        ("Apprise 2", FindingLevel.PROBLEM),
        ("Apprise 3", FindingLevel.PROBLEM),
    ]
    assert found[0].what.startswith("Apprise doesn't support this URL (mailtoo://)")
    assert "secret" not in f"{found}"


def test_apprise_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The remedy names the missing extra."""
    monkeypatch.setitem(sys.modules, "apprise", None)
    (found,) = check(["json://one/"])

    assert found.level is FindingLevel.PROBLEM
    assert found.remedy == "pip install 'kwtsms-bridge[apprise]'"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/",
        "https://127.0.0.1:99999/",
        "https://a..b/",
        f"https://{'a' * 70}.example/",
    ],
)
@pytest.mark.network
async def test_a_heartbeat_that_cannot_be_called(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A heartbeat URL is a problem if nothing listens there or if the address is invalid."""
    monkeypatch.setattr(heartbeat, "getproxies", dict)

    assert (await heartbeat.check(url)).level is FindingLevel.PROBLEM


async def test_a_heartbeat_that_can_be_called_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check only connects: a call would report that the bot is ready."""
    monkeypatch.setattr(heartbeat, "getproxies", dict)
    said: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said.set_result(await reader.read())
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        found = await heartbeat.check(f"http://127.0.0.1:{port}/ping/secret")

        assert await said == b""
    assert found.level is FindingLevel.OK
    assert "secret" not in f"{found}"


async def test_a_heartbeat_through_a_proxy_is_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A heartbeat is skipped behind a proxy, where a direct connection would prove nothing."""
    monkeypatch.setattr(heartbeat, "getproxies", lambda: {"https": "http://proxy.example:3128"})
    monkeypatch.setattr(heartbeat, "proxy_bypass", lambda _: False)

    assert (await heartbeat.check("https://hc.example/x")).level is FindingLevel.SKIPPED


@pytest.mark.network
def test_the_command_checks_both(tmp_path: Path) -> None:
    """`kwtsms-bridge doctor` checks both, even if Slack and kwtSMS do not answer."""
    slack = {"bot_token": "xoxb-bot-secret", "app_token": "xapp-app-secret", "api_url": NOWHERE}
    account = {"username": "u", "password": "p", "sender_id": "MY-APP", "base_url": NOWHERE}
    write_config(
        tmp_path,
        f"sqlite:///{tmp_path / 'bridge.sqlite3'}",
        slack=slack,
        kwtsms=account,
        alerts={"balance": {"apprise": ["mailtoo://x:y@h"]}},
        heartbeat={"url": NOWHERE},
    )
    done = CliRunner().invoke(doctor, ["--json", "--config", str(tmp_path / "config.yaml")])

    found = {one["check"]: one["level"] for one in json.loads(done.output)}
    assert (found["Apprise 1"], found["Heartbeat"]) == ("problem", "problem")


async def test_an_administrator_sees_it_in_slack_too(tmp_path: Path) -> None:
    """`/sms doctor` in Slack shows the same findings to an administrator."""
    alerts = {"balance": {"apprise": ["mailtoo://x:y@h"]}}
    async with command_testbed(tmp_path, alerts=alerts) as testbed:
        request = Invocation(person=Person(YOUSEF.id, OPS.id), say=ENGLISH, key="k", text="")
        reply = await chat.run(testbed.context, request, "")

    assert reply.severity is Severity.ERROR
    assert "✗ Apprise 1" in dict(reply.facts)

"""The manifest follows Slack's published rules and agrees with the code."""

import json
from copy import deepcopy
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import CliRunner

from kwtsms_bot.cli.slack import slack
from kwtsms_bot.commands.router import COMMANDS
from kwtsms_bot.slack.ids import FORM_SHORTCUT, MESSAGE_SHORTCUT, SEND_STEP
from kwtsms_bot.slack.manifest import OPTIONAL_SCOPES, SCOPES, create_app_link, manifest
from kwtsms_bot.slack.workflow_step import NUMBERS, TEXT, USER
from support.manifest_rules import violations

URL = "https://sms.example.com/slack/events"


@pytest.mark.parametrize("url", ["", URL], ids=["socket", "http"])
@pytest.mark.parametrize("workflow_step", [False, True], ids=["plain", "step"])
@pytest.mark.parametrize("slash", ["/s", "/" + "s" * 31], ids=["shortest", "longest"])
def test_slack_accepts_it(slash: str, url: str, *, workflow_step: bool) -> None:
    """Every part is complete, known to Slack and within its lengths."""
    made = manifest(slash, COMMANDS, workflow_step=workflow_step, url=url)

    assert violations(made) == []


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        ("colour", "red", "manifest.colour: not known"),
        ("display_information", {}, "display_information.name: missing"),
        ("display_information.name", "n" * 36, "name: not a text of 1 to 35"),
        ("display_information.description", "", "description: not a text of 1 to 140"),
        ("features.shortcuts", [], "shortcuts: not a list of 1 to 10"),
        ("features.shortcuts.0.name", "n" * 25, "shortcuts.0.name: not a text of 1 to 24"),
        ("features.shortcuts.0.type", "home", "shortcuts.0.type: not one of"),
        ("features.slash_commands.0.command", "sms", "command: does not begin as /"),
        ("features.slash_commands.0.command", "/", "command: not a text of 2 to 32"),
        ("features.slash_commands.0.url", "sms.example.com", "url: does not begin as"),
        ("oauth_config.scopes.bot", "commands", "scopes.bot: not a list"),
        ("oauth_config.scopes.bot", ["commands"] * 2, "scopes.bot: something is in it twice"),
        ("oauth_config.scopes.bots", [], "scopes.bots: not known"),
        ("settings.socket_mode_enabled", 1, "socket_mode_enabled: not one of"),
        ("functions.send_sms", {}, "functions.send_sms.title: missing"),
        ("functions.send_sms.input_parameters.text.type", "text", "type: not one of"),
    ],
)
def test_the_rules_are_kept_by_these_tests(path: str, value: Any, complaint: str) -> None:
    """The rules in these tests find each kind of violation."""
    made = manifest("/sms", COMMANDS, workflow_step=True, url=URL)

    assert any(complaint in one for one in violations(changed(made, path, value)))


def changed(made: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of the manifest with another value at `path`."""
    result: Any = deepcopy(made)
    node = result
    *before, last = path.split(".")
    for key in before:
        node = node[int(key) if key.isdigit() else key]
    node[last] = value
    return dict(result)


def test_the_manifest_says_what_the_code_listens_to() -> None:
    """The hint lists each subcommand; shortcuts, events and the step match the code."""
    made = manifest("/sms", COMMANDS, workflow_step=True)
    hint = made["features"]["slash_commands"][0]["usage_hint"]

    assert [name for name in COMMANDS if name not in hint] == []
    assert {one["callback_id"] for one in made["features"]["shortcuts"]} == {
        FORM_SHORTCUT,
        MESSAGE_SHORTCUT,
    }
    assert set(made["functions"]) == {SEND_STEP}
    assert set(made["functions"][SEND_STEP]["input_parameters"]) == {NUMBERS, TEXT, USER}
    assert set(made["functions"][SEND_STEP]["output_parameters"]) == {"message", "credits"}
    assert made["settings"]["event_subscriptions"]["bot_events"] == [
        "app_home_opened",
        "function_executed",
    ]


def test_an_optional_scope_is_in_both_lists() -> None:
    """Slack requires optional scopes in both lists; others cannot be omitted at installation."""
    scopes = manifest("/sms", COMMANDS)["oauth_config"]["scopes"]

    assert scopes == {"bot": [*SCOPES, *OPTIONAL_SCOPES], "bot_optional": [*OPTIONAL_SCOPES]}


def test_without_the_step_nothing_needs_a_paid_plan() -> None:
    """The workflow step is only in the manifest if requested."""
    made = manifest("/sms", COMMANDS)

    assert "functions" not in made
    assert "function_runtime" not in made["settings"]
    assert made["settings"]["org_deploy_enabled"] is False


def test_via_http_every_kind_of_request_has_its_address() -> None:
    """In HTTP mode, commands, buttons and events have the URL, and Socket Mode is off."""
    made = manifest("/sms", COMMANDS, workflow_step=True, url=URL)

    assert made["settings"]["socket_mode_enabled"] is False
    assert made["settings"]["interactivity"]["request_url"] == URL
    assert made["settings"]["event_subscriptions"]["request_url"] == URL
    assert "function_executed" in made["settings"]["event_subscriptions"]["bot_events"]
    assert [one["url"] for one in made["features"]["slash_commands"]] == [URL]


def test_no_scope_lets_the_bot_read_what_people_write() -> None:
    """The bot asks for no history and no channel management."""
    asked = [*SCOPES, *OPTIONAL_SCOPES]

    assert [one for one in asked if "history" in one or "manage" in one] == []


def test_the_command_line_prints_it() -> None:
    """The command prints JSON with the given command name and URL."""
    printed = CliRunner().invoke(slack, ["manifest", "--command", "/text-it", "--url", URL])
    made = json.loads(printed.output)

    assert made["features"]["slash_commands"][0]["command"] == "/text-it"
    assert violations(made) == []


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--command", "sms", "such as /sms"),
        ("--command", "/", "such as /sms"),
        ("--command", "/SMS", "such as /sms"),
        ("--command", "/" + "s" * 32, "such as /sms"),
        ("--command", "/send sms", "such as /sms"),
        ("--url", "http://sms.example.com/slack/events", "https://"),
        ("--url", "https://", "https://"),
    ],
)
def test_what_slack_would_refuse_is_not_printed(option: str, value: str, said: str) -> None:
    """Invalid options are reported by the command line, not later by Slack."""
    printed = CliRunner().invoke(slack, ["manifest", option, value])

    assert printed.exit_code == 2
    assert said in printed.output


def test_the_link_creates_the_app_from_the_manifest() -> None:
    """The link carries the manifest, encoded, and is short enough for browsers and proxies."""
    made = manifest("/sms", COMMANDS)
    link = create_app_link(made)
    query = parse_qs(urlsplit(link).query)

    assert link.startswith("https://api.slack.com/apps?new_app=1&manifest_json=")
    assert json.loads(query["manifest_json"][0]) == made
    assert len(link) < 8000
    assert link.isascii()

"""The manifest: within Slack's published rules, and in agreement with the code.

https://github.com/slackapi/manifest-schema, schemas/manifest.schema.1.0.0.json
"""

import re
from typing import Any

import pytest

from kwtsms_bot.commands.router import COMMANDS
from kwtsms_bot.slack.dialogs import MESSAGE_SHORTCUT, SHORTCUT
from kwtsms_bot.slack.manifest import SCOPES, manifest
from kwtsms_bot.slack.workflow import STEP

# Keys that the schema knows, and the greatest length of their texts.
KNOWN: dict[str, dict[str, int]] = {
    "": {
        "_metadata": 0,
        "display_information": 0,
        "features": 0,
        "oauth_config": 0,
        "settings": 0,
        "functions": 0,
    },
    "display_information": {"name": 35, "description": 140, "background_color": 7},
    "features": {"app_home": 0, "bot_user": 0, "shortcuts": 0, "slash_commands": 0},
    "features.app_home": {
        "home_tab_enabled": 0,
        "messages_tab_enabled": 0,
        "messages_tab_read_only_enabled": 0,
    },
    "features.bot_user": {"display_name": 80, "always_online": 0},
    "settings": {
        "interactivity": 0,
        "event_subscriptions": 0,
        "org_deploy_enabled": 0,
        "socket_mode_enabled": 0,
        "token_rotation_enabled": 0,
        "function_runtime": 0,
    },
}
SHORTCUT_LENGTHS = {"name": 24, "type": 7, "callback_id": 255, "description": 150}
COMMAND_LENGTHS = {"command": 32, "description": 2000, "usage_hint": 1000, "url": 3000}


def at(made: dict[str, Any], path: str) -> dict[str, Any]:
    """A part of the manifest."""
    for name in filter(None, path.split(".")):
        made = made[name]
    return made


@pytest.mark.parametrize("workflow_step", [False, True])
@pytest.mark.parametrize("path", KNOWN)
def test_every_part_is_known_and_short_enough(path: str, *, workflow_step: bool) -> None:
    """Slack refuses a manifest with a key that it does not know, or with too long a text."""
    part = at(manifest("/sms", COMMANDS, workflow_step=workflow_step), path)

    assert set(part) <= set(KNOWN[path])
    for key, most in KNOWN[path].items():
        if most and key in part:
            assert 1 <= len(part[key]) <= most


def test_shortcuts_and_commands_are_within_the_rules() -> None:
    """At most ten shortcuts and fifty commands; the texts of each are short enough."""
    features = manifest("/" + "s" * 31, COMMANDS)["features"]

    assert len(features["shortcuts"]) <= 10
    for shortcut in features["shortcuts"]:
        assert shortcut["type"] in ("global", "message")
        for key, most in SHORTCUT_LENGTHS.items():
            assert 1 <= len(shortcut[key]) <= most
    (command,) = features["slash_commands"]
    assert re.fullmatch(r"/\S{1,31}", command["command"])
    for key in set(command) - {"should_escape"}:
        assert 1 <= len(command[key]) <= COMMAND_LENGTHS[key]


def test_the_manifest_says_what_the_code_listens_to() -> None:
    """Every subcommand is in the hint; shortcuts, events and the step are those of the code."""
    made = manifest("/sms", COMMANDS, workflow_step=True)
    hint = made["features"]["slash_commands"][0]["usage_hint"]

    assert [name for name in COMMANDS if name not in hint] == []
    assert {one["callback_id"] for one in made["features"]["shortcuts"]} == {
        SHORTCUT,
        MESSAGE_SHORTCUT,
    }
    assert set(made["functions"]) == {STEP}
    assert made["settings"]["event_subscriptions"]["bot_events"] == [
        "app_home_opened",
        "function_executed",
    ]
    assert made["oauth_config"]["scopes"] == {"bot": list(SCOPES)}


def test_without_the_step_nothing_needs_a_paid_plan() -> None:
    """The step is asked for, or is not there."""
    made = manifest("/sms", COMMANDS)

    assert "functions" not in made
    assert "function_runtime" not in made["settings"]
    assert made["settings"]["org_deploy_enabled"] is False


def test_over_http_every_kind_of_request_has_its_address() -> None:
    """Commands, buttons and events; and no socket."""
    url = "https://sms.example.com/slack/events"
    made = manifest("/sms", COMMANDS, workflow_step=True, url=url)

    assert made["settings"]["socket_mode_enabled"] is False
    assert made["settings"]["interactivity"]["request_url"] == url
    assert made["settings"]["event_subscriptions"]["request_url"] == url
    assert "function_executed" in made["settings"]["event_subscriptions"]["bot_events"]
    assert [one["url"] for one in made["features"]["slash_commands"]] == [url]


def test_no_scope_lets_the_bot_read_what_people_write() -> None:
    """No history, no channel management."""
    assert [one for one in SCOPES if "history" in one or "manage" in one] == []

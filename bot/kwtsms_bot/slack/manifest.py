"""Builds the Slack app's manifest from the command table, so the two cannot disagree. Pure."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from kwtsms_bot.commands.base import Command
from kwtsms_bot.slack import ids
from kwtsms_bot.slack.workflow_step import NUMBERS, TEXT, USER

# Each scope with its reason; docs/slack.md says the same, which a test checks.
SCOPES = {
    "commands": "the slash command",
    "chat:write": "the card of each message, and the balance warnings",
    "im:write": (
        "a direct message where the bot can't post in the channel, and to people who are texted "
        "about an alert"
    ),
    "users:read": "people's names and languages",
    "usergroups:read": "roles that are given to a user group",
    "users.profile:read": "the phone of a colleague who is named as a recipient",
    "files:write": "the list of failed numbers, as a file for the person who asks for it",
}
# Optional at installation: without the first two, `doctor` skips a check, and a channel's role
# outlives leaving the channel in what is still open.
OPTIONAL_SCOPES = {
    "channels:read": "finding channels by name, `doctor`'s check of them, and who left one",
    "groups:read": "the same for private channels",
    "usergroups:write": "a user group that always has the people on call",
}
EVENTS = ("app_home_opened",)
MAX_USAGE_HINT = 1000
# Opens “Create an app” with the manifest filled in.
# https://docs.slack.dev/app-manifests/configuring-apps-with-app-manifests
CREATE_APP_URL = "https://api.slack.com/apps?new_app=1&manifest_json="


def manifest(
    slash: str, table: Mapping[str, Command], *, workflow_step: bool = False, url: str = ""
) -> dict[str, Any]:
    """Returns the manifest to paste at https://api.slack.com/apps under “From a manifest”.

    The workflow step needs a paid plan, so it is included only on request. With `url`, Slack posts
    everything there; without it, the app connects by Socket Mode.
    """
    made: dict[str, Any] = {
        "_metadata": {"major_version": 1, "minor_version": 1},
        "display_information": {
            "name": ids.APP_NAME,
            "description": "Send SMS from Slack through your kwtSMS account",
            "background_color": "#0b5d4e",
        },
        "features": _features(slash, table),
        # An optional scope has to be in both lists:
        # https://docs.slack.dev/authentication/installing-with-oauth
        "oauth_config": {
            "scopes": {"bot": [*SCOPES, *OPTIONAL_SCOPES], "bot_optional": list(OPTIONAL_SCOPES)}
        },
        "settings": {
            "interactivity": {"is_enabled": True},
            "event_subscriptions": {"bot_events": list(EVENTS)},
            "org_deploy_enabled": False,
            "socket_mode_enabled": True,
            "token_rotation_enabled": False,
        },
    }
    if workflow_step:
        made = _with_step(made)
    return _with_http(made, url) if url else made


def create_app_link(made: Mapping[str, Any]) -> str:
    """Returns the address that creates an app from this manifest."""
    compact = json.dumps(made, ensure_ascii=False, separators=(",", ":"))
    return CREATE_APP_URL + quote(compact, safe="")


def _with_http(made: dict[str, Any], url: str) -> dict[str, Any]:
    """Sets `url` for each kind of request, and turns Socket Mode off."""
    settings, features = made["settings"], made["features"]
    settings["socket_mode_enabled"] = False
    settings["interactivity"] = {"is_enabled": True, "request_url": url}
    settings["event_subscriptions"]["request_url"] = url
    for command in features["slash_commands"]:
        command["url"] = url
    return made


def _features(slash: str, table: Mapping[str, Command]) -> dict[str, Any]:
    return {
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": True,
        },
        "bot_user": {"display_name": ids.BOT_HANDLE, "always_online": True},
        "shortcuts": [
            {
                "name": "Send SMS",
                "type": "global",
                "callback_id": ids.FORM_SHORTCUT,
                "description": "Write an SMS and send it",
            },
            {
                "name": "Send as SMS…",
                "type": "message",
                "callback_id": ids.MESSAGE_SHORTCUT,
                "description": "Send this message's text as an SMS",
            },
        ],
        "slash_commands": [
            {
                "command": slash,
                "description": "Send SMS and check their status",
                "usage_hint": usage_hint(table),
                "should_escape": True,
            }
        ],
    }


def _with_step(made: dict[str, Any]) -> dict[str, Any]:
    """Adds the step for Workflow Builder."""
    settings = made["settings"]
    events = {"bot_events": [*EVENTS, "function_executed"]}
    settings |= {
        "event_subscriptions": events,
        "org_deploy_enabled": True,
        "function_runtime": "remote",
    }
    inputs = {
        NUMBERS: ("string", "Numbers", "Phone numbers or @names, separated by commas"),
        TEXT: ("string", "Message", "The text to send"),
        USER: (
            "slack#/types/user_id",
            "Sender",
            "The person who needs permission to send, and who gets the card",
        ),
    }
    outputs = {
        "message": ("string", "Message ID", "The ID for /sms status"),
        "credits": ("integer", "Credits", "The estimated price"),
    }
    step = {
        "title": "Send SMS",
        "description": "Sends an SMS through kwtSMS",
        "input_parameters": _parameters(inputs),
        "output_parameters": _parameters(outputs),
    }
    return made | {"functions": {ids.SEND_STEP: step}}


def _parameters(named: Mapping[str, tuple[str, str, str]]) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "type": kind,
            "name": name,
            "title": title,
            "description": description,
            "is_required": True,
        }
        for name, (kind, title, description) in named.items()
    }


def usage_hint(table: Mapping[str, Command]) -> str:
    """Returns the hint that Slack shows behind the command while it is typed."""
    return " | ".join(f"{one.name} {one.usage}".strip() for one in table.values())[:MAX_USAGE_HINT]

"""The Slack app's manifest, made from the command table so that the two cannot disagree. Pure."""

from collections.abc import Mapping
from typing import Any

from kwtsms_bot.commands.base import Command

# Each scope with its reason; docs/slack.md says the same, and a test holds them together.
SCOPES = {
    "commands": "the slash command",
    "chat:write": "the card of each message, and the balance warnings",
    "im:write": "a direct message where the bot may not write into the channel",
    "users:read": "the name of who asked, on the card",
    "usergroups:read": "roles that are given to a user group",
}
MAX_USAGE_HINT = 1000


def manifest(slash: str, table: Mapping[str, Command]) -> dict[str, Any]:
    """What https://api.slack.com/apps takes under “From a manifest”."""
    return {
        "_metadata": {"major_version": 1, "minor_version": 1},
        "display_information": {
            "name": "kwtSMS",
            "description": "Text messages to phones, by kwtSMS",
            "background_color": "#0b5d4e",
        },
        "features": {
            "bot_user": {"display_name": "kwtSMS", "always_online": True},
            "slash_commands": [
                {
                    "command": slash,
                    "description": "Send and follow text messages by kwtSMS",
                    "usage_hint": usage_hint(table),
                    "should_escape": True,
                }
            ],
        },
        "oauth_config": {"scopes": {"bot": list(SCOPES)}},
        "settings": {
            "interactivity": {"is_enabled": True},
            "org_deploy_enabled": False,
            "socket_mode_enabled": True,
            "token_rotation_enabled": False,
        },
    }


def usage_hint(table: Mapping[str, Command]) -> str:
    """What Slack shows behind the command while it is typed."""
    return " | ".join(f"{one.name} {one.usage}".strip() for one in table.values())[:MAX_USAGE_HINT]

"""Converts Slack's payloads into the commands' own types: Bolt's dicts end here. Pure."""

from collections.abc import Mapping
from typing import Any

from kwtsms_bot.commands import tokens
from kwtsms_bot.commands.base import ButtonPress, Invocation
from kwtsms_bot.commands.policy import Person
from kwtsms_bot.i18n.translator import Language
from kwtsms_bot.slack.markup import split_markup


def unescape_text(text: str) -> str:
    """Returns the text as people see it: tokens first, then the three entities, one pass each."""
    return "".join(part if isinstance(part, str) else part.shown for part in split_markup(text))


def user_and_channel(body: Mapping[str, Any]) -> tuple[str, str]:
    """Returns the ids of the acting user and of the channel; no channel on Home and in forms.

    A command has them at the top of its payload, an interaction in nested objects.
    """
    user = body.get("user") or {}
    channel = body.get("channel") or {}
    return (
        str(body.get("user_id") or user.get("id", "")),
        str(body.get("channel_id") or channel.get("id", "")),
    )


def payload_kind(body: Mapping[str, Any]) -> str:
    """Returns Slack's name for the kind of payload."""
    if "command" in body:
        return "command"
    return str((body.get("event") or body).get("type", ""))


def is_on_home(body: Mapping[str, Any]) -> bool:
    """Whether a button was pressed on App Home."""
    return (body.get("view") or {}).get("type") == "home"


def invocation(body: Mapping[str, Any], person: Person, say: Language) -> Invocation:
    """Returns a slash command; its key, `trigger_id`, is new each time a user presses enter."""
    text, found = tokens.join(split_markup(str(body.get("text", ""))))
    key = str(body.get("trigger_id", ""))
    return Invocation(person=person, say=say, key=key, text=text, tokens=found)


def button_press(body: Mapping[str, Any], person: Person, say: Language) -> tuple[str, ButtonPress]:
    """Returns the action id of a pressed button, and the press.

    An option of an overflow menu is a press of the button that its value names.
    """
    action = body["actions"][0]
    name, value = str(action["action_id"]), str(action.get("value", ""))
    if action.get("type") == "overflow":
        chosen = action.get("selected_option") or {}
        name, _, value = str(chosen.get("value", "")).partition(" ")
    key = str(body.get("trigger_id", ""))
    return name, ButtonPress(person=person, say=say, key=key, value=value)

"""Converts Slack's payloads into the commands' own types: Bolt's dicts end here. Pure."""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

from kwtsms_bot.commands.base import ButtonPress, Invocation
from kwtsms_bot.commands.policy import Person
from kwtsms_bot.i18n.translator import Language

# Tokens that Slack puts into typed text, with `should_escape`: <@U1|name>, <#C1|name>,
# <!subteam^S1|@name>, <https://x.com|x.com>, <tel:+965…|+965 …>, <mailto:a@x.com|a@x.com>.
_TOKEN = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
_SIGN = {"@": "@", "#": "#", "!": ""}
_ENTITY = re.compile(r"&(?:amp|lt|gt);")  # The only three that Slack makes; others were typed.


def unescape_text(text: str) -> str:
    """Returns the text as it was typed: tokens first, then the three entities, one pass each."""
    return _ENTITY.sub(lambda match: unescape(match[0]), _TOKEN.sub(_as_typed, text))


def mentions(text: str) -> dict[str, str]:
    """Returns user ids by the @names that `unescape_text` leaves; none for an ambiguous name."""
    found: dict[str, str] = {}
    ambiguous: set[str] = set()
    for token in _TOKEN.finditer(text):
        if token[1] == "@":
            name = _as_typed(token).removeprefix("@").casefold()
            if found.setdefault(name, token[2]) != token[2]:
                ambiguous.add(name)
    return {name: user for name, user in found.items() if name not in ambiguous}


def _as_typed(token: re.Match[str]) -> str:
    sign, target, label = token[1], token[2], token[3]
    if sign:
        return _SIGN[sign] + (label or target).lstrip(sign)
    return label or re.sub(r"^(?:tel|mailto):", "", target)


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


def invocation(body: Mapping[str, Any], person: Person, say: Language) -> Invocation:
    """Returns a slash command; its key, `trigger_id`, is new each time a user presses enter."""
    text = str(body.get("text", ""))
    key = str(body.get("trigger_id", ""))
    return Invocation(
        person=person, say=say, key=key, text=unescape_text(text), mentions=mentions(text)
    )


def button_press(body: Mapping[str, Any], person: Person, say: Language) -> tuple[str, ButtonPress]:
    """Returns the action id of a pressed button, and the press."""
    action = body["actions"][0]
    key = str(body.get("trigger_id", ""))
    pressed = ButtonPress(person=person, say=say, key=key, value=str(action.get("value", "")))
    return str(action["action_id"]), pressed

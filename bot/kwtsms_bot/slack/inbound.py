"""What Slack sends, as what our commands take: Bolt's dicts end here. Pure."""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any

from kwtsms_bot.commands.base import Invocation
from kwtsms_bot.commands.policy import Person

# What Slack makes of what a person types, with `should_escape`: <@U1|name>, <#C1|name>,
# <!subteam^S1|@name>, <https://x.com|x.com>, <tel:+965…|+965 …>, <mailto:a@x.com|a@x.com>.
_TOKEN = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
_SIGN = {"@": "@", "#": "#", "!": ""}
_ENTITY = re.compile(r"&(?:amp|lt|gt);")  # The only three that Slack makes; others were typed.


def untangle(text: str) -> str:
    """The text as it was typed: tokens first, then the three entities, one pass each."""
    return _ENTITY.sub(lambda match: unescape(match[0]), _TOKEN.sub(_typed, text))


def _typed(token: re.Match[str]) -> str:
    sign, target, label = token[1], token[2], token[3]
    if sign:
        return _SIGN[sign] + (label or target).lstrip(sign)
    return label or re.sub(r"^(?:tel|mailto):", "", target)


def invocation(body: Mapping[str, Any], groups: frozenset[str]) -> Invocation:
    """A slash command's payload; `trigger_id` is new each time somebody presses enter."""
    return Invocation(
        person=Person(
            user=str(body.get("user_id", "")),
            channel=str(body.get("channel_id", "")),
            team=str(body.get("team_id", "")),
            groups=groups,
        ),
        text=untangle(str(body.get("text", ""))),
        key=str(body.get("trigger_id", "")),
    )


def presser(body: Mapping[str, Any], groups: frozenset[str]) -> Person:
    """Who pressed a button, and in which channel."""
    return Person(
        user=str(body.get("user", {}).get("id", "")),
        channel=str(body.get("channel", {}).get("id", "")),
        team=str(body.get("team", {}).get("id", "")),
        groups=groups,
    )

"""Renders what has happened to an incident as the lines of its card's thread. Pure."""

from collections.abc import Sequence
from itertools import groupby

from kwtsms_bot.bridge.incidents.views import EventView
from kwtsms_bot.bridge.store.incident_threads import ThreadLines
from kwtsms_bot.commands.bridge.incident_text import (
    CLOSED,
    cut_text,
    format_alert_count,
    format_event,
)
from kwtsms_bot.i18n.foreign_text import literal_text
from kwtsms_bot.i18n.translator import ENGLISH, Language
from kwtsms_bot.slack import blocks
from kwtsms_bot.slack.blocks import Payload

MAX_LINES, LINES_OF_BLOCK = 20, 10
MAX_DETAIL = 100
# What the channel sees, too, and not only those who read the thread.
FOR_CHANNEL = frozenset({"unanswered", "unreachable"})


def render(found: ThreadLines, say: Language = ENGLISH) -> Payload:
    """Returns a post with a line for each event, and the number of alerts if there are several.

    The same again and again is one line: a storm has many alerts, and few events.
    """
    lines = [
        _line(tuple(same), say)
        for _, same in groupby(found.events, lambda one: (one.kind, one.actor, one.detail))
    ]
    if len(lines) > MAX_LINES:
        more = len(lines) - MAX_LINES
        left_out = say.plural("{count} more isn't shown.", "{count} more aren't shown.", more)
        lines = [left_out, *lines[-MAX_LINES:]]
    if found.alerts > 1:
        lines.append(format_alert_count(found.alerts, found.firing, say))
    newest = found.events[-1]
    made = [
        blocks.context("\n".join(lines[start : start + LINES_OF_BLOCK]))
        for start in range(0, len(lines), LINES_OF_BLOCK)
    ]
    post: Payload = {"text": blocks.escape(format_event(newest.kind, say)), "blocks": made}
    if any(one.kind in FOR_CHANNEL for one in found.events):
        post["reply_broadcast"] = True
    return post


def _line(same: Sequence[EventView], say: Language) -> str:
    """When it happened last, what, how often, and who did it."""
    newest = same[-1]
    what = format_event(newest.kind, say)
    parts = [
        blocks.format_datetime(newest.at, say),
        what if len(same) == 1 else f"{what} × {len(same):,}",
    ]
    if newest.actor in CLOSED:
        parts.append(say(CLOSED[newest.actor]))
    elif newest.actor:
        parts.append(say.auto(blocks.mention(newest.actor)))
    if newest.detail:
        parts.append(say.auto(blocks.escape(cut_text(literal_text(newest.detail), MAX_DETAIL))))
    return " · ".join(part for part in parts if part)

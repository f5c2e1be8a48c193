"""Texts about silences: what they mute, when, and why. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from kwtsms_bot.commands.bridge.incident_text import cut_text
from kwtsms_bot.i18n.dates import format_short_datetime
from kwtsms_bot.i18n.foreign_text import clean_text
from kwtsms_bot.i18n.translator import N_, Language

if TYPE_CHECKING:  # Without the section `bridge`, none of its modules is loaded.
    from kwtsms_bot.bridge.silences.silence import Silence

MAX_TARGET, MAX_REASON = 200, 200
NOT_CRITICAL = {"none", "info", "warning", "error"}
ENDS = N_("until {time}")
BEGINS = N_("from {begin} until {time}")
WEEKLY = N_("each week, now until {time}")
WEEKLY_AHEAD = N_("each week, next from {begin} until {time}")


def format_target(silence: Silence, say: Language) -> str:
    """The target of a silence: an incident, or conditions as people type them."""
    conditions = dict(silence.conditions)
    spares_critical = set(conditions.get("severity", ())) == NOT_CRITICAL
    if spares_critical:
        del conditions["severity"]
    parts = [silence.incident_ref] if silence.incident_ref else []
    target = cut_text(clean_text(" ".join([*parts, *format_conditions(conditions)])), MAX_TARGET)
    shown = [say.ltr(target)] if target else []
    return " · ".join([*shown, *([say("except critical alerts")] if spares_critical else [])])


def format_conditions(conditions: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Conditions as people type them."""
    return [f"{key}={_quoted(value)}" for key, patterns in conditions.items() for value in patterns]


def _quoted(value: str) -> str:
    return f'"{value}"' if " " in value else value


def format_window(silence: Silence, now: datetime, say: Language) -> str:
    """When a silence is in force."""
    window = silence.next_window(now) or silence.window
    now_text, ahead_text = (WEEKLY, WEEKLY_AHEAD) if silence.is_weekly else (ENDS, BEGINS)
    return say(
        now_text if window.contains(now) else ahead_text,
        begin=format_short_datetime(window.starts_at, say),
        time=format_short_datetime(window.ends_at, say),
    )


def format_reason(reason: str, say: Language) -> str:
    """Why, as a person typed it."""
    return say.auto(cut_text(clean_text(reason), MAX_REASON))

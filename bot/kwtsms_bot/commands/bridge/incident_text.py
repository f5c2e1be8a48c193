"""Texts about incidents: their state, their severity, and their notifications. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from kwtsms_bot.i18n.translator import N_, Language

if TYPE_CHECKING:  # Without the section `bridge`, none of its modules is loaded.
    from kwtsms_bot.bridge.incidents.views import IncidentView, MuteView, NotifiedView

MAX_NAMES = 6  # Of one line.
LEFT = ("sent", "unknown")
ENDED_FIRST, NIGHT = "over_before", "night"
SEVERITIES = {
    "critical": N_("Critical"),
    "error": N_("Error"),
    "warning": N_("Warning"),
    "info": N_("Info"),
    "none": N_("Never texted"),
}
STATES = {
    "firing": N_("Nobody has acknowledged it"),
    "acknowledged": N_("Acknowledged"),
    "resolved": N_("Resolved"),
}
WAITING = {
    "": N_("Will be texted: {people}"),
    NIGHT: N_("Waiting for the morning: {people}"),
    "pace": N_("Waiting, because the phone just got a message: {people}"),
    "paused": N_("Held, because sending is paused: {people}"),
    "gateway": N_("Held, because kwtSMS can't be reached: {people}"),
    "over_budget": N_("Held, because today's credits for alerts are used up: {people}"),
}
STOPPED = {
    "acknowledged": N_("Not texted, because it was acknowledged first: {people}"),
    "silenced": N_("Not texted, because it was silenced: {people}"),
    ENDED_FIRST: N_("Not texted, because it was over before: {people}"),
    "removed": N_("Not texted, because they are no longer in the phone book: {people}"),
}
BLOCKED = N_("Held: {people}")
REFUSED = N_("Held, because kwtSMS rejects messages with {code}: {people}")
UNDONE = N_("Not texted: {people}")
EVENTS = {
    "opened": N_("Opened"),
    "reopened": N_("Reopened"),
    "resolved": N_("Resolved"),
    "acknowledged": N_("Acknowledged"),
    "unacknowledged": N_("Acknowledgement withdrawn"),
    "notified_again": N_("Notified again"),
    "escalated": N_("Escalated"),
    "repeated": N_("Last step repeated"),
    "step_passed": N_("Step skipped, because it reaches nobody"),
    "silenced": N_("Silenced"),
    "unsilenced": N_("Silence ended"),
    "unanswered": N_("Nobody answered: all steps are done"),
    "unreachable": N_("Nobody can be texted: no step reaches anybody"),
    "reminder": N_("Still firing since it was acknowledged"),
}
CLOSED = {
    "forgotten": N_("Nothing was reported for 7 days"),
    "integration removed": N_("The integration was removed"),
    "by itself": N_("It ended by itself"),
}
ESCALATED = N_("Escalated, and nobody has acknowledged it")
SILENCED = N_("Silenced")
MAX_REASON = 200
FormatTime = Callable[[datetime], str]
Show = Callable[[str], str]


def format_state(incident: IncidentView, say: Language) -> str:
    """The state of an incident."""
    if incident.mute is not None and incident.state.value == "firing":
        return say(SILENCED)
    return say(ESCALATED if incident.is_escalated else STATES[incident.state.value])


def format_mute(mute: MuteView, say: Language, *, author: str, time: str, reason: str) -> str:
    """The line that says why nothing is texted, and until when."""
    if not mute.created_by:
        return say("No SMS while {ref} fires.", ref=mute.by)
    line = say("Silenced until {time} by {name}", time=time, name=author)
    return f"{line} · {say.auto(cut_text(reason, MAX_REASON))}" if reason else line


def cut_text(text: str, limit: int) -> str:
    """At most `limit` characters of a text, with an ellipsis if some are missing."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def format_severity(word: str, say: Language) -> str:
    """A severity, as a heading shows it."""
    return say(SEVERITIES[word])


def format_event(kind: str, say: Language) -> str:
    """An event of an incident."""
    return say(EVENTS.get(kind, kind))


def format_alert_count(alerts: int, firing: int, say: Language) -> str:
    """The number of alerts, and how many of them fire if that is another."""
    count = say.plural("{count} alert", "{count} alerts", alerts)
    if firing in (0, alerts):
        return count
    return say("{alerts} ({count} firing)", alerts=count, count=firing)


def sms_lines(
    incident: IncidentView, say: Language, *, format_time: FormatTime, show: Show = str
) -> tuple[str, ...]:
    """The outcomes of the notifications of an incident, a line for each kind.

    `show` prepares the name of a contact for the surface.
    """

    def join(found: Iterable[NotifiedView], at: str = "") -> str:
        times = {one.contact: getattr(one, at) if at else None for one in found}
        named = [
            say.auto(show(name)) + (f" {format_time(time)}" if time else "")
            for name, time in list(times.items())[:MAX_NAMES]
        ]
        if len(times) > MAX_NAMES:
            named.append(say("{count} more", count=len(times) - MAX_NAMES))
        return say.join(named)

    by_state = _by_state(incident)
    lines = list(_left(by_state, say, join))
    for reason, found in _by_reason(by_state.get("waiting", ())).items():
        people = join(found, "due_at" if reason in ("", NIGHT) else "")
        lines.append(say(WAITING.get(reason, BLOCKED), people=people))
    if (following := incident.next_step) and following.names:
        people = say.join(say.auto(show(name)) for name in following.names)
        time = format_time(following.at)
        lines.append(say("If nobody acknowledges: {people} {time}", people=people, time=time))
    if incident.mute is not None:
        return tuple(lines)
    return tuple(lines or _untold(by_state, say, join))


def _by_state(incident: IncidentView) -> dict[str, list[NotifiedView]]:
    """The notifications by state; what waits though all is over counts as not needed.

    The bundler finds that out when the time comes, and the reader wants to know it now.
    """
    left = {one.contact for one in incident.notified if one.state.value in LEFT}
    found: dict[str, list[NotifiedView]] = {}
    for one in incident.notified:
        is_end = one.kind.value == "resolved"
        needed = one.contact in left if is_end else incident.state.value != "resolved"
        waits_in_vain = one.state.value == "waiting" and not needed
        found.setdefault("not_needed" if waits_in_vain else one.state.value, []).append(one)
    return found


def _left(
    by_state: dict[str, list[NotifiedView]], say: Language, join: Callable[..., str]
) -> Iterator[str]:
    """Yields the lines about messages that were made."""
    if found := by_state.get("sent"):
        yield say("Texted {people}", people=join(found, "at"))
    for code, found in _by_reason(by_state.get("bundled", ())).items():
        if code:
            yield say(REFUSED, code=code, people=join(found))
        else:
            yield say("Being sent to {people}", people=join(found))
    if found := by_state.get("unknown"):
        yield say("May have been sent to {people}", people=join(found, "at"))
    if found := by_state.get("failed"):
        yield say("Not sent, because kwtSMS rejected it: {people}", people=join(found))


def _untold(
    by_state: dict[str, list[NotifiedView]], say: Language, join: Callable[..., str]
) -> Iterator[str]:
    """Yields the lines if nobody was or will be texted."""
    stopped = [*by_state.get("cancelled", ()), *by_state.get("not_needed", ())]
    if not stopped:
        yield say("No SMS: this is shown in Slack only.")
    elif all((one.reason or "") in (ENDED_FIRST, *WAITING) for one in stopped):
        yield say("Nobody was texted: it was over before.")
    else:
        for reason, found in _by_reason(stopped).items():
            yield say(STOPPED.get(reason, UNDONE), people=join(found))


def _by_reason(found: Sequence[NotifiedView]) -> dict[str, list[NotifiedView]]:
    reasons: dict[str, list[NotifiedView]] = {}
    for one in found:
        reasons.setdefault(one.reason or "", []).append(one)
    return reasons

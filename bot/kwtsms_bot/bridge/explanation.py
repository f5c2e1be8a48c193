"""Explains what alerts would do: their routes, who is texted, the texts and the cost. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from kwtsms_bot.bridge.escalation.contacts import ContactDirectory
from kwtsms_bot.bridge.escalation.policy import EscalationPolicy, make_policy
from kwtsms_bot.bridge.models import (
    AlertBatch,
    AlertSeverity,
    AlertStatus,
    IncidentSummary,
    Incoming,
)
from kwtsms_bot.bridge.on_call.duty_roster import DutyRoster
from kwtsms_bot.bridge.render import render
from kwtsms_bot.bridge.render.message import AUTO
from kwtsms_bot.bridge.routing import (
    AlertRecipient,
    NoSmsReason,
    RouteMatch,
    match_facts,
    match_route,
    no_sms_reason,
    people,
    severity_of,
)
from kwtsms_bot.bridge.silences.inhibition import FiringAlert, make_rules
from kwtsms_bot.bridge.silences.mutes import Mutes
from kwtsms_bot.bridge.silences.night import make_night
from kwtsms_bot.bridge.summary import first_alert, group_alerts, summarize
from kwtsms_bot.config.bridge import BridgeSettings
from kwtsms_bot.config.bridge_receivers import NightSettings, ReceiverSettings
from kwtsms_bot.config.phonebook import Phonebook

SAMPLE_REF = "A7F3K"  # A real incident gets its reference when it is stored.


@dataclass(frozen=True, slots=True)
class Target:
    """The configuration that alerts are explained by."""

    integration: str
    bridge: BridgeSettings = field(repr=False)
    phonebook: Phonebook = field(repr=False)


@dataclass(frozen=True, slots=True)
class ExplainedStep:
    """People who are texted while nobody acknowledges, and when."""

    after: timedelta
    people: tuple[AlertRecipient, ...]


@dataclass(frozen=True, slots=True)
class ExplainedIncident:
    """One incident that the alerts make or change, and its receiver."""

    title: str
    status: AlertStatus
    severity: AlertSeverity
    group: str | None
    alerts: int
    firing: int
    match: RouteMatch | None  # None without a configuration.
    people: tuple[AlertRecipient, ...]
    escalation: tuple[ExplainedStep, ...]
    policy: EscalationPolicy | None  # With the repeats of the last step.
    reason: NoSmsReason | None  # The reason why it is not texted; None if it is.
    waits_until: datetime | None = None  # It is night now.
    night: NightSettings | None = None  # By which it would wait at night.


@dataclass(frozen=True, slots=True)
class ExplainedText:
    """One text, and the people who would get it."""

    text: str
    language: str
    pages: int
    people: tuple[AlertRecipient, ...]  # Empty without a configuration.

    @property
    def credits(self) -> int:
        """The cost in Kuwait; abroad, a page costs more."""
        return self.pages * max(1, len(self.people))


@dataclass(frozen=True, slots=True)
class Explanation:
    """Effect of one request if it came now, and nothing else had happened before."""

    batch: AlertBatch
    incidents: tuple[ExplainedIncident, ...]
    texts: tuple[ExplainedText, ...]

    @property
    def credits(self) -> int:
        """The cost of all texts."""
        return sum(one.credits for one in self.texts)


@dataclass(frozen=True, slots=True)
class _Situation:
    """An explained incident, with what its text needs."""

    explained: ExplainedIncident
    summary: IncidentSummary
    receiver: ReceiverSettings | None


def explain(batch: AlertBatch, target: Target | None, *, at: datetime) -> Explanation:
    """Explains alerts that come at `at`; without a target, no routes and people are known."""
    groups = group_alerts(batch.alerts)
    mutes = _mutes(batch.alerts, target)
    situations = [
        _situation(group, target, at, more=batch.more if number == 0 else 0, mutes=mutes)
        for number, group in enumerate(groups)
    ]
    due = [one for one in situations if one.explained.reason is None]
    texts = _texts_by_person(due, at) if target else _single_text(due, at)
    return Explanation(batch, tuple(one.explained for one in situations), texts)


def _situation(
    alerts: Sequence[Incoming],
    target: Target | None,
    at: datetime,
    *,
    more: int,
    mutes: Mutes,
) -> _Situation:
    first = first_alert(alerts)
    severities = _severities(alerts, target)
    summary = summarize(alerts, severities, ref=SAMPLE_REF, at=at, more=more)
    match = match_route(first, target.integration, target.bridge) if target else None
    receiver = target.bridge.receivers[match.receiver] if target and match else None
    settings = receiver or ReceiverSettings(to=("any",))
    reason = no_sms_reason(alerts, summary.severity, settings)
    if reason is None and _is_muted(alerts, target, mutes, at):
        reason = NoSmsReason.INHIBITED
    explained = ExplainedIncident(
        title=summary.title,
        status=first.status,
        severity=summary.severity,
        group=first.group,
        alerts=len(alerts) + more,
        firing=sum(one.status is AlertStatus.FIRING for one in alerts) + more,
        match=match,
        people=_people(receiver.to, receiver, target, at) if receiver and target else (),
        escalation=_escalation(receiver, target, at) if receiver and target else (),
        policy=make_policy(receiver) if receiver else None,
        reason=reason,
        waits_until=_night_end(receiver, summary, at) if receiver else None,
        night=_night(receiver, summary) if receiver else None,
    )
    return _Situation(explained, summary, receiver)


def _night_end(
    receiver: ReceiverSettings, summary: IncidentSummary, at: datetime
) -> datetime | None:
    """The time until which alerts that come now wait at night."""
    night = _night(receiver, summary)
    return make_night(night).waits_until(summary.severity, at, at) if night else None


def _night(receiver: ReceiverSettings, summary: IncidentSummary) -> NightSettings | None:
    """The night of a receiver, if alerts of this severity wait in it."""
    night = receiver.night
    is_quiet = night is not None and summary.severity < AlertSeverity[night.sms_from.upper()]
    return night if is_quiet else None


def _mutes(alerts: Iterable[Incoming], target: Target | None) -> Mutes:
    """The alerts of this request that mute others; silences are not known here."""
    mutes = Mutes(rules=make_rules(target.bridge.inhibit) if target else ())
    for key, facts in _firing_facts(alerts, target).items():
        mutes.observe((key, key), FiringAlert(SAMPLE_REF, facts))
    return mutes


def _is_muted(
    alerts: Iterable[Incoming], target: Target | None, mutes: Mutes, at: datetime
) -> bool:
    """Whether another alert of the request mutes each of these."""
    found = _firing_facts(alerts, target).values()
    return bool(found) and all(mutes.find(facts, None, at) is not None for facts in found)


def _firing_facts(
    alerts: Iterable[Incoming], target: Target | None
) -> Mapping[str, Mapping[str, str]]:
    """The facts of the alerts that fire, as conditions name them, by key."""
    if target is None:
        return {}
    firing = [one for one in alerts if one.status is AlertStatus.FIRING]
    severities = _severities(firing, target)
    return {one.key: match_facts(one, target.integration, severities[one.key]) for one in firing}


def _severities(alerts: Iterable[Incoming], target: Target | None) -> Mapping[str, AlertSeverity]:
    """The severity of each alert by its key; without a configuration, the default of one."""
    if target is None:
        return {
            one.key: AlertSeverity.ERROR if one.severity is None else one.severity for one in alerts
        }
    settings = target.bridge.integrations[target.integration]
    return {one.key: severity_of(one, settings) for one in alerts}


def _people(
    names: Iterable[str], receiver: ReceiverSettings, target: Target, at: datetime
) -> tuple[AlertRecipient, ...]:
    """The people behind names; a schedule by a calendar, which is not read, is its fallback."""
    directory = ContactDirectory(
        target.phonebook, DutyRoster(target.bridge.oncall, target.phonebook)
    )
    contacts = directory.contacts(names, at)
    return people(contacts, target.phonebook, receiver.language)


def _escalation(
    receiver: ReceiverSettings, target: Target, at: datetime
) -> tuple[ExplainedStep, ...]:
    return tuple(
        ExplainedStep(step.after, _people(step.to, receiver, target, at + step.after))
        for step in receiver.escalate
    )


def _single_text(due: Sequence[_Situation], at: datetime) -> tuple[ExplainedText, ...]:
    """The text that anybody would get."""
    if not due:
        return ()
    rendered = render([one.summary for one in due], now=at)
    return (ExplainedText(rendered.text, rendered.language, rendered.pages, ()),)


def _texts_by_person(due: Sequence[_Situation], at: datetime) -> tuple[ExplainedText, ...]:
    """The text of each person, about all their incidents; people with the same text share it."""
    texts: dict[tuple[str, str, int], list[AlertRecipient]] = {}
    for number in dict.fromkeys(one.number for each in due for one in each.explained.people):
        mine = [each for each in due if any(p.number == number for p in each.explained.people)]
        worst = max(mine, key=lambda each: each.summary.severity)
        (person,) = [one for one in worst.explained.people if one.number == number]
        rendered = render(
            [each.summary for each in mine],
            now=at,
            language_choice=person.language or AUTO,
            max_pages=max(each.receiver.pages for each in mine if each.receiver),
        )
        key = (rendered.text, rendered.language, rendered.pages)
        texts.setdefault(key, []).append(person)
    return tuple(
        ExplainedText(text, language, page_count, tuple(persons))
        for (text, language, page_count), persons in texts.items()
    )

"""A model of incidents and their steps in plain lists, with which the real bridge is compared."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

WEEK = timedelta(days=7)
# The last two: the last step is repeated once, and then nobody has answered.
STEP_DELAYS = tuple(timedelta(minutes=one) for one in (0, 5, 10, 15, 20))
FIRING, ACKNOWLEDGED, RESOLVED = "firing", "acknowledged", "resolved"


class ModelRow(NamedTuple):
    """A notification that there has to be."""

    ref: str
    wave: int
    contact: str
    step: int
    kind: str


@dataclass
class ModelAlert:
    """An alert, by its key."""

    key: str
    site: str
    fires: bool = True
    wave: int = 0  # 0: nobody was to be texted about it.
    is_critical: bool = False


@dataclass(eq=False)
class ModelSilence:
    """A silence of a site or of one incident, once or each week."""

    ref: str
    site: str | None
    incident: str | None
    starts_at: datetime
    ends_at: datetime
    weekly: bool
    applied: bool = False  # To what was open when its present window began.
    was_ended: bool = False

    def end_of_window(self, at: datetime) -> datetime | None:
        """Returns the end of the window in force at a time; None if there is none."""
        if self.was_ended:
            return None
        weeks = (at - self.starts_at) // WEEK if self.weekly else 0
        begin, end = self.starts_at + weeks * WEEK, self.ends_at + weeks * WEEK
        return end if begin <= at < end else None

    def mutes(self, ref: str, alert: ModelAlert) -> bool:
        """Whether it is about this alert of an incident."""
        return self.site == alert.site if self.incident is None else self.incident == ref


@dataclass
class ModelIncident:
    """An incident: its alerts, its state, and its notifications."""

    ref: str
    due: datetime | None = None  # The time of the next step.
    start: datetime | None = None  # When its steps began to count.
    state: str = FIRING
    offset: int = 0  # The steps before the clock was restarted.
    steps: int = 1
    wave: int = 0
    muted: bool = False
    is_critical: bool = False
    silenced_until: datetime | None = None
    alerts: list[ModelAlert] = field(default_factory=list)
    rows: list[ModelRow] = field(default_factory=list)
    # Those of `rows` that were current when something ended, muted or took the incident.
    ended: set[ModelRow] = field(default_factory=set)

    @property
    def firing(self) -> list[ModelAlert]:
        """The alerts that fire."""
        return [one for one in self.alerts if one.fires]

    def stop(self) -> None:
        """Records that what it was to say may be withdrawn; no step is due."""
        self.ended |= set(self.rows)
        self.due = None

    def acknowledge(self) -> bool:
        """Records that somebody has it; returns whether nobody had."""
        if self.state != FIRING:
            return False
        self.state = ACKNOWLEDGED
        self.stop()
        return True

    def withdraw(self, now: datetime) -> bool:
        """Records that nobody has it any more: the clock starts again."""
        if self.state != ACKNOWLEDGED:
            return False
        self.state = FIRING
        if not self.muted:
            self.start_clock(now)
        return True

    def resolve(self) -> bool:
        """Records that it is over; returns whether it was open."""
        was_open = self.state != RESOLVED
        if was_open:
            self.state, self.muted, self.silenced_until = RESOLVED, False, None
            self.stop()
        return was_open

    def start_clock(self, now: datetime) -> None:
        """Starts the clock of the steps; the first one is taken."""
        self.offset, self.start = self.steps - 1, now
        self.due = now + STEP_DELAYS[1]

    def announce(self, people: Iterable[str], kind: str, now: datetime) -> None:
        """Adds the notifications of the present wave for the people of step 1."""
        if self.due is None:
            self.steps += 1 if self.start else 0
            self.start_clock(now)
        self.add(people, self.offset + 1, kind)

    def add(self, people: Iterable[str], step: int, kind: str) -> None:
        """Adds notifications."""
        new = [ModelRow(self.ref, self.wave, one, step, kind) for one in people]
        self.rows += [one for one in new if one not in self.rows]

    def run_steps(self, now: datetime, people: Mapping[int, tuple[str, ...]]) -> None:
        """Takes the steps that are due; `people` has the contacts of each."""
        while self.due is not None and self.due <= now:
            number = self.steps - self.offset + 1
            if number == len(STEP_DELAYS):
                self.due = None
                return
            self.steps += 1
            self.due = (self.start or now) + STEP_DELAYS[number]
            self.add(people[number], self.steps, "escalation")
            if not people[number]:
                self.due = min(self.due, now)

    def pass_unreached(self, reached: Mapping[ModelRow, bool], now: datetime) -> None:
        """Makes the next step due if the present one has reached nobody."""
        of_step = [one for one in self.rows if one.step == self.steps and one.kind != "again"]
        if self.due is not None and of_step and not any(reached[one] for one in of_step):
            self.due = min(self.due, now)


@dataclass
class AlertModel:
    """All incidents and silences, and who is on call."""

    on_call: str | None = "noura"
    incidents: dict[str, ModelIncident] = field(default_factory=dict)
    silences: list[ModelSilence] = field(default_factory=list)

    @property
    def first_people(self) -> tuple[str, ...]:
        """The people of step 1."""
        return tuple(dict.fromkeys(("fahad", *self._duty)))

    @property
    def steps(self) -> dict[int, tuple[str, ...]]:
        """The people of each later step."""
        return {2: self._duty, 3: ("lead",), 4: ("lead",)}

    @property
    def _duty(self) -> tuple[str, ...]:
        return (self.on_call,) if self.on_call else ()

    def fire(self, alerts: Iterable[tuple[str, str, str]], now: datetime) -> None:
        """Adds the alerts of one request: the reference of the incident, the key and the site."""
        waves: set[str] = set()
        for ref, key, site in alerts:
            kind = "more" if ref in self.incidents else "new"
            one = self.incidents.setdefault(ref, ModelIncident(ref))
            alert = ModelAlert(key, site)
            one.alerts.append(alert)
            until = self._muted_until(one, alert, now)
            if until is not None:
                self._mute(one, until)
                continue
            if ref not in waves:
                waves.add(ref)
                one.wave += 1
            one.muted, alert.wave = False, one.wave
            if one.state == FIRING:
                one.announce(self.first_people, kind, now)

    def fires(self, key: str) -> bool:
        """Whether an alert fires."""
        alerts = (alert for one in self.incidents.values() for alert in one.alerts)
        return any(alert.fires for alert in alerts if alert.key == key)

    def worsen(self, key: str, now: datetime) -> None:
        """Makes an alert critical; the first one of an incident is texted again."""
        for one in self.incidents.values():
            for alert in one.alerts:
                if alert.key != key or not alert.fires or alert.is_critical:
                    continue
                alert.is_critical = True
                if one.state != RESOLVED and not one.is_critical:
                    one.is_critical = True
                    self._announce_worse(one, alert, now)

    def _announce_worse(self, one: ModelIncident, alert: ModelAlert, now: datetime) -> None:
        one.ended |= {row for row in one.rows if row.wave == alert.wave}
        until = self._muted_until(one, alert, now)
        if until is not None:
            alert.wave = 0
            self._mute(one, until)
            return
        one.wave += 1
        one.muted, alert.wave = False, one.wave
        if one.state == FIRING:
            one.announce(self.first_people, "worse", now)
        else:
            one.add(self.first_people, one.offset + 1, "worse")

    def end(self, key: str) -> None:
        """Ends an alert, and its incident with the last one."""
        for one in self.incidents.values():
            for alert in one.alerts:
                if alert.key == key and alert.fires:
                    alert.fires = False
                    one.ended |= {row for row in one.rows if row.wave == alert.wave}
                    if not one.firing:
                        one.resolve()

    def silence(self, new: ModelSilence, now: datetime) -> None:
        """Adds a silence."""
        self.silences.append(new)
        self._apply_silences(now)

    def end_silence(self, ref: str, now: datetime) -> bool:
        """Ends a silence; returns whether it lasted."""
        (one,) = (one for one in self.silences if one.ref == ref)
        if one.was_ended or (not one.weekly and one.ends_at <= now):
            return False
        one.was_ended = True
        for incident in self.incidents.values():
            self._end_mute(incident, now)
        return True

    def run_pass(self, now: datetime) -> None:
        """Does what a pass of the bundler does to silences and steps."""
        self._apply_silences(now)
        for one in self.incidents.values():
            if one.silenced_until is not None and one.silenced_until <= now:
                self._end_mute(one, now)
        for one in self.incidents.values():
            one.run_steps(now, self.steps)

    def _apply_silences(self, now: datetime) -> None:
        """Mutes what is open as a whole, once for each silence that has started."""
        new = [
            one for one in self.silences if not one.applied and one.end_of_window(now) is not None
        ]
        for one in new:
            one.applied = True
        for incident in self.incidents.values():
            firing = incident.firing
            if incident.state == RESOLVED or not firing:
                continue
            if not any(one.mutes(incident.ref, each) for one in new for each in firing):
                continue
            ends = [self._muted_until(incident, each, now) for each in firing]
            lasting = [one for one in ends if one is not None]
            if len(lasting) == len(ends):
                incident.muted, incident.silenced_until = True, min(lasting)
                incident.stop()

    def _mute(self, incident: ModelIncident, until: datetime) -> None:
        """Mutes an incident for a new alert: as a whole, unless something of it was to be sent."""
        incident.silenced_until = min(until, incident.silenced_until or until)
        if incident.muted or not incident.wave:
            incident.muted = True
            incident.stop()

    def _end_mute(self, incident: ModelIncident, now: datetime) -> None:
        """Announces what is no longer silenced."""
        if incident.silenced_until is None:
            return
        ends = {id(one): self._muted_until(incident, one, now) for one in incident.firing}
        lasting = [one for one in ends.values() if one is not None]
        audible = [one for one in incident.firing if ends[id(one)] is None]
        incident.silenced_until = min(lasting, default=None)
        was_muted, incident.muted = incident.muted, bool(incident.muted and lasting and not audible)
        announced = [one for one in audible if was_muted or not one.wave]
        if incident.muted or not announced or incident.state != FIRING:
            return
        incident.wave += 1
        for one in announced:
            one.wave = incident.wave
        incident.announce(self.first_people, "new", now)

    def _muted_until(
        self, incident: ModelIncident, alert: ModelAlert, now: datetime
    ) -> datetime | None:
        ends = (one.end_of_window(now) for one in self.silences if one.mutes(incident.ref, alert))
        return max((one for one in ends if one is not None), default=None)

    @property
    def rows(self) -> list[ModelRow]:
        """The notifications that there have to be."""
        return [row for one in self.incidents.values() for row in one.rows]

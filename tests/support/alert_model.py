"""A model of incidents and their steps in plain lists, with which the real bridge is compared."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

STEP_DELAYS = (timedelta(0), timedelta(minutes=5), timedelta(minutes=10))
FIRING, ACKNOWLEDGED, RESOLVED = "firing", "acknowledged", "resolved"


@dataclass
class ModelIncident:
    """An incident: its state, and the people that each of its steps has reached."""

    key: str
    ref: str
    clock: datetime  # When its steps began to count.
    state: str = FIRING
    offset: int = 0  # The steps before the clock was restarted.
    steps: int = 1
    rows: set[tuple[int, str]] = field(default_factory=set)  # Step and contact.

    def acknowledge(self) -> bool:
        """Records that somebody has it; returns whether nobody had."""
        if self.state != FIRING:
            return False
        self.state = ACKNOWLEDGED
        return True

    def withdraw(self, now: datetime) -> bool:
        """Records that nobody has it any more: the clock starts again."""
        if self.state != ACKNOWLEDGED:
            return False
        self.state, self.clock, self.offset = FIRING, now, self.steps - 1
        return True

    def resolve(self) -> bool:
        """Records that it is over; returns whether it was open."""
        was_open = self.state != RESOLVED
        self.state = RESOLVED
        return was_open

    def escalate(self, now: datetime, people: dict[int, tuple[str, ...]]) -> None:
        """Adds the rows of the steps that are due; `people` has the contacts of each."""
        number = self.steps - self.offset + 1
        while self.state == FIRING and number <= len(STEP_DELAYS):
            if self.clock + STEP_DELAYS[number - 1] > now:
                return
            self.steps += 1
            self.rows |= {(self.steps, one) for one in people[number]}
            number += 1


@dataclass
class AlertModel:
    """All incidents, and who is on call."""

    on_call: str = "noura"
    incidents: list[ModelIncident] = field(default_factory=list)

    def fire(self, key: str, ref: str, now: datetime) -> None:
        """Opens an incident, whose first step reaches the person on call."""
        self.incidents.append(ModelIncident(key, ref, now, rows={(1, self.on_call)}))

    def pass_at(self, now: datetime) -> None:
        """Does what a pass of the bundler does to the steps."""
        people = {2: ("fahad", self.on_call), 3: ("lead",)}
        for one in self.incidents:
            one.escalate(now, people)

    @property
    def rows(self) -> set[tuple[str, int, str]]:
        """The notifications that there have to be: incident, step and contact."""
        return {(one.ref, *row) for one in self.incidents for row in one.rows}

"""Executes the steps of an incident that are due, and starts their clock. Pure.

The clock runs while nobody has acknowledged: an incident that is acknowledged or resolved has no
step due. Nothing here looks at outcomes: an unknown one is no acknowledgement, and while sending is
held the steps go on and their notifications wait.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from kwtsms_bot.bridge.escalation.contacts import ContactDirectory
from kwtsms_bot.bridge.escalation.policy import EscalationPolicy
from kwtsms_bot.bridge.records import IncidentRecord
from kwtsms_bot.bridge.states import IncidentState

LATE = timedelta(minutes=1)  # After a standstill the steps keep their distance from one another.


class StepOutcome(StrEnum):
    """Outcome of a step, as an incident's history names it."""

    ESCALATED = "escalated"
    REPEATED = "repeated"  # The last step again.
    PASSED = "step_passed"  # It reaches nobody: the next one is due at once.
    UNANSWERED = "unanswered"  # All steps were taken, and nobody took it.
    UNREACHABLE = "unreachable"  # No step reached anybody.


@dataclass(frozen=True, slots=True)
class ExecutedStep:
    """Result of a step that was due: the contacts it reaches."""

    number: int  # Of the incident, as notifications have it: it only grows.
    outcome: StepOutcome
    contacts: tuple[str, ...] = field(default=())


def start_clock(incident: IncidentRecord, policy: EscalationPolicy, at: datetime) -> None:
    """Starts or restarts the clock at a time: step 1 is taken, and step 2 is next."""
    incident.step_offset, incident.steps_from = incident.step - 1, at
    delay = policy.delay(2)
    incident.step_due_at = None if delay is None else at + delay


def starts_later(incident: IncidentRecord, policy: EscalationPolicy, at: datetime) -> bool:
    """Whether no later step was taken yet, and the clock starts after a time."""
    delay, is_first = policy.delay(2), incident.step == incident.step_offset + 1
    if delay is None or incident.step_due_at is None:
        return False
    return is_first and incident.step_due_at > at + delay


def postpone_step(incident: IncidentRecord, until: datetime) -> None:
    """Makes the next step due at a time, and those after it as much later."""
    if incident.step_due_at is not None:
        incident.steps_from = _start_of(incident) + (until - incident.step_due_at)
        incident.step_due_at = until


def pass_step(incident: IncidentRecord, now: datetime) -> None:
    """Makes the next step due at once, because nobody was reached by this one."""
    if incident.step_due_at is not None:
        incident.step_due_at = min(incident.step_due_at, now)


def run_due_steps(
    incident: IncidentRecord, policy: EscalationPolicy, directory: ContactDirectory, now: datetime
) -> Iterator[ExecutedStep]:
    """Executes what is due, an empty step together with the next one; changes the incident."""
    if incident.state is not IncidentState.FIRING or incident.muted_by:
        incident.step_due_at = None
    _keep_distance(incident, now)
    reached = bool(directory.contacts(policy.names(1), now))
    while incident.step_due_at is not None and incident.step_due_at <= now:
        number = incident.step - incident.step_offset + 1
        if number > policy.last:
            incident.step_due_at = None
            outcome = StepOutcome.UNANSWERED if reached else StepOutcome.UNREACHABLE
            yield ExecutedStep(incident.step, outcome)
            return
        contacts = directory.contacts(policy.names(number), now)
        reached = reached or bool(contacts)
        yield _run_step(incident, policy, contacts, now)


def _run_step(
    incident: IncidentRecord, policy: EscalationPolicy, contacts: tuple[str, ...], now: datetime
) -> ExecutedStep:
    incident.step += 1
    number = incident.step - incident.step_offset
    delay = policy.delay(number + 1)
    incident.step_due_at = None if delay is None else _start_of(incident) + delay
    if not contacts:
        pass_step(incident, now)
        return ExecutedStep(incident.step, StepOutcome.PASSED)
    is_repeat = number > len(policy.steps)
    outcome = StepOutcome.REPEATED if is_repeat else StepOutcome.ESCALATED
    return ExecutedStep(incident.step, outcome, contacts)


def _keep_distance(incident: IncidentRecord, now: datetime) -> None:
    """Sets the clock back by the time that a step is late, if that is long."""
    due_at = incident.step_due_at
    if due_at is not None and now - due_at > LATE:
        incident.steps_from = _start_of(incident) + (now - due_at)


def _start_of(incident: IncidentRecord) -> datetime:
    return incident.steps_from or incident.opened_at

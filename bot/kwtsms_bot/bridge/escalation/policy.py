"""The steps of a receiver, and when each is due after the opening of an incident. Pure.

Step 1 is `to`. The last step is repeated; the channel is notified when nobody answered that either.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from kwtsms_bot.config.bridge_receivers import ReceiverSettings, RepeatSettings


@dataclass(frozen=True, slots=True)
class PolicyStep:
    """Names that are texted some time after the opening."""

    after: timedelta
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EscalationPolicy:
    """The steps in order, and how the last one is repeated."""

    steps: tuple[PolicyStep, ...]
    repeat_every: timedelta = timedelta(minutes=15)
    repeat_times: int = 0

    @property
    def last(self) -> int:
        """The number of the last step, repeats included."""
        return len(self.steps) + self.repeat_times

    @property
    def escalates(self) -> bool:
        """Whether anything follows step 1."""
        return self.last > 1

    @property
    def reaches_anybody(self) -> bool:
        """Whether any step names anybody."""
        return any(one.names for one in self.steps)

    def names(self, number: int) -> tuple[str, ...]:
        """Returns the names of a step, counted from 1."""
        return self.steps[min(number, len(self.steps)) - 1].names

    def delay(self, number: int) -> timedelta | None:
        """Returns the time from the opening to a step; None if there is no such step.

        The one after the last is the time at which nobody has answered.
        """
        if not self.escalates or number > self.last + 1:
            return None
        repeats = max(0, number - len(self.steps))
        return self.steps[min(number, len(self.steps)) - 1].after + repeats * self.repeat_every


Policies = Mapping[str, EscalationPolicy]  # By the names of receivers.
NO_POLICIES: Policies = {}
NO_STEPS = EscalationPolicy((PolicyStep(timedelta(0), ()),))


def make_policy(settings: ReceiverSettings) -> EscalationPolicy:
    """Returns the policy of a receiver: with `escalate`, the last step is repeated."""
    repeat = settings.repeat or RepeatSettings(times=3 if settings.escalate else 0)
    first = PolicyStep(timedelta(0), settings.to)
    later = (PolicyStep(one.after, one.to) for one in settings.escalate)
    return EscalationPolicy((first, *later), repeat.every, repeat.times)

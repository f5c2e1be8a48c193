"""Decides whether a firing alert mutes the SMS of another: a site is down, and all in it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kwtsms_bot.bridge.routing import all_match
from kwtsms_bot.config.bridge_fields import Conditions
from kwtsms_bot.config.bridge_receivers import InhibitSettings


@dataclass(frozen=True, slots=True)
class FiringAlert:
    """An alert that fires: its facts, and the reference of its incident."""

    ref: str
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class InhibitionRule:
    """An alert that matches `when` mutes those that match `mutes` and have the same labels."""

    when: Conditions
    mutes: Conditions
    equal: tuple[str, ...] = ()

    def is_source(self, facts: Mapping[str, str]) -> bool:
        """Whether an alert with these facts mutes others while it fires."""
        return all_match(facts, self.when)

    def mutes_by(self, source: Mapping[str, str], target: Mapping[str, str]) -> bool:
        """Whether one alert mutes the other; what mutes is never muted by its own rule."""
        if not self.is_source(source) or self.is_source(target):
            return False
        has_equal = all(one in source and source[one] == target.get(one) for one in self.equal)
        return has_equal and all_match(target, self.mutes)


def make_rules(settings: Sequence[InhibitSettings]) -> tuple[InhibitionRule, ...]:
    """Returns the rules of the configuration."""
    return tuple(InhibitionRule(one.when, one.mutes, one.equal) for one in settings)


def muted_by(
    rules: Iterable[InhibitionRule], target: Mapping[str, str], firing: Sequence[FiringAlert]
) -> str | None:
    """Returns the reference of the first alert that mutes this one; None if none does."""
    for rule in rules:
        for source in firing:
            if rule.mutes_by(source.facts, target):
                return source.ref
    return None

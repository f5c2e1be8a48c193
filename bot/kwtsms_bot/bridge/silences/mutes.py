"""All that mutes alerts at a time: silences, and firing alerts that mute others. Pure."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from kwtsms_bot.bridge.routing import NoSmsReason
from kwtsms_bot.bridge.silences.inhibition import FiringAlert, InhibitionRule, muted_by
from kwtsms_bot.bridge.silences.silence import Mute, Silence, longest_mute

CHECKED_EVERY = timedelta(minutes=1)  # Whether the alert that mutes others still fires.
INHIBITED = NoSmsReason.INHIBITED.value
AlertKey = tuple[str, str]  # Integration and key hash.


class Mutes:
    """Silences, and the alerts that mute others; these change while alerts come and end."""

    def __init__(
        self,
        silences: Sequence[Silence] = (),
        rules: Sequence[InhibitionRule] = (),
        sources: Mapping[AlertKey, FiringAlert] | None = None,
    ) -> None:
        self._silences, self._rules = silences, rules
        self._sources = dict(sources or {})

    @property
    def has_rules(self) -> bool:
        """Whether any alert can mute others."""
        return bool(self._rules)

    @property
    def sources(self) -> Collection[AlertKey]:
        """The firing alerts that mute others."""
        return self._sources.keys()

    def observe(self, key: AlertKey, alert: FiringAlert | None) -> None:
        """Keeps an alert that fires, if it mutes others; None: it is over."""
        if alert is not None and any(rule.is_source(alert.facts) for rule in self._rules):
            self._sources[key] = alert
        else:
            self._sources.pop(key, None)

    def find(self, facts: Mapping[str, str], incident_ref: str | None, at: datetime) -> Mute | None:
        """Returns the mute of an alert with these facts; None if it is texted."""
        silenced = longest_mute(self._silences, facts, incident_ref, at)
        if silenced is not None or not self._sources:
            return silenced
        source = muted_by(self._rules, facts, tuple(self._sources.values()))
        return None if source is None else Mute(at + CHECKED_EVERY, source, INHIBITED)

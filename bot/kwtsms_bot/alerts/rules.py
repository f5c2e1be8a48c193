"""What a look at the balance leads to: the notice, and the facts that are told with it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from decimal import Decimal

from kwtsms_bot.alerts.balance import Level, Notice, Standing, Thresholds, due
from kwtsms_bot.alerts.facts import Facts
from kwtsms_bot.alerts.outlook import WINDOW, outlook
from kwtsms_bot.alerts.samples import DAY, Sample, left_without_us

MATTERS = Decimal("0.1")  # Of the threshold: less than that is no news beside a warning.


@dataclass(frozen=True, slots=True)
class Rules:
    """The thresholds, and whose days the days are."""

    thresholds: Thresholds
    zone: tzinfo

    def level(self, standing: Standing, available: Decimal) -> Level:
        """How much is left."""
        return self.thresholds.level(available, standing.level)

    def worsens(self, available: Decimal, before: Level) -> bool:
        """Whether so many credits are a crossing to be warned about."""
        return self.thresholds.worsens(available, before)

    def notice(self, standing: Standing, available: Decimal, at: datetime) -> Notice | None:
        """What is to be told."""
        return due(self.thresholds, standing, available, at)

    @staticmethod
    def since(at: datetime) -> datetime:
        """From when on the samples are needed for the facts."""
        return at - WINDOW

    def with_facts(
        self, notice: Notice, samples: Sequence[Sample], held: Decimal, at: datetime
    ) -> Notice:
        """The notice with how long the credits last, and where else they are, if that matters."""
        elsewhere = left_without_us(samples, at - DAY, at + DAY)
        least = notice.threshold * MATTERS
        facts = Facts(
            outlook=outlook(samples, at, self.zone),
            elsewhere=elsewhere if elsewhere >= least else Decimal(0),
            held=held if held >= least else Decimal(0),
        )
        return replace(notice, facts=facts)

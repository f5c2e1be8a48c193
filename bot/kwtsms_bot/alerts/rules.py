"""What a look at the balance leads to: the notice, and the facts that are told with it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from decimal import Decimal

from kwtsms_bot.alerts.balance import (
    BalanceLevel,
    BalanceNotice,
    BalanceState,
    Thresholds,
    due_notice,
)
from kwtsms_bot.alerts.facts import NoticeDetails
from kwtsms_bot.alerts.outlook import WINDOW, forecast
from kwtsms_bot.alerts.samples import DAY, Sample, external_usage

MIN_SHARE = Decimal("0.1")  # Of the threshold: less than that is no news beside a warning.


@dataclass(frozen=True, slots=True)
class NoticeRules:
    """The thresholds, and whose days the days are."""

    thresholds: Thresholds
    zone: tzinfo

    def level(self, state: BalanceState, available: Decimal) -> BalanceLevel:
        """How much is left."""
        return self.thresholds.level(available, state.level)

    def crosses_threshold(self, available: Decimal, before: BalanceLevel) -> bool:
        """Whether so many credits are a crossing to be warned about."""
        return self.thresholds.crosses_threshold(available, before)

    def due_notice(
        self, state: BalanceState, available: Decimal, at: datetime
    ) -> BalanceNotice | None:
        """What is to be told."""
        return due_notice(self.thresholds, state, available, at)

    @staticmethod
    def window_start(at: datetime) -> datetime:
        """From when on the samples are needed for the facts."""
        return at - WINDOW

    def with_details(
        self, notice: BalanceNotice, samples: Sequence[Sample], held_credits: Decimal, at: datetime
    ) -> BalanceNotice:
        """The notice with how long the credits last, and where else they are, if that matters."""
        external = external_usage(samples, at - DAY, at + DAY)
        least = notice.threshold * MIN_SHARE
        details = NoticeDetails(
            forecast=forecast(samples, at, self.zone),
            external_usage=external if external >= least else Decimal(0),
            held_credits=held_credits if held_credits >= least else Decimal(0),
        )
        return replace(notice, details=details)

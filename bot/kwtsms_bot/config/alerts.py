"""The section `alerts` of config.yaml. Reads no file."""

from datetime import timedelta, tzinfo
from decimal import Decimal
from typing import Annotated

from pydantic import Field, model_validator

from kwtsms_bot.config.fields import (
    ChannelId,
    Distinct,
    Duration,
    Secret,
    Section,
    TimeOfDay,
    TimeZone,
    Unambiguous,
    zone,
)
from kwtsms_bot.i18n.translator import ENGLISH, Language

# More frequent checks use up a part of the rate limit, and fill the disk.
MIN_CHECK_INTERVAL = timedelta(minutes=1)


class BalanceAlertSettings(Section):
    """When to warn that credits run low, and where."""

    warn: Annotated[Decimal, Field(gt=0), Unambiguous] = Field(default=Decimal(200), examples=[200])
    """Below this many credits a warning is posted."""
    critical: Annotated[Decimal, Field(gt=0), Unambiguous] = Field(
        default=Decimal(50), examples=[50]
    )
    """Below this many credits the warning is urgent."""
    every: Duration = Field(default=timedelta(minutes=15), examples=["15m"])
    """How often the balance is checked."""
    remind_after: Duration = Field(default=timedelta(hours=24), examples=["24h"])
    """When the warning is repeated while the balance stays low."""
    digest: TimeOfDay | None = Field(default=None, examples=["08:00"])
    """The time of day for a summary of the day before; without it, never."""
    timezone: TimeZone = Field(default="Asia/Kuwait", examples=["Asia/Kuwait"])
    """The time zone of days and times of day."""
    channels: Annotated[tuple[ChannelId, ...], Distinct] = Field(
        default=(), examples=[["C0123ABCD"]]
    )
    """Slack channels that get the warnings and the summary. Invite the bot to them."""
    apprise: Annotated[tuple[Secret, ...], Distinct] = Field(
        default=(), examples=[["mailto://user:password@host"]]
    )
    """Apprise URLs that get them too; they need the extra `apprise`."""

    @property
    def zone(self) -> tzinfo:
        """The time zone that `timezone` names."""
        return zone(self.timezone)

    @model_validator(mode="after")
    def _check_thresholds(self) -> "BalanceAlertSettings":
        if self.critical >= self.warn:
            raise ValueError(
                f"critical: expected a number below warn ({self.warn}), got {self.critical}"
            )
        return self

    def warnings(self, say: Language = ENGLISH) -> tuple[str, ...]:
        """Warnings about settings that are allowed but probably unintended."""
        found = []
        if not (self.channels or self.apprise):
            found.append(
                say(
                    "alerts.balance: nobody is warned when credits run low. Add a channel, "
                    "for example {example}",
                    example="channels: [C0123ABCD]",
                )
            )
        if self.every < MIN_CHECK_INTERVAL:
            found.append(
                say(
                    "alerts.balance.every: checks this frequent use up your kwtSMS rate "
                    "limit and fill the disk. Sending updates the balance anyway. For "
                    "example, use {example}.",
                    example="every: 15m",
                )
            )
        return tuple(found)


class AlertSettings(Section):
    """What the bot checks by itself."""

    balance: BalanceAlertSettings = Field(default=BalanceAlertSettings())
    """The balance of the account."""

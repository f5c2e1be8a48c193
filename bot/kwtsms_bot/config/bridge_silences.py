"""Nights and inhibition below `bridge` of config.yaml: what waits or is muted. Reads no file."""

from datetime import tzinfo
from typing import Annotated

from pydantic import Field, model_validator

from kwtsms_bot.config.bridge_fields import Conditions, SeverityName
from kwtsms_bot.config.fields import (
    Distinct,
    Duration,
    Name,
    QuietHours,
    Section,
    TimeZone,
    zone,
)


class NightSettings(Section):
    """Hours in which only what is severe is texted; the rest waits for the morning."""

    hours: QuietHours = Field(examples=["22:00-07:00"])
    """From when to when, in quotes."""
    sms_from: SeverityName = Field(default="critical", examples=["critical"])
    """The lowest severity that is texted at night."""
    after: Duration | None = Field(default=None, examples=["10m"])
    """An error that has fired for so long is texted at night, too; a warning waits."""
    timezone: TimeZone = Field(default="Asia/Kuwait", examples=["Asia/Kuwait"])
    """Whose night it is."""

    @model_validator(mode="after")
    def _check_after(self) -> "NightSettings":
        if self.after is not None and self.sms_from != "critical":
            raise ValueError("after: it is for errors, which `sms_from` texts at once already")
        return self

    @property
    def zone(self) -> tzinfo:
        """The time zone that `timezone` names."""
        return zone(self.timezone)


class InhibitSettings(Section):
    """A firing alert that mutes the SMS of others: when a site is down, so is all in it."""

    when: Conditions = Field(min_length=1, examples=[{"alertname": ["SiteDown"]}])
    """The alert that mutes while it fires, as in a route."""
    mutes: Conditions = Field(min_length=1, examples=[{"severity": ["critical", "error"]}])
    """The alerts whose SMS it mutes, as in a route."""
    equal: Annotated[tuple[Name, ...], Distinct] = Field(default=(), examples=[["site"]])
    """Labels that both must have, with the same value."""

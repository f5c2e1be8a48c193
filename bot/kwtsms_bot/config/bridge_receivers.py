"""Receivers, routes, inhibition below `bridge` of config.yaml: who gets alerts. Reads no file."""

from datetime import timedelta, tzinfo
from typing import Annotated, Literal

from pydantic import Field, model_validator

from kwtsms_bot.config.bridge_fields import (
    Conditions,
    EndpointName,
    MessageLanguage,
    SeverityName,
)
from kwtsms_bot.config.fields import (
    ChannelId,
    Distinct,
    Duration,
    Name,
    QuietHours,
    Section,
    TimeZone,
    Unambiguous,
    zone,
)
from kwtsms_bot.config.phonebook import Handle

SHORTEST_REPEAT = timedelta(minutes=1)


class EscalationStep(Section):
    """A step that is taken while nobody acknowledges."""

    after: Duration = Field(examples=["5m"])
    """The time since the alert came."""
    to: Annotated[tuple[Handle, ...], Field(min_length=1), Distinct] = Field(examples=[["lead"]])
    """Contacts and groups of the phone book, schedules such as oncall.ops."""


class RepeatSettings(Section):
    """How often the last step is repeated while nobody acknowledges."""

    every: Duration = Field(default=timedelta(minutes=15), ge=SHORTEST_REPEAT, examples=["15m"])
    """The time between two of them, and before the channel learns that nobody took it."""
    times: Annotated[int, Field(ge=0, le=20), Unambiguous] = Field(default=3, examples=[3])
    """How often."""


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


class ReceiverSettings(Section):
    """Who gets alerts, and how."""

    to: Annotated[tuple[Handle, ...], Distinct] = Field(examples=[["noura"]])
    """Contacts and groups of the phone book, schedules such as oncall.ops; [] for Slack only."""
    channel: ChannelId | None = Field(default=None, examples=["C0123ABCD"])
    """The Slack channel of its alerts, instead of bridge.channel."""
    sms_from: SeverityName = Field(default="error", examples=["error"])
    """The lowest severity that is texted; what is below it is shown in Slack only."""
    resolved: Literal["slack", "sms"] = Field(default="slack", examples=["slack"])
    """Where the end of an alert is shown: slack, or sms to those who were texted."""
    pages: Annotated[int, Field(ge=1, le=2), Unambiguous] = Field(default=1, examples=[1])
    """The most pages of a text: 1, or 2 for titles that don't fit on one."""
    language: MessageLanguage = Field(default="auto", examples=["auto"])
    """auto is Arabic for Arabic titles; en and ar are for all."""
    escalate: tuple[EscalationStep, ...] = Field(
        default=(), examples=[[{"after": "5m", "to": ["lead"]}]]
    )
    """Who is texted next while nobody acknowledges; each step is later than the one before."""
    repeat: RepeatSettings | None = Field(default=None, examples=[{"every": "15m", "times": 3}])
    """How often the last step is repeated; without it, three times if there is `escalate`."""
    night: NightSettings | None = Field(
        default=None, examples=[{"hours": "22:00-07:00", "sms_from": "critical"}]
    )
    """The hours in which only what is severe is texted."""

    @model_validator(mode="after")
    def _check_steps(self) -> "ReceiverSettings":
        previous = timedelta(0)
        for number, step in enumerate(self.escalate, start=1):
            if step.after <= previous:
                raise ValueError(
                    f"escalate: step {number} is not later than the one before; `after` counts "
                    "from the alert"
                )
            previous = step.after
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The names of everybody, of all steps."""
        return (*self.to, *(name for step in self.escalate for name in step.to))


class RouteSettings(Section):
    """Alerts that one receiver gets."""

    when: Conditions = Field(default_factory=dict, examples=[{"severity": ["critical"]}])
    """What must match: integration, severity, status, title, where or a label; a value or a list of
    them, with one * in it at most. Without it, everything matches."""
    unless: Conditions = Field(default_factory=dict, alias="not", examples=[{"site": "test*"}])
    """What must not match, in the same form."""
    to: EndpointName = Field(examples=["ops"])
    """The receiver."""

    @property
    def matches_all(self) -> bool:
        """Whether every alert takes this route."""
        return not (self.when or self.unless)


class InhibitSettings(Section):
    """A firing alert that mutes the SMS of others: when a site is down, so is all in it."""

    when: Conditions = Field(min_length=1, examples=[{"alertname": ["SiteDown"]}])
    """The alert that mutes while it fires, as in a route."""
    mutes: Conditions = Field(min_length=1, examples=[{"severity": ["critical", "error"]}])
    """The alerts whose SMS it mutes, as in a route."""
    equal: Annotated[tuple[Name, ...], Distinct] = Field(default=(), examples=[["site"]])
    """Labels that both must have, with the same value."""

"""Test alerts of administrators: an incident goes the whole way, with or without SMS."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from kwtsms_bot.bridge.escalation.policy import NO_STEPS
from kwtsms_bot.bridge.models import (
    AlertSeverity,
    AlertStatus,
    IncidentSummary,
    Incoming,
    NotificationKind,
)
from kwtsms_bot.bridge.references import new_ref
from kwtsms_bot.bridge.render import render
from kwtsms_bot.bridge.reports import Receiver, Report, hash_of
from kwtsms_bot.bridge.store.incident_dms import IncidentDmStore
from kwtsms_bot.bridge.store.intake import AlertIntake
from kwtsms_bot.config.bridge import BridgeSettings
from kwtsms_bot.config.phonebook import Phonebook

SOURCE = "test-alert"  # In place of an integration.
SEVERITY = AlertSeverity.ERROR


@dataclass(frozen=True, slots=True)
class TextedTest:
    """The SMS of a test alert before it is sent."""

    people: tuple[str, ...]
    text: str = field(repr=False)
    pages: int

    @property
    def credits(self) -> int:
        """The cost in Kuwait; abroad, a page costs more."""
        return self.pages * len(self.people)


class AlertTester:
    """Maker of test alerts for receivers."""

    def __init__(
        self,
        bridge: BridgeSettings,
        phonebook: Phonebook,
        receivers: Mapping[str, Receiver],
        *,
        intake: AlertIntake,
        dms: IncidentDmStore,
    ) -> None:
        self._bridge, self._phonebook, self._receivers = bridge, phonebook, receivers
        self._intake, self._dms = intake, dms

    @property
    def receivers(self) -> tuple[str, ...]:
        """The names of the receivers."""
        return tuple(self._receivers)

    def preview(self, receiver: str, title: str, at: datetime) -> TextedTest:
        """Returns what a test with SMS would send to a receiver's people."""
        style = self._bridge.receivers[receiver]
        summary = IncidentSummary(
            ref=new_ref(),
            severity=SEVERITY,
            title=title,
            since=at,
            kinds=((title, 1),),
            notification=NotificationKind.TEST,
        )
        rendered = render([summary], now=at, language_choice=style.language, max_pages=style.pages)
        return TextedTest(self._receivers[receiver].contacts(at), rendered.text, rendered.pages)

    async def run(self, receiver: str, title: str, *, with_sms: bool, at: datetime) -> str:
        """Opens a test incident; returns its reference.

        Without SMS, those who would be texted get their direct messages all the same.

        Raises:
            DatabaseError: it was not opened, or it is not known whether it was.
        """
        target = self._receivers[receiver]
        report = Report(
            integration=SOURCE,
            incoming=Incoming(
                key=SOURCE, status=AlertStatus.FIRING, title=title, severity=SEVERITY, test=True
            ),
            key_hash=hash_of(SOURCE),
            group_hash=None,
            severity=SEVERITY,
            receiver=target if with_sms else replace(target, policy=NO_STEPS),
        )
        (result,) = await self._intake.accept([report])
        ref = result.ref or ""
        if not with_sms:
            contacts = (self._phonebook.contacts[name] for name in target.contacts(at))
            await self._dms.add(ref, {one.slack for one in contacts if one.slack})
        return ref

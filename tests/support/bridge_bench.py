"""The bridge's stores with a real database, whose clock a test moves, and what phones would get."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from kwtsms_bot.bridge.bundling import ContactPhone, Recipients, Style
from kwtsms_bot.bridge.escalation.contacts import ContactDirectory
from kwtsms_bot.bridge.models import AlertStatus, Incoming
from kwtsms_bot.bridge.on_call.duty_roster import DutyRoster
from kwtsms_bot.bridge.reports import AlertResult, make_receivers, make_report
from kwtsms_bot.bridge.silences.inhibition import make_rules
from kwtsms_bot.bridge.states import NotificationState
from kwtsms_bot.bridge.store.actions import Action, ActionResult, IncidentActions
from kwtsms_bot.bridge.store.bundle import BundleStore, SendingTerms
from kwtsms_bot.bridge.store.credit_notices import NoticeTargets
from kwtsms_bot.bridge.store.intake import AlertIntake
from kwtsms_bot.bridge.store.silence_clock import Inhibition
from kwtsms_bot.bridge.store.silences import SilenceStore
from kwtsms_bot.config.bridge import BridgeSettings
from kwtsms_bot.config.phonebook import Phonebook
from kwtsms_bot.database import Database
from kwtsms_bot.database.tables import message, notification, recipient
from kwtsms_bot.outbox.audit import Actor
from kwtsms_bot.outbox.dispatch import retry
from kwtsms_bot.outbox.message import ClaimedCall
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import Outbox, open_outbox
from kwtsms_client import KwtSMSError, NotSent
from support.database import AT, opened, set_clock

NOURA, FAHAD = "96598765432", "96551234567"
LEASE = timedelta(seconds=30)
PHONEBOOK = {"contacts": {"noura": f"+{NOURA}", "fahad": f"+{FAHAD}"}}
BRIDGE = {
    "channel": "C0123ALERT",
    "integrations": {"scripts": {"kind": "native", "token": "demo-native-token"}},
    "receivers": {"ops": {"to": ["noura"]}},
}
_starts = itertools.count()


class ConnectionLost(Exception):
    """The connection to the database is lost, so that nothing is committed."""


def alert(key: str, title: str = "", **changes: Any) -> Incoming:
    """A firing alert."""
    facts: dict[str, Any] = {"status": AlertStatus.FIRING, "title": title or f"{key} is down"}
    return Incoming(key=key, **facts | changes)


def ended(key: str, **changes: Any) -> Incoming:
    """The end of an alert."""
    return alert(key, status=AlertStatus.RESOLVED, **changes)


@dataclass
class BridgeBench:
    """The stores, a clock, and a gateway that does what the test says."""

    database: Database
    outbox: Outbox
    bridge: BridgeSettings
    phonebook: Phonebook
    now: datetime = AT
    reachable: bool = True  # Whether kwtSMS can be reached.
    refusal: KwtSMSError | None = None  # The answer to each call.
    outcome: Settlement | None = None  # Of each call, instead of what `reachable` says.
    refused: set[str] = field(default_factory=set)  # Phones that kwtSMS can't send to.
    unanswered: list[ClaimedCall] = field(default_factory=list)  # Calls with unknown outcomes.
    sent: list[tuple[datetime, str, str]] = field(default_factory=list)  # Time, phone, text.

    def __post_init__(self) -> None:
        """Opens the stores, and starts the clock."""
        self.roster = DutyRoster(self.bridge.oncall, self.phonebook)
        directory = ContactDirectory(self.phonebook, self.roster)
        self.receivers = make_receivers(self.bridge, directory)
        inhibitions = make_rules(self.bridge.inhibit)
        self.intake = AlertIntake(
            self.database,
            self.receivers,
            credits_per_day=self.bridge.credits_per_day,
            inhibitions=inhibitions,
        )
        self.actions = IncidentActions(self.database, self.receivers)
        self.silences = SilenceStore(self.database, self.receivers, inhibitions)
        self.people = {
            name: ContactPhone(one.number, one.language, one.slack)
            for name, one in self.phonebook.contacts.items()
        }
        styles = {
            name: Style(one.language, one.pages) for name, one in self.bridge.receivers.items()
        }
        terms = SendingTerms(
            "OPS-ALERT",
            False,
            self.bridge.credits_per_day,
            Recipients(self.people, styles),
            self.receivers,
            Inhibition(inhibitions),
            NoticeTargets(self.bridge.notice_channels),
        )
        self.bundles = BundleStore(self.database, terms)
        set_clock(self.database, self.now)

    async def post(self, *alerts: Incoming, integration: str = "scripts") -> Sequence[AlertResult]:
        """Reports alerts in one request."""
        reports = [make_report(one, integration, self.bridge, self.receivers) for one in alerts]
        return await self.intake.accept(reports)

    async def act(self, ref: str | None, action: Action, who: str = "U1") -> ActionResult:
        """Acts on an incident as a person."""
        (result,) = await self.actions.act([ref or ""], action, Actor(who))
        return result

    def tick(self) -> None:
        """Sets the database's clock to the present time."""
        set_clock(self.database, self.now)

    async def advance(self, seconds: int, *, step: int = 1) -> list[str]:
        """Lets time pass, `step` seconds at a time; returns the texts that left for phones."""
        before = len(self.sent)
        for _ in range(0, seconds, step):
            self.now += timedelta(seconds=step)
            self.tick()
            await self.bundles.run_pass()
            await self.send_due()
        return [text for _, _, text in self.sent[before:]]

    async def break_pass(self) -> None:
        """Makes passes whose connections are lost before either part is committed."""
        self.tick()
        for part in (self.bundles.advance, self.bundles.make_pass):
            with suppress(ConnectionLost):
                await self._break(part)

    async def _break(self, part: Callable[[AsyncConnection], Awaitable[object]]) -> None:
        async with self.database.transaction() as connection:
            await part(connection)
            raise ConnectionLost

    async def send_due(self) -> None:
        """Sends what is due, as the worker would."""
        while call := await self.outbox.claims.claim("bench", LEASE, self.now):
            if await self.outbox.settlements.put_in_flight(call, LEASE, self.now):
                await self.settle(call, self.answer(call))

    async def settle(self, call: ClaimedCall, outcome: Settlement) -> None:
        """Settles a call; what was sent is on the phones."""
        await self.outbox.settlements.settle(call, outcome, self.now)
        response = retry.response_kind(outcome)
        await self.outbox.breaker.record_response(response, trial=call.trial)
        if outcome.state in (State.SENT, State.UNKNOWN):
            self.sent += [(self.now, one.phone, call.text) for one in call.recipients]
        if outcome.state is State.UNKNOWN:
            self.unanswered.append(call)

    async def answer_late(self) -> None:
        """KwtSMS answers the calls whose outcomes were unknown: they were sent."""
        for call in self.unanswered:
            sent = Settlement(State.SENT, self.now)
            await self.outbox.settlements.settle(call, sent, self.now)
        self.unanswered = []

    def answer(self, call: ClaimedCall) -> Settlement:
        """Returns the outcome of a call now."""
        if self.outcome is not None:
            return self.outcome
        if any(one.phone in self.refused for one in call.recipients):
            return Settlement(State.REJECTED, self.now, code="ERR025")
        error = self.refusal if self.reachable else NotSent("refused")
        if error is None:
            return Settlement(State.SENT, self.now)
        tries = max(one.tries for one in call.recipients)
        return retry.failed(error, tries, self.now, urgent=True)

    async def states(self) -> list[str]:
        """The states of all notifications, in the order of their IDs."""
        query = select(notification.c.state).order_by(notification.c.id)
        async with self.database.reading() as connection:
            return list((await connection.execute(query)).scalars())

    async def counted(self) -> int:
        """The number of alerts that the texts count for each phone, all together."""
        query = select(notification.c.counted).where(
            notification.c.state == NotificationState.SENT.value
        )
        async with self.database.reading() as connection:
            return sum((await connection.execute(query)).scalars())

    async def messages(self) -> list[tuple[str, str]]:
        """All messages of the outbox: text, and the state of each recipient."""
        query = (
            select(message.c.text, recipient.c.state)
            .join_from(message, recipient)
            .order_by(recipient.c.id)
        )
        async with self.database.reading() as connection:
            return [(row.text, row.state) for row in await connection.execute(query)]


@asynccontextmanager
async def bridge_bench(
    location: str | Path,
    bridge: dict[str, Any] | None = None,
    phonebook: dict[str, Any] | None = None,
) -> AsyncIterator[BridgeBench]:
    """Opens the bridge's stores at a database."""
    async with opened(location) as database:
        yield BridgeBench(
            database,
            open_outbox(database),
            BridgeSettings.model_validate(bridge or BRIDGE),
            Phonebook.model_validate(phonebook or PHONEBOOK),
        )

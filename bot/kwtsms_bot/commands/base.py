"""Commands, their requests, replies and context. Independent of Slack; performs no I/O."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from kwtsms_bot.balance.store import BalanceStore
from kwtsms_bot.commands.policy import Permission, Person
from kwtsms_bot.commands.tokens import Token
from kwtsms_bot.config import Config
from kwtsms_bot.i18n.translator import Language
from kwtsms_bot.outbox.message import Message
from kwtsms_bot.outbox.store import Actor, Audit, Outbox
from kwtsms_client import AsyncClient

if TYPE_CHECKING:  # Without the section `bridge`, none of its modules is loaded.
    from kwtsms_bot.bridge.alert_tester import AlertTester
    from kwtsms_bot.bridge.drills.control import DrillControl
    from kwtsms_bot.bridge.incident_control import IntegrationView
    from kwtsms_bot.bridge.incidents.views import IncidentView, OpenIncident
    from kwtsms_bot.bridge.on_call.control import ScheduleView
    from kwtsms_bot.bridge.silences.silence import Silence
    from kwtsms_bot.bridge.store.actions import ActionResult
    from kwtsms_bot.bridge.store.silences import CreatedSilence


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRequest:
    """Request of a person: who asks and in which channel, and the language of the reply."""

    person: Person
    say: Language
    key: str  # Idempotency key: unique per submission, equal when Slack redelivers it.


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation(CommandRequest):
    """Slash command as a person typed it; `text` is all that follows `/sms`.

    In `text`, each of `tokens` is one opaque character: see `kwtsms_bot.commands.tokens`.
    """

    text: str = field(repr=False)
    tokens: tuple[Token, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonPress(CommandRequest):
    """Press of a button; `value` was set when the button was shown."""

    value: str


class Severity(StrEnum):
    """Severity of a reply, which each surface shows in its own way."""

    GOOD = "good"
    INFO = "plain"
    WARNING = "warning"
    ERROR = "bad"


@dataclass(frozen=True, slots=True)
class Button:
    """Button of a reply; `action` selects the handler, which receives `value`."""

    action: str
    label: str
    value: str
    style: str = ""
    confirm_text: str = ""  # Shown in a dialog that the user confirms first.


@dataclass(frozen=True, slots=True)
class TextSpan:
    """A part of a text; `removed` parts never reach the phone."""

    text: str
    removed: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """File for the requester to download."""

    name: str
    content: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """Reply to the requester alone; `channel_post` and `direct_message` go to others."""

    severity: Severity
    title: str
    details: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    examples: tuple[str, ...] = ()  # Commands to type, or texts to copy.
    accepted: Message | None = None  # Has its own status card, which is kept up to date.
    text_spans: tuple[TextSpan, ...] = ()  # The SMS as the phone will show it.
    buttons: tuple[Button, ...] = ()
    replaces: bool = False  # Replaces the message whose button was pressed.
    opens_form: bool = False  # Slack opens the send form; this reply is the fallback.
    silence_form: "SilenceForm | None" = None  # Slack opens it; likewise.
    file: File | None = None
    details_of: Message | None = None  # Slack shows its details; this reply is the fallback.
    channel_post: "ChannelPost | None" = None
    direct_message: "DirectMessage | None" = None


@dataclass(frozen=True, slots=True)
class SilenceForm:
    """The form for a silence: of one incident, or of what the person names in it."""

    incident_ref: str = ""
    title: str = field(default="", repr=False)  # Of the incident.


@dataclass(frozen=True, slots=True)
class ChannelPost:
    """Reply posted to a channel, for all its members."""

    channel: str
    reply: Reply


@dataclass(frozen=True, slots=True)
class DirectMessage:
    """Direct message to another user, in that user's language."""

    user: str
    reply: Reply
    say: Language


class ChannelId(str):
    """Channel id among the facts of a reply, which Slack shows as the channel's name."""

    __slots__ = ()


class UserDirectory(Protocol):
    """Directory of the workspace's users."""

    async def person(self, user: str, channel: str, *, fresh: bool = False) -> Person:
        """Returns the ids that permissions depend on; `fresh` bypasses cached ones."""

    async def phone(self, user: str) -> str:
        """Returns the phone number in a user's profile as written; empty if there is none."""

    async def is_active(self, user: str) -> bool | None:
        """Returns whether a user's account is in use; None if Slack does not say."""

    async def members(self, group: str) -> tuple[str, ...] | None:
        """Returns the members of a user group; None if Slack does not say."""

    async def name(self, user: str) -> str:
        """Returns a user's display name."""


class IncidentControl(Protocol):
    """Incidents of the bridge, and what people do to them; the first who acts counts."""

    async def find(self, ref: str) -> "IncidentView | None":
        """Returns the incident with this reference."""

    async def open_incidents(
        self, limit: int, *, blocked: bool = False
    ) -> "Sequence[OpenIncident]":
        """Returns open incidents, worst first; with `blocked`, only those whose SMS are held."""

    async def count_open(self, *, blocked: bool = False) -> int:
        """Returns the number of open incidents."""

    async def count_silenced(self) -> int:
        """Returns the number of open incidents that are silenced."""

    async def unacknowledged(self, limit: int) -> "Sequence[OpenIncident]":
        """Returns the incidents that nobody has taken, the worst first; none silenced."""

    async def texted(self, user: str, refs: Collection[str]) -> frozenset[str]:
        """Returns those of the incidents that a Slack user was texted about."""

    async def unacknowledged_of(self, user: str, limit: int) -> "Sequence[OpenIncident]":
        """Returns the incidents that nobody has taken and that this Slack user was texted about."""

    async def acknowledge(self, refs: Collection[str], actor: Actor) -> "Sequence[ActionResult]":
        """Records that `actor` has taken these incidents; nothing more of them is sent."""

    async def unacknowledge(self, refs: Collection[str], actor: Actor) -> "Sequence[ActionResult]":
        """Records that nobody has taken these incidents any more."""

    async def resolve(self, refs: Collection[str], actor: Actor) -> "Sequence[ActionResult]":
        """Records that these incidents are over."""

    async def notify_again(self, refs: Collection[str], actor: Actor) -> "Sequence[ActionResult]":
        """Notifies those again whose SMS may have been sent."""

    async def silence(
        self,
        conditions: Mapping[str, tuple[str, ...]],
        incident_ref: str | None,
        window: tuple[datetime, datetime],
        *,
        is_weekly: bool,
        reason: str,
        spares_critical: bool,
        actor: Actor,
    ) -> "CreatedSilence | None":
        """Silences alerts; returns None if it would spare all that it is to silence."""

    async def end_silence(self, ref: str, actor: Actor) -> "Silence | None":
        """Ends a silence; returns None if none of this reference is in force or ahead."""

    async def silences(self) -> "Sequence[Silence]":
        """Returns the silences in force or ahead, the soonest end first."""

    async def integrations(self) -> "Sequence[IntegrationView]":
        """Returns the integrations, with what each sent last."""

    @property
    def tester(self) -> "AlertTester":
        """The maker of test alerts."""

    @property
    def drills(self) -> "DrillControl":
        """The drills."""

    def wake(self) -> None:
        """Signals that an incident has changed."""

    def refusing_channels(self) -> Sequence[str]:
        """Returns the channels that refused the last card of this process."""


class OnCallControl(Protocol):
    """Schedules of the bridge: who is on call, and who is put on call by hand."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the schedules."""

    def view(self, name: str, at: datetime) -> "ScheduleView":
        """Returns who is on call, and what is wrong with the next 14 days."""

    async def override(
        self, name: str, contact: str, now: datetime, lasts: timedelta, *, actor: Actor
    ) -> None:
        """Puts a contact on call from now on."""

    async def end_overrides(self, name: str, now: datetime, actor: Actor) -> int:
        """Ends the overrides of a schedule; returns how many."""

    async def never_texted(self, at: datetime) -> tuple[str, ...]:
        """Returns those on call to whose numbers no message was sent in the time that is kept."""


class UserMention(str):
    """Name among the facts of a reply, which Slack shows as a mention of the user with that id."""

    __slots__ = ("user",)
    user: str

    def __new__(cls, name: str, user: str) -> "UserMention":
        """Returns the name, with the id of its user."""
        mention = super().__new__(cls, name)
        mention.user = user
        return mention


@dataclass(slots=True)
class AskedBalance:
    """Balance that a person asked for last, and when: it may be newer than what is stored."""

    newest: tuple[datetime, Decimal] | None = None


@dataclass(frozen=True, slots=True)
class CommandContext:
    """Context of every command: the configuration, the stores and the services."""

    config: Config
    outbox: Outbox
    audit: Audit
    balance: BalanceStore
    gateway: AsyncClient
    users: UserDirectory
    now: Callable[[], datetime]
    wake: Callable[[], None]  # Tells the outbox that there is new work.
    asked_balance: AskedBalance = field(default_factory=AskedBalance)
    incidents: IncidentControl | None = None  # None: the section `bridge` is absent.
    on_call: OnCallControl | None = None  # Likewise.


CommandHandler = Callable[[CommandContext, Invocation, str], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Command:
    """Subcommand; `handler` gets the context, the invocation and the text after the name."""

    name: str
    usage: str  # The arguments, as help shows them after the name.
    summary: str
    examples: tuple[str, ...]
    permission: Permission
    handler: CommandHandler
    reads_tokens: bool = False  # The handler gets the tokens as placeholders, not as text.
    needs_bridge: bool = False  # It is listed only where the section `bridge` is.
    open_to_contacts: bool = False  # Contacts in Slack may run it, too: the handler checks on what.

    def command_line(self, slash: str, example: str = "") -> str:
        """A line to type, such as `/sms send +96598765432 Backup failed`."""
        return " ".join(part for part in (slash, self.name, example) if part)

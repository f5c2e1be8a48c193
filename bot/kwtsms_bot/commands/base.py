"""What a command is, what it is asked, and what it answers. Knows no Slack and performs no I/O."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from kwtsms_bot.balance.store import BalanceStore
from kwtsms_bot.commands.policy import Permission, Person
from kwtsms_bot.config import Config
from kwtsms_bot.i18n.translator import Language
from kwtsms_bot.outbox.message import Message
from kwtsms_bot.outbox.store import Audit, Store
from kwtsms_client import AsyncClient


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRequest:
    """Somebody wants something: who, where, and in which language the answer is to be."""

    person: Person
    say: Language
    key: str  # Unique for each time somebody pressed enter: the same key is the same request.


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation(CommandRequest):
    """One command as a person typed it: the text after the command's name."""

    text: str = field(repr=False)
    mentions: Mapping[str, str] = field(default_factory=dict)  # The ids behind @names in it.


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonPress(CommandRequest):
    """A button that somebody pressed; `value` is what we put into it."""

    value: str


class Severity(StrEnum):
    """How an answer is meant, so that each surface can show it in its own way."""

    GOOD = "good"
    INFO = "plain"
    WARNING = "warning"
    ERROR = "bad"


@dataclass(frozen=True, slots=True)
class Button:
    """A button: the deed it leads to, and what that deed is told."""

    action: str
    label: str
    value: str
    style: str = ""
    confirm_text: str = ""  # Asked once more before it counts.


OPEN_FORM = "open_form"  # The deed of a button that opens the form to send by.


@dataclass(frozen=True, slots=True)
class TextSpan:
    """A part of a text; `removed` parts never reach the phone."""

    text: str
    removed: bool = False


@dataclass(frozen=True, slots=True)
class File:
    """Something to download, for the person who asked."""

    name: str
    content: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer for the person who asked, and for nobody else but for what `public` says."""

    severity: Severity
    title: str
    details: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    examples: tuple[str, ...] = ()  # Commands to type, right as they stand.
    accepted: Message | None = None  # Its own card tells the rest, and stays up to date.
    text_spans: tuple[TextSpan, ...] = ()  # A message as the phone will show it.
    buttons: tuple[Button, ...] = ()
    replaces: bool = False  # Stands in the place of what was pressed, whose buttons are used up.
    opens_form: bool = False  # What is missing is best asked for by a form.
    file: File | None = None
    channel_post: "ChannelPost | None" = None
    direct_message: "DirectMessage | None" = None


@dataclass(frozen=True, slots=True)
class ChannelPost:
    """Something that everybody in a channel is told."""

    channel: str
    reply: Reply


@dataclass(frozen=True, slots=True)
class DirectMessage:
    """Something that somebody else is told by direct message, in their language."""

    user: str
    reply: Reply
    say: Language


class ChannelId(str):
    """A channel among facts: shown by the name that it has for the reader."""

    __slots__ = ()


class UserDirectory(Protocol):
    """Who is who in the workspace."""

    async def person(self, user: str, channel: str, *, fresh: bool = False) -> Person:
        """What the permissions have to know of somebody; `fresh`: as of this moment."""

    async def phone(self, user: str) -> str:
        """The phone in somebody's profile, as they wrote it; empty where there is none."""

    async def name(self, user: str) -> str:
        """What people call somebody."""


@dataclass(frozen=True, slots=True)
class CommandContext:
    """What commands work with."""

    config: Config
    store: Store
    audit: Audit
    alerts: BalanceStore
    gateway: AsyncClient
    users: UserDirectory
    now: Callable[[], datetime]
    wake: Callable[[], None]  # Tells the outbox that there is something new.


CommandHandler = Callable[[CommandContext, Invocation, str], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Command:
    """A subcommand: `run` gets the desk, the invocation and the text after the subcommand."""

    name: str
    usage: str  # What stands after the name.
    summary: str
    examples: tuple[str, ...]
    permission: Permission
    handler: CommandHandler

    def command_line(self, slash: str, example: str = "") -> str:
        """A line to type, such as `/sms send +96598765432 Backup failed`."""
        return " ".join(part for part in (slash, self.name, example) if part)

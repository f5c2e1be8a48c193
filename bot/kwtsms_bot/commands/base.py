"""What a command is, what it is asked, and what it answers. Knows no Slack and performs no I/O."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from kwtsms_bot.commands.policy import Action, Person
from kwtsms_bot.config import Config
from kwtsms_bot.outbox.message import Message
from kwtsms_bot.outbox.store import Audit, Store
from kwtsms_client import AsyncClient


@dataclass(frozen=True, slots=True)
class Invocation:
    """One command as a person typed it: who, where, and the text after the command's name."""

    person: Person
    text: str = field(repr=False)
    key: str  # Unique for each time somebody pressed enter: the same key is the same request.


class Tone(StrEnum):
    """How an answer is meant, so that each surface can show it in its own way."""

    GOOD = "good"
    PLAIN = "plain"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer for the person who asked, and for nobody else."""

    tone: Tone
    title: str
    details: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    examples: tuple[str, ...] = ()  # Commands to type, right as they stand.
    accepted: Message | None = None  # Its own card tells the rest, and stays up to date.


@dataclass(frozen=True, slots=True)
class Desk:
    """What commands work with."""

    config: Config
    store: Store
    audit: Audit
    gateway: AsyncClient
    now: Callable[[], datetime]
    wake: Callable[[], None]  # Tells the outbox that there is something new.


Run = Callable[[Desk, Invocation, str], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Command:
    """A subcommand: `run` gets the desk, the invocation and the text after the subcommand."""

    name: str
    usage: str  # What stands after the name.
    summary: str
    examples: tuple[str, ...]
    action: Action
    run: Run

    def typed(self, slash: str, example: str = "") -> str:
        """A line to type, such as `/sms send +96598765432 Backup failed`."""
        return " ".join(part for part in (slash, self.name, example) if part)

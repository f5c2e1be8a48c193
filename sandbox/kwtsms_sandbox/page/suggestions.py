"""Commands, shortcuts, faults and a tour that the page suggests. Data only.

A text is English; `Guide.arabic` and the page's own catalogue have it in Arabic.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from kwtsms_sandbox.gateway import Fault
from kwtsms_sandbox.gateway.fault_plan import BEFORE

LANGUAGES = ("en", "ar")


@dataclass(frozen=True, slots=True)
class Hint:
    """Command as the composer suggests it."""

    command: str  # With its slash: "/sms send".
    usage: str = ""  # Its arguments: "NUMBER TEXT".
    about: str = ""


@dataclass(frozen=True, slots=True)
class Shortcut:
    """Shortcut of the app: Slack shows it in the composer, or in each message's menu."""

    callback_id: str
    name: str
    on_message: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Step of the tour: a line to send, and what is prepared before it."""

    step_id: str
    title: str
    line: str
    before: str  # The explanation until the line is sent.
    after: str  # The explanation from then on.
    channel: str  # Its id.
    person: str = ""  # The id of who sends it; empty: the speaker of the page's language.
    fault: str = ""  # The fault that the send meets.
    credits_left: int | None = None  # The credits that the account is set to.
    starts_storm: bool = False  # Whether 1,000 alerts begin to arrive.


@dataclass(frozen=True, slots=True)
class AlertButton:
    """Button that sends an alert as a tool of this kind would."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultOption:
    """Fault that the page offers for the next send; `fault` is the gateway's name for it."""

    fault: str
    words: str


COMMANDS = (
    Hint("/sms send", "NUMBER TEXT", "Send an SMS"),
    Hint("/sms balance", about="Credits left"),
    Hint("/sms status", "[ID]", "Show a message's status"),
    Hint("/sms dlr", "[ID]", "Show a delivery report, where the country gives one"),
    Hint("/sms help", about="Show all commands"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """Facts about the app that a page shows: its commands, a tour, roles, and its language."""

    commands: Sequence[Hint] = COMMANDS
    shortcuts: Sequence[Shortcut] = ()
    steps: Sequence[Step] = ()
    alerts: Sequence[AlertButton] = ()  # Without any, the page has no panel for alerts.
    roles: Mapping[str, str] = field(default_factory=dict)  # By user id, such as "sender".
    language: Literal["en", "ar"] = "en"
    speakers: Mapping[str, str] = field(default_factory=dict)  # By language: who reads it, by id.
    arabic: Mapping[str, str] = field(default_factory=dict)  # Arabic texts, by the English ones.

    @property
    def slash_commands(self) -> frozenset[str]:
        """The names that a line can begin with, such as /sms."""
        return frozenset(hint.command.partition(" ")[0] for hint in self.commands)

    def is_line_of(self, step: Step, line: str) -> bool:
        """Whether this is the step's line, in either language."""
        return line in (step.line, self.arabic.get(step.line))


FAULT_OPTIONS = (
    FaultOption(fault=Fault.HTML_502, words="kwtSMS is down"),
    FaultOption(fault=Fault.HTML_502_AFTER, words="sent, but the answer is lost"),
    FaultOption(fault=Fault.RESET_AFTER, words="sent, but the connection breaks"),
    FaultOption(fault=Fault.NOT_JSON, words="sent, but the answer is unreadable"),
    FaultOption(fault="ERR013", words="rejected: the queue is full"),
    FaultOption(fault="ERR010", words="rejected: no credits left"),
    FaultOption(fault="ERR003", words="rejected: wrong password"),
)
"""One of each kind: certainly not sent, unknown, rejected for a while, rejected until fixed."""

FAULT_TEXTS: Mapping[Fault, str] = {
    Fault.RESET_BEFORE: "The connection broke before kwtSMS accepted anything.",
    Fault.HANG_BEFORE: "kwtSMS didn't answer and accepted nothing.",
    Fault.HTML_502: "kwtSMS is down: it answered with an error page and accepted nothing.",
    Fault.REDIRECT: "kwtSMS redirected to another page and accepted nothing.",
    Fault.RESET_AFTER: "kwtSMS accepted it, then the connection broke.",
    Fault.HANG: "kwtSMS accepted it and didn't answer.",
    Fault.HTML_502_AFTER: "kwtSMS accepted it and answered with an error page.",
    Fault.SLOW: "kwtSMS accepted it and answered late.",
    Fault.TRUNCATED: "kwtSMS accepted it, but half of its answer is missing.",
    Fault.EMPTY: "kwtSMS accepted it, but its answer was empty.",
    Fault.NOT_JSON: "kwtSMS accepted it, but its answer was unreadable.",
    Fault.JSON_LIST: "kwtSMS accepted it, but its answer had another form.",
    Fault.JSON_NULL: "kwtSMS accepted it, but its answer said nothing.",
    Fault.BAD_UTF8: "kwtSMS accepted it, but its answer had broken characters.",
    Fault.HUGE: "kwtSMS accepted it, but its answer was far too long.",
}
"""What the log says about a request that met the fault."""


def fault_label(fault: Fault) -> str:
    """Returns a fault's outcome in two words."""
    return "not accepted" if fault in BEFORE else "answer lost"

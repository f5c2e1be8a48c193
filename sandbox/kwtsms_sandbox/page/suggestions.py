"""Commands, shortcuts and faults that the page suggests. Data only."""

from dataclasses import dataclass

from kwtsms_sandbox.gateway import Fault


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


COMMANDS = (
    Hint("/sms send", "NUMBER TEXT", "Send a text message"),
    Hint("/sms balance", about="Credits left"),
    Hint("/sms status", "[ID]", "What became of a message"),
    Hint("/sms dlr", "[ID]", "Delivery report, where the country gives one"),
    Hint("/sms help", about="What you may type"),
)


@dataclass(frozen=True, slots=True)
class FaultOption:
    """Fault that the page offers for the next send; `fault` is the gateway's name for it."""

    fault: str
    words: str


FAULT_OPTIONS = (
    FaultOption(Fault.HTML_502, "a 502 page, nothing sent"),
    FaultOption(Fault.HTML_502_AFTER, "sent, then a 502 page"),
    FaultOption(Fault.RESET_AFTER, "sent, then the line is cut"),
    FaultOption(Fault.NOT_JSON, "sent, the answer unreadable"),
    FaultOption("ERR013", "refused: the queue is full"),
    FaultOption("ERR010", "refused: no credits"),
    FaultOption("ERR003", "refused: wrong password"),
)
"""One of each kind: certainly not sent, unknown, refused for a while, refused until fixed."""

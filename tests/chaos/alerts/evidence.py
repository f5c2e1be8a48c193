"""The evidence of a run with alerts, from outside: the tools, the people, the phones and Slack.

Nothing here is read from the bot's database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chaos.evidence import GatewayRequest, LedgerEntry

NEVER = float("inf")


@dataclass(slots=True)
class PostedAlert:
    """An alert that a tool posted, and what the tool learned about it."""

    title: str
    people: Mapping[str, str]  # The contacts who are texted about it: name and phone.
    accepted: bool = False  # It was answered with 200 at least once.
    ref: str | None = None  # Of its incident, by the latest answer that names one.
    ended: bool = False  # The tool has posted, or tried to post, its end.


@dataclass(frozen=True, slots=True)
class ToolAnswer:
    """An answer of the endpoint, and the seconds it took."""

    status: int
    seconds: float


@dataclass(slots=True)
class Acknowledgement:
    """An acknowledgement by a person; `done_at` is when the person saw it in Slack."""

    ref: str
    done_at: float = NEVER


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEvidence:
    """All evidence of a run with alerts."""

    alerts: Sequence[PostedAlert]
    answers: Sequence[ToolAnswer]
    acknowledgements: Sequence[Acknowledgement]
    requests: Sequence[GatewayRequest]
    ledger: Sequence[LedgerEntry]
    cards: Mapping[str, Sequence[str]] = field(default_factory=dict)  # Their texts, by reference.
    kills: int = 0

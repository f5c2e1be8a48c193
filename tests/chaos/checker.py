"""Compares the replies to people, the database and the gateway's records of a run. Pure.

The gateway's ledger is the truth about sent messages. Each finding is a sentence; a correct run
has none.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from chaos import cards, reasons, request_rate
from chaos.evidence import AckOutcome, Evidence, GatewayRequest, LedgerEntry
from kwtsms_bot.outbox.dispatch.retry import STALLED_REASON
from kwtsms_bot.outbox.states import TRANSITIONS, State

ARRIVED = frozenset({State.SENT, State.DELIVERED, State.UNDELIVERED, State.STUCK})
UNFINISHED = frozenset({State.QUEUED, State.CLAIMED, State.IN_FLIGHT})
# A person resends an unknown message; its lost answer may still come before the resend.
BY_PERSON = {(State.UNKNOWN, State.QUEUED), (State.QUEUED, State.SENT)}
GIVEN_UP = frozenset({State.REJECTED, State.CANCELLED, State.EXPIRED})
# Refusals that pass by themselves or can be fixed at kwtSMS (docs/outbox.md). Others are final.
TRANSIENT = frozenset(f"ERR{code:03}" for code in (1, 3, 4, 5, 8, 10, 11, 13, 24, 28, 33))
NOT_STARTED = frozenset({STALLED_REASON, "Can't reach kwtSMS."})
MAX_SHOWN = 5  # Findings of one kind in a report.


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The limits and exceptions that apply to a run."""

    interval: float = 0.5  # Seconds between two requests.
    repeat_seconds: float = 15.0  # The gateway's pause between two messages to one number.
    manual_resends: frozenset[str] = frozenset()  # Texts that a person resent.
    min_accepted_share: float = 0.0  # The minimum share of accepted messages.


@dataclass(frozen=True, slots=True)
class RunStatistics:
    """The figures of a run."""

    messages: int = 0
    kills: int = 0
    lost: int = 0
    doubled: int = 0
    unknown: int = 0
    unexplained: int = 0
    too_fast: int = 0
    illegal: int = 0

    def __add__(self, other: "RunStatistics") -> "RunStatistics":
        return RunStatistics(
            *(getattr(self, name) + getattr(other, name) for name in self.__slots__)
        )

    def __str__(self) -> str:
        return (
            f"{self.messages} messages, {self.kills} kills, {self.lost} lost, "
            f"{self.doubled} doubled, {self.unknown} unknown, {self.unexplained} of them without a "
            f"reason, {self.too_fast} over the pace, {self.illegal} illegal steps"
        )


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The figures of a run and its findings by kind."""

    statistics: RunStatistics
    findings: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def report(self) -> str:
        """The figures and the first findings of each kind."""
        lines = [str(self.statistics)]
        for kind, found in self.findings.items():
            lines += [f"{kind}: {len(found)}", *(f"  {one}" for one in found[:MAX_SHOWN])]
        return "\n".join(lines)


def check(evidence: Evidence, rules: Rules) -> CheckResult:
    """Checks the evidence of a run."""
    findings = {
        "lost": [*_lost(evidence)],
        "not accepted": [*_not_accepted(evidence, rules)],
        "doubled": [*_doubled(evidence, rules)],
        "without a reason": [*reasons.unexplained(evidence, rules.manual_resends)],
        "not flagged": [*_not_flagged(evidence)],
        "wrong id": [*_wrong_id(evidence, rules)],
        "stale card": [*cards.stale_cards(evidence.rows)],
        "told wrongly": [*_wrong_replies(evidence)],
        "over the pace": [*request_rate.rate_violations(evidence.requests, rules.interval)],
        "illegal steps": [*_illegal_transitions(evidence, rules)],
        "within 15 s": [*_cooldown_violations(evidence.requests, rules)],
        "run twice": [*_run_twice(evidence)],
    }
    statistics = RunStatistics(
        messages=len(evidence.submissions),
        kills=evidence.kills,
        lost=len(findings["lost"]),
        doubled=len(findings["doubled"]),
        unknown=sum(row.state is State.UNKNOWN for row in evidence.rows),
        unexplained=len(findings["without a reason"]),
        too_fast=len(findings["over the pace"]),
        illegal=len(findings["illegal steps"]),
    )
    return CheckResult(statistics, {kind: found for kind, found in findings.items() if found})


def _lost(evidence: Evidence) -> Iterator[str]:
    """Yields accepted messages without an end state, or with one the gateway does not confirm."""
    known = {(row.text, row.phone) for row in evidence.rows}
    for one in evidence.submissions:
        for phone in one.numbers if one.outcome is AckOutcome.ACCEPTED else ():
            if (one.text, phone) not in known:
                yield f"{one.text!r} was acknowledged and is not in the database"
    ledger, refused = _copies(evidence.ledger), _refusals(evidence.requests, TRANSIENT)
    for row in evidence.rows:
        if row.state in UNFINISHED:
            yield f"{row.text!r} is still {row.state}"
        elif row.state in ARRIVED and not ledger[row.text, row.phone]:
            yield f"{row.text!r} is {row.state} and not in the ledger"
        elif row.state in GIVEN_UP and not refused[row.text, row.phone]:
            yield f"{row.text!r} is {row.state}, and the gateway never refused it for good"


def _not_accepted(evidence: Evidence, rules: Rules) -> Iterator[str]:
    """Yields a finding if too few messages were accepted: a bot that accepts none loses none."""
    outcomes = Counter(one.outcome for one in evidence.submissions)
    if outcomes[AckOutcome.ACCEPTED] < rules.min_accepted_share * len(evidence.submissions):
        accepted, total = outcomes[AckOutcome.ACCEPTED], len(evidence.submissions)
        yield f"only {accepted} of {total} messages were accepted"


def _doubled(evidence: Evidence, rules: Rules) -> Iterator[str]:
    for (text, _), count in _copies(evidence.ledger).items():
        if count > 1 and text not in rules.manual_resends:
            yield f"{text!r} is in the ledger {count} times for one number"
    messages = Counter(text for text, _ in {(row.text, row.message) for row in evidence.rows})
    for text, count in messages.items():
        if count > 1:
            yield f"{text!r} was accepted {count} times"
    yield from _retried_without_refusal(evidence, rules)
    yield from reasons.wrongly_treated_as_unsent(evidence)


def _retried_without_refusal(evidence: Evidence, rules: Rules) -> Iterator[str]:
    """Yields messages that were sent again without a refusal of the previous attempt.

    The gateway does not read the text of some requests that it cuts off, so attempts in flight are
    counted instead of requests. A bot may report that an attempt was not started; the gateway's
    records verify that.
    """
    attempts = Counter(
        transition.recipient
        for transition in evidence.transitions
        if transition.after is State.IN_FLIGHT
    )
    refusals = _refusals(evidence.requests)
    not_started = Counter(
        transition.recipient
        for transition in evidence.transitions
        if transition.before is State.IN_FLIGHT and transition.reason in NOT_STARTED
    )
    for row in evidence.rows:
        if row.text in rules.manual_resends:
            continue
        allowed = 1 + refusals[row.text, row.phone] + not_started[row.id]
        if attempts[row.id] > allowed:
            times = attempts[row.id]
            yield f"{row.text!r} was in flight {times} times, and {allowed} are explained"


def _not_flagged(evidence: Evidence) -> Iterator[str]:
    """Yields numbers in the ledger that are neither sent nor shown as unknown."""
    states = {(row.text, row.phone): row for row in evidence.rows}
    for text, phone in _copies(evidence.ledger):
        row = states.get((text, phone))
        if row is None:
            yield f"{text!r} is in the ledger and not in the database"
        elif row.state not in ARRIVED and row.state is not State.UNKNOWN:
            yield f"{text!r} is in the ledger and {row.state} in the database"
    for row in evidence.rows:
        if row.state is State.UNKNOWN and "may have been sent" not in row.card:
            yield f"{row.text!r} is unknown, and its card does not say so"
        elif not row.shown:
            yield f"{row.text!r} is {row.state}, and its card is not up to date"


def _wrong_id(evidence: Evidence, rules: Rules) -> Iterator[str]:
    """Yields sent messages with a wrong gateway ID, which would break their delivery reports."""
    ids = {
        (entry.text, phone, entry.message_id)
        for entry in evidence.ledger
        for phone in entry.numbers
    }
    for row in evidence.rows:
        if row.state not in ARRIVED or row.text in rules.manual_resends:
            continue
        if (row.text, row.phone, row.gateway_id) not in ids:
            yield f"{row.text!r} is stored as {row.gateway_id}, which the gateway does not call it"


def _wrong_replies(evidence: Evidence) -> Iterator[str]:
    known = {row.text for row in evidence.rows}
    for one in evidence.submissions:
        if one.outcome is AckOutcome.REFUSED and one.text in known:
            yield f"{one.text!r} was refused ({one.reply[:60]!r}) and is in the database"
        elif one.outcome is AckOutcome.WAITING:
            yield f"the workflow of {one.text!r} waits for ever"


def _illegal_transitions(evidence: Evidence, rules: Rules) -> Iterator[str]:
    texts = {row.id: row.text for row in evidence.rows}
    for transition in evidence.transitions:
        text = texts.get(transition.recipient, "?")
        if transition.before is None:
            if transition.after is not State.QUEUED:
                yield f"{text!r} began as {transition.after}"
            continue
        by_person = (transition.before, transition.after) in BY_PERSON
        if transition.after not in TRANSITIONS[transition.before] or (
            by_person and text not in rules.manual_resends
        ):
            yield f"{text!r} went from {transition.before} to {transition.after}"


def _cooldown_violations(requests: Sequence[GatewayRequest], rules: Rules) -> Iterator[str]:
    """Yields requests to numbers for which the gateway had just accepted a message."""
    accepted_at: dict[str, float] = {}
    for request in sorted(requests, key=lambda one: one.at):
        for phone in request.numbers if request.endpoint == "send" else ():
            if request.at - accepted_at.get(phone, float("-inf")) < rules.repeat_seconds:
                yield f"{request.text!r} went to a number that had just been written to"
            if not request.outcome.startswith("ERR"):
                accepted_at[phone] = request.at


def _run_twice(evidence: Evidence) -> Iterator[str]:
    polls = sum(request.endpoint == "balance" for request in evidence.requests)
    if polls > evidence.job_slots:
        yield f"the balance was asked {polls} times in {evidence.job_slots} slots"


def _copies(ledger: Sequence[LedgerEntry]) -> Counter[tuple[str, str]]:
    copies: Counter[tuple[str, str]] = Counter()
    for entry in ledger:
        copies.update((entry.text, phone) for phone in entry.numbers)
    return copies


def _refusals(
    requests: Sequence[GatewayRequest], ignored: frozenset[str] = frozenset()
) -> Counter[tuple[str, str]]:
    """The number of refusals by text and phone number."""
    return Counter(
        (request.text, phone)
        for request in requests
        if request.outcome.startswith("ERR") and request.outcome not in ignored
        for phone in request.numbers
    )

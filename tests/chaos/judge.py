"""Compares what people were told, what the database says and what the gateway saw. Pure.

The gateway's ledger is the truth about what was sent. Every finding is a sentence; no findings, no
fault.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from chaos import cards, pace, reasons
from chaos.evidence import Entry, Evidence, Request, Told
from kwtsms_bot.outbox.message import TRANSITIONS, State
from kwtsms_bot.outbox.retry import STOOD_STILL

ARRIVED = frozenset({State.SENT, State.DELIVERED, State.UNDELIVERED, State.STUCK})
UNFINISHED = frozenset({State.QUEUED, State.CLAIMED, State.IN_FLIGHT})
# A person sends again what is unknown, and the answer that was lost comes before it leaves again.
BY_PERSON = {(State.UNKNOWN, State.QUEUED), (State.QUEUED, State.SENT)}
GIVEN_UP = frozenset({State.REJECTED, State.CANCELLED, State.EXPIRED})
# Refusals that pass by themselves, or that somebody mends at kwtSMS: docs/outbox.md. Others last.
PASSING = frozenset(f"ERR{code:03}" for code in (1, 3, 4, 5, 8, 10, 11, 13, 24, 28, 33))
NOT_BEGUN = frozenset({STOOD_STILL, "kwtSMS cannot be reached from here."})
MAX_SHOWN = 5  # Findings of one kind in a report.


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What holds for this run."""

    interval: float = 0.5  # Seconds between two requests.
    repeat_seconds: float = 15.0  # The gateway's pause between two messages to one number.
    by_hand: frozenset[str] = frozenset()  # Texts that a person sent again.
    served: float = 0.0  # The share of what people ask that has to be accepted.


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run came to, in numbers."""

    messages: int = 0
    kills: int = 0
    lost: int = 0
    doubled: int = 0
    unknown: int = 0
    unexplained: int = 0
    over_pace: int = 0
    illegal: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    def __str__(self) -> str:
        return (
            f"{self.messages} messages, {self.kills} kills, {self.lost} lost, "
            f"{self.doubled} doubled, {self.unknown} unknown, {self.unexplained} of them without a "
            f"reason, {self.over_pace} over the pace, {self.illegal} illegal steps"
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """The figures, and what is wrong by kind."""

    figures: Figures
    findings: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def report(self) -> str:
        """The figures and the first findings of each kind."""
        lines = [str(self.figures)]
        for kind, found in self.findings.items():
            lines += [f"{kind}: {len(found)}", *(f"  {one}" for one in found[:MAX_SHOWN])]
        return "\n".join(lines)


def judge(evidence: Evidence, rules: Rules) -> Verdict:
    """What is to be said of a run."""
    findings = {
        "lost": [*_lost(evidence)],
        "not accepted": [*_not_accepted(evidence, rules)],
        "doubled": [*_doubled(evidence, rules)],
        "without a reason": [*reasons.without_reason(evidence, rules.by_hand)],
        "not flagged": [*_not_flagged(evidence)],
        "wrong id": [*_wrong_id(evidence, rules)],
        "stale card": [*cards.stale(evidence.rows)],
        "told wrongly": [*_told_wrongly(evidence)],
        "over the pace": [*pace.over_pace(evidence.requests, rules.interval)],
        "illegal steps": [*_illegal(evidence, rules)],
        "within 15 s": [*_too_soon(evidence.requests, rules)],
        "run twice": [*_run_twice(evidence)],
    }
    figures = Figures(
        messages=len(evidence.asked),
        kills=evidence.kills,
        lost=len(findings["lost"]),
        doubled=len(findings["doubled"]),
        unknown=sum(row.state is State.UNKNOWN for row in evidence.rows),
        unexplained=len(findings["without a reason"]),
        over_pace=len(findings["over the pace"]),
        illegal=len(findings["illegal steps"]),
    )
    return Verdict(figures, {kind: found for kind, found in findings.items() if found})


def _lost(evidence: Evidence) -> Iterator[str]:
    """What was accepted and has no end, or one that the gateway knows nothing of."""
    known = {(row.text, row.phone) for row in evidence.rows}
    for one in evidence.asked:
        for phone in one.numbers if one.told is Told.ACCEPTED else ():
            if (one.text, phone) not in known:
                yield f"{one.text!r} was acknowledged and is not in the database"
    ledger, refused = _copies(evidence.ledger), _refusals(evidence.requests, PASSING)
    for row in evidence.rows:
        if row.state in UNFINISHED:
            yield f"{row.text!r} is still {row.state}"
        elif row.state in ARRIVED and not ledger[row.text, row.phone]:
            yield f"{row.text!r} is {row.state} and not in the ledger"
        elif row.state in GIVEN_UP and not refused[row.text, row.phone]:
            yield f"{row.text!r} is {row.state}, and the gateway never refused it for good"


def _not_accepted(evidence: Evidence, rules: Rules) -> Iterator[str]:
    """A bot that takes nothing in loses nothing, and is of no use."""
    told = Counter(one.told for one in evidence.asked)
    if told[Told.ACCEPTED] < rules.served * len(evidence.asked):
        yield f"only {told[Told.ACCEPTED]} of {len(evidence.asked)} messages were accepted"


def _doubled(evidence: Evidence, rules: Rules) -> Iterator[str]:
    for (text, _), count in _copies(evidence.ledger).items():
        if count > 1 and text not in rules.by_hand:
            yield f"{text!r} is in the ledger {count} times for one number"
    messages = Counter(text for text, _ in {(row.text, row.message) for row in evidence.rows})
    for text, count in messages.items():
        if count > 1:
            yield f"{text!r} was accepted {count} times"
    yield from _tried_again(evidence, rules)
    yield from reasons.taken_for_unsent(evidence)


def _tried_again(evidence: Evidence, rules: Rules) -> Iterator[str]:
    """What went out once more although the gateway had not refused the time before.

    The gateway reads no text of some requests that it cuts off, so flights are counted and not
    requests. A bot may say that it had not begun: what the gateway saw checks that.
    """
    flights = Counter(step.recipient for step in evidence.steps if step.after is State.IN_FLIGHT)
    refusals = _refusals(evidence.requests)
    not_begun = Counter(
        step.recipient
        for step in evidence.steps
        if step.before is State.IN_FLIGHT and step.reason in NOT_BEGUN
    )
    for row in evidence.rows:
        if row.text in rules.by_hand:
            continue
        allowed = 1 + refusals[row.text, row.phone] + not_begun[row.id]
        if flights[row.id] > allowed:
            yield f"{row.text!r} was in flight {flights[row.id]} times, and {allowed} are explained"


def _not_flagged(evidence: Evidence) -> Iterator[str]:
    """Every number in the ledger is sent or unknown to us, and the unknown is shown as that."""
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
    """What is sent is stored under the id that the gateway gave it: a report is asked for by it."""
    ids = {
        (entry.text, phone, entry.message_id)
        for entry in evidence.ledger
        for phone in entry.numbers
    }
    for row in evidence.rows:
        if row.state not in ARRIVED or row.text in rules.by_hand:
            continue
        if (row.text, row.phone, row.gateway_id) not in ids:
            yield f"{row.text!r} is stored as {row.gateway_id}, which the gateway does not call it"


def _told_wrongly(evidence: Evidence) -> Iterator[str]:
    known = {row.text for row in evidence.rows}
    for one in evidence.asked:
        if one.told is Told.REFUSED and one.text in known:
            yield f"{one.text!r} was refused ({one.words[:60]!r}) and is in the database"
        elif one.told is Told.WAITING:
            yield f"the workflow of {one.text!r} waits for ever"


def _illegal(evidence: Evidence, rules: Rules) -> Iterator[str]:
    texts = {row.id: row.text for row in evidence.rows}
    for step in evidence.steps:
        text = texts.get(step.recipient, "?")
        if step.before is None:
            if step.after is not State.QUEUED:
                yield f"{text!r} began as {step.after}"
            continue
        by_person = (step.before, step.after) in BY_PERSON
        if step.after not in TRANSITIONS[step.before] or (by_person and text not in rules.by_hand):
            yield f"{text!r} went from {step.before} to {step.after}"


def _too_soon(requests: Sequence[Request], rules: Rules) -> Iterator[str]:
    """A number that was written to although the gateway had just taken a message for it."""
    taken: dict[str, float] = {}
    for request in sorted(requests, key=lambda one: one.at):
        for phone in request.numbers if request.endpoint == "send" else ():
            if request.at - taken.get(phone, float("-inf")) < rules.repeat_seconds:
                yield f"{request.text!r} went to a number that had just been written to"
            if not request.outcome.startswith("ERR"):
                taken[phone] = request.at


def _run_twice(evidence: Evidence) -> Iterator[str]:
    asked = sum(request.endpoint == "balance" for request in evidence.requests)
    if asked > evidence.ticks:
        yield f"the balance was asked {asked} times in {evidence.ticks} slots"


def _copies(ledger: Sequence[Entry]) -> Counter[tuple[str, str]]:
    copies: Counter[tuple[str, str]] = Counter()
    for entry in ledger:
        copies.update((entry.text, phone) for phone in entry.numbers)
    return copies


def _refusals(
    requests: Sequence[Request], besides: frozenset[str] = frozenset()
) -> Counter[tuple[str, str]]:
    """How often the gateway said no to each text and number."""
    return Counter(
        (request.text, phone)
        for request in requests
        if request.outcome.startswith("ERR") and request.outcome not in besides
        for phone in request.numbers
    )

"""Compares what people were told, what the database says and what the gateway saw. Pure.

The gateway's ledger is the truth about what was sent. Every finding is a sentence; no findings, no
fault.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from chaos.evidence import Entry, Evidence, Request, Told
from kwtsms_bot.outbox.message import TRANSITIONS, State
from kwtsms_bot.outbox.retry import STOOD_STILL

ARRIVED = frozenset({State.SENT, State.DELIVERED, State.UNDELIVERED, State.STUCK})
UNFINISHED = frozenset({State.QUEUED, State.CLAIMED, State.IN_FLIGHT})
# A person sends again what is unknown, and the answer that was lost comes before it leaves again.
BY_PERSON = {(State.UNKNOWN, State.QUEUED), (State.QUEUED, State.SENT)}
MAX_STARTS = 3  # In any one second, at two requests a second.
SECOND = 2  # One second, in intervals of the pace.
TEN_SECONDS = 20  # Ten of them: what the pace is on average.
MAX_SHOWN = 5  # Findings of one kind in a report.


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What holds for this run."""

    interval: float = 0.5  # Seconds between two requests.
    jitter: float = 0.0  # Seconds by which a busy machine may delay one request: it does not scale.
    repeat_seconds: float = 15.0  # The gateway's pause between two messages to one number.
    by_hand: frozenset[str] = frozenset()  # Texts that a person sent again.


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run came to, in numbers."""

    messages: int = 0
    kills: int = 0
    lost: int = 0
    doubled: int = 0
    unknown: int = 0
    over_pace: int = 0
    illegal: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    def __str__(self) -> str:
        return (
            f"{self.messages} messages, {self.kills} kills, {self.lost} lost, "
            f"{self.doubled} doubled, {self.unknown} unknown, {self.over_pace} over the pace, "
            f"{self.illegal} illegal steps"
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
        "doubled": [*_doubled(evidence, rules)],
        "not flagged": [*_not_flagged(evidence)],
        "told wrongly": [*_told_wrongly(evidence)],
        "over the pace": [*over_pace(evidence.requests, rules)],
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
        over_pace=len(findings["over the pace"]),
        illegal=len(findings["illegal steps"]),
    )
    return Verdict(figures, {kind: found for kind, found in findings.items() if found})


def _lost(evidence: Evidence) -> Iterator[str]:
    """What was accepted and did not come to a final state, or is called sent and was not."""
    known = {(row.text, row.phone) for row in evidence.rows}
    for one in evidence.asked:
        for phone in one.numbers if one.told is Told.ACCEPTED else ():
            if (one.text, phone) not in known:
                yield f"{one.text!r} was acknowledged and is not in the database"
    ledger = _copies(evidence.ledger)
    for row in evidence.rows:
        if row.state in UNFINISHED:
            yield f"{row.text!r} is still {row.state}"
        elif row.state in ARRIVED and not ledger[row.text, row.phone]:
            yield f"{row.text!r} is {row.state} and not in the ledger"


def _doubled(evidence: Evidence, rules: Rules) -> Iterator[str]:
    for (text, _), count in _copies(evidence.ledger).items():
        if count > 1 and text not in rules.by_hand:
            yield f"{text!r} is in the ledger {count} times for one number"
    messages = Counter(text for text, _ in {(row.text, row.message) for row in evidence.rows})
    for text, count in messages.items():
        if count > 1:
            yield f"{text!r} was accepted {count} times"
    yield from _tried_again(evidence, rules)


def _tried_again(evidence: Evidence, rules: Rules) -> Iterator[str]:
    """What went out once more although the gateway had not refused the time before.

    The gateway reads no text of some requests that it cuts off, so flights are counted and not
    requests. A bot that stood still may say that it had not begun; the ledger checks that.
    """
    flights = Counter(step.recipient for step in evidence.steps if step.after is State.IN_FLIGHT)
    refusals = Counter(
        (request.text, phone)
        for request in evidence.requests
        if request.outcome.startswith("ERR")
        for phone in request.numbers
    )
    not_begun = Counter(
        step.recipient
        for step in evidence.steps
        if (step.before, step.reason) == (State.IN_FLIGHT, STOOD_STILL)
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
        if row.state is State.UNKNOWN and not row.told_unknown:
            yield f"{row.text!r} is unknown, and its card does not say so"
        elif not row.shown:
            yield f"{row.text!r} is {row.state}, and its card is not up to date"


def _told_wrongly(evidence: Evidence) -> Iterator[str]:
    known = {row.text for row in evidence.rows}
    for one in evidence.asked:
        if one.told is Told.REFUSED and one.text in known:
            yield f"{one.text!r} was refused ({one.words[:60]!r}) and is in the database"
        elif one.told is Told.WAITING:
            yield f"the workflow of {one.text!r} waits for ever"


def over_pace(requests: Sequence[Request], rules: Rules) -> Iterator[str]:
    """Each request that is one too many for its second, or for its ten seconds (scaled)."""
    starts = sorted(request.at for request in requests)
    second, ten = SECOND * rules.interval - rules.jitter, TEN_SECONDS * rules.interval
    in_ten = TEN_SECONDS + MAX_STARTS + ceil(rules.jitter / rules.interval)
    for most, window in ((MAX_STARTS, second), (in_ten, ten)):
        for first, last in zip(starts, starts[most:], strict=False):
            if last - first < window:
                yield f"{most + 1} requests began within {last - first:.3f} s, until {last:.3f}"


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

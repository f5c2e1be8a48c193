"""The checker on constructed evidence: it finds each fault, and none in a correct run."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from chaos import cards
from chaos.checker import Rules, RunStatistics, check
from chaos.evidence import (
    AckOutcome,
    Evidence,
    GatewayRequest,
    LedgerEntry,
    Row,
    StateTransition,
    Submission,
)
from chaos.request_rate import rate_violations
from kwtsms_bot.outbox.states import State

PHONE = "96598765432"
LIFECYCLE = (None, State.QUEUED, State.CLAIMED, State.IN_FLIGHT, State.SENT)
ROW = Row(
    id=1,
    message=1,
    text="hi",
    phone=PHONE,
    state=State.SENT,
    gateway_id="a",
    card="Sent to 965•••••432\n│ hi",
    shown=True,
    call=1,
    owner=7,
)
UNKNOWN = replace(
    ROW, state=State.UNKNOWN, card="Status unknown – may have been sent · 965•••••432\n│ hi"
)
REJECTED = replace(ROW, state=State.REJECTED, card="Rejected by kwtSMS · 965•••••432\n│ hi")

ENTRY = LedgerEntry("a", "hi", (PHONE,))
SEND = GatewayRequest(at=100.0, endpoint="send", outcome="OK", text="hi", numbers=(PHONE,))
CUT_OFF = GatewayRequest(at=100.0, endpoint="send", outcome="reset_before", text="", numbers=())
BALANCE = GatewayRequest(at=200.0, endpoint="balance", outcome="OK", text="", numbers=())


def transitions(*states: State | None) -> tuple[StateTransition, ...]:
    """Transitions of a recipient, 0.1 s apart, in flight just before SEND."""
    return tuple(
        StateTransition(1, before, after, at=99.7 + number / 10)
        for number, (before, after) in enumerate(itertools.pairwise(states))
        if after is not None
    )


def refused(code: str) -> GatewayRequest:
    """A send that the gateway refused."""
    return replace(SEND, outcome=code)


CORRECT = Evidence(
    submissions=(Submission("hi", (PHONE,), AckOutcome.ACCEPTED),),
    rows=(ROW,),
    transitions=transitions(*LIFECYCLE),
    requests=(SEND, BALANCE),
    ledger=(ENTRY,),
    job_slots=1,
    kills=2,
)
LOST = replace(CORRECT, rows=(UNKNOWN,), transitions=transitions(*LIFECYCLE[:4], State.UNKNOWN))
AGAIN = (State.IN_FLIGHT, State.QUEUED, State.CLAIMED, State.IN_FLIGHT)


def test_a_correct_run_has_no_findings() -> None:
    """A message that is sent once causes no finding."""
    result = check(CORRECT, Rules())

    assert result.findings == {}
    assert result.statistics == RunStatistics(messages=1, kills=2)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("lost", {"rows": ()}),
        ("lost", {"ledger": ()}),
        ("lost", {"rows": (replace(ROW, state=State.QUEUED),), "ledger": ()}),
        ("lost", {"rows": (replace(ROW, state=State.EXPIRED),), "ledger": ()}),
        ("lost", {"rows": (replace(ROW, state=State.CANCELLED),), "ledger": ()}),
        ("lost", {"rows": (REJECTED,), "ledger": ()}),
        ("lost", {"rows": (REJECTED,), "ledger": (), "requests": (refused("ERR013"),)}),
        ("doubled", {"ledger": (ENTRY, ENTRY)}),
        ("doubled", {"rows": (ROW, replace(ROW, id=2, message=2))}),
        ("doubled", {"transitions": transitions(*LIFECYCLE[:3], *AGAIN, State.SENT)}),
        ("doubled", {"requests": (SEND, CUT_OFF)}),
        ("not flagged", {"rows": (REJECTED,)}),
        ("not flagged", {"rows": (replace(ROW, state=State.UNKNOWN),)}),
        ("without a reason", {"rows": (UNKNOWN,), "transitions": LOST.transitions}),
        ("wrong id", {"rows": (replace(ROW, gateway_id="b"),)}),
        ("wrong id", {"rows": (replace(ROW, gateway_id=None),)}),
        ("stale card", {"rows": (replace(ROW, card="Being sent · 965•••••432\n│ hi"),)}),
        ("stale card", {"rows": (replace(ROW, card=UNKNOWN.card),)}),
        ("stale card", {"rows": (replace(ROW, card="Sent to 965•••••432\n│ another"),)}),
        ("not flagged", {"rows": (replace(ROW, shown=False),)}),
        ("not flagged", {"submissions": (), "rows": ()}),
        ("told wrongly", {"submissions": (Submission("hi", (PHONE,), AckOutcome.REFUSED, "no"),)}),
        ("told wrongly", {"submissions": (Submission("hi", (PHONE,), AckOutcome.WAITING, ""),)}),
        ("over the pace", {"requests": [replace(BALANCE, at=n / 4) for n in range(4)]}),
        ("over the pace", {"requests": [replace(BALANCE, at=n * 0.4) for n in range(30)]}),
        ("illegal steps", {"transitions": transitions(None, State.QUEUED, State.SENT)}),
        (
            "illegal steps",
            {"transitions": transitions(*LIFECYCLE[:4], State.UNKNOWN, State.QUEUED)},
        ),
        ("illegal steps", {"transitions": transitions(None, State.SENT)}),
        ("within 15 s", {"requests": (SEND, replace(SEND, at=114.9))}),
        ("run twice", {"requests": (BALANCE, BALANCE)}),
    ],
)
def test_a_fault_is_found(kind: str, changes: dict[str, Any]) -> None:
    """Each fault has a finding of its kind."""
    assert kind in check(replace(CORRECT, **changes), Rules()).findings


def test_what_the_gateway_refused_for_good_is_not_lost() -> None:
    """A final refusal is an end state that people see."""
    evidence = replace(
        CORRECT,
        rows=(REJECTED,),
        transitions=transitions(*LIFECYCLE[:4], State.REJECTED),
        requests=(refused("ERR027"), BALANCE),
        ledger=(),
    )

    assert check(evidence, Rules()).findings == {}


def test_a_bot_that_accepts_nothing_is_found() -> None:
    """A bot that accepts nothing has lost nothing, so this is a finding of its own."""
    evidence = replace(
        CORRECT,
        submissions=(Submission("hi", (PHONE,), AckOutcome.NOTHING),),
        rows=(),
        transitions=(),
        ledger=(),
    )

    assert [*check(evidence, Rules(min_accepted_share=0.9)).findings] == ["not accepted"]


def test_a_card_counts_the_numbers_of_each_state() -> None:
    """Counts are listed in the order of the states."""
    other = replace(UNKNOWN, id=2, phone="96598765433")
    text = "1 sent · 1 status unknown – may have been sent\n│ hi"
    rows = (replace(ROW, card=text), replace(other, card=text))

    assert [*cards.stale_cards(rows)] == []
    assert [*cards.stale_cards((rows[0],))] != []


def test_what_the_gateway_refused_may_go_again() -> None:
    """ERR013 and ERR028 prove that nothing was sent."""
    evidence = replace(
        CORRECT,
        transitions=transitions(*LIFECYCLE[:3], *AGAIN, State.SENT),
        requests=(replace(refused("ERR013"), at=50.0), SEND, BALANCE),
    )

    assert check(evidence, Rules()).findings == {}


def test_what_a_person_sent_again_is_no_fault() -> None:
    """A resend by a person may duplicate a message."""
    evidence = replace(
        CORRECT,
        transitions=transitions(*LIFECYCLE[:4], State.UNKNOWN, *LIFECYCLE[1:]),
        ledger=(ENTRY, ENTRY),
    )

    assert check(evidence, Rules(manual_resends=frozenset({"hi"}))).findings == {}


def test_three_in_a_second_are_within_the_rate() -> None:
    """The average is two a second, and a short delay may bring three together."""
    assert [*rate_violations(requests_at(0.0, 0.45, 0.9, 1.05, 1.6, 2.1), 0.5)] == []


@pytest.mark.parametrize(
    ("starts", "interval"),
    [
        ((0.0, 9.0, 9.3, 9.6, 9.9), 0.5),  # Four in a second, after a pause.
        ((0.0, 0.5, 0.75, 1.0, 1.25, 1.9), 0.5),  # Five in a second and a half.
        (tuple(n * 0.476 for n in range(22)), 0.5),  # A little too fast all the time.
        ((0.0, 9.0, 9.01, 9.02, 9.04), 0.1),  # The first burst at five times the rate.
        ((0.0, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45), 0.1),
    ],
)
def test_a_burst_is_found_at_any_rate(starts: tuple[float, ...], interval: float) -> None:
    """The gateway's clock counts, and a long pause does not allow a burst."""
    assert [*rate_violations(requests_at(*starts), interval)]


def test_a_slot_may_be_a_quarter_of_a_second_old() -> None:
    """At five times the rate that is more than two intervals, and still allowed."""
    assert [*rate_violations(requests_at(0.24, 0.25, 0.28, 0.3, 0.4, 0.5), 0.1)] == []


def requests_at(*starts: float) -> tuple[GatewayRequest, ...]:
    """Requests that began at these times."""
    return tuple(replace(BALANCE, at=at) for at in starts)

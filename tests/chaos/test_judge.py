"""The judge, on evidence made by hand: each fault is found, and an honest run has none."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from chaos.evidence import Asked, Entry, Evidence, Request, Row, Step, Told
from chaos.judge import Figures, Rules, judge
from kwtsms_bot.outbox.message import State

PHONE = "96598765432"
LIFE = (None, State.QUEUED, State.CLAIMED, State.IN_FLIGHT, State.SENT)
ROW = Row(
    id=1,
    message=1,
    text="hi",
    phone=PHONE,
    state=State.SENT,
    gateway_id="a",
    told_unknown=False,
    shown=True,
)
ENTRY = Entry("a", "hi", (PHONE,))
SEND = Request(at=100.0, endpoint="send", outcome="OK", text="hi", numbers=(PHONE,))
BALANCE = Request(at=200.0, endpoint="balance", outcome="OK", text="", numbers=())


def steps(*states: State | None) -> tuple[Step, ...]:
    """A recipient's life."""
    return tuple(
        Step(1, before, after) for before, after in itertools.pairwise(states) if after is not None
    )


HONEST = Evidence(
    asked=(Asked("hi", (PHONE,), Told.ACCEPTED),),
    rows=(ROW,),
    steps=steps(*LIFE),
    requests=(SEND, BALANCE),
    ledger=(ENTRY,),
    ticks=1,
    kills=2,
)
AGAIN = (State.IN_FLIGHT, State.QUEUED, State.CLAIMED, State.IN_FLIGHT)


def test_an_honest_run_has_no_findings() -> None:
    """One message, sent once."""
    verdict = judge(HONEST, Rules())

    assert verdict.findings == {}
    assert verdict.figures == Figures(messages=1, kills=2)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("lost", {"rows": ()}),
        ("lost", {"ledger": ()}),
        ("lost", {"rows": (replace(ROW, state=State.QUEUED),), "ledger": ()}),
        ("doubled", {"ledger": (ENTRY, ENTRY)}),
        ("doubled", {"rows": (ROW, replace(ROW, id=2, message=2))}),
        ("doubled", {"steps": steps(*LIFE[:3], *AGAIN, State.SENT)}),
        ("not flagged", {"rows": (replace(ROW, state=State.REJECTED),)}),
        ("not flagged", {"rows": (replace(ROW, state=State.UNKNOWN),)}),
        ("not flagged", {"rows": (replace(ROW, shown=False),)}),
        ("not flagged", {"asked": (), "rows": ()}),
        ("told wrongly", {"asked": (Asked("hi", (PHONE,), Told.REFUSED, "no"),)}),
        ("told wrongly", {"asked": (Asked("hi", (PHONE,), Told.WAITING, ""),)}),
        ("over the pace", {"requests": [replace(BALANCE, at=n / 4) for n in range(4)]}),
        ("over the pace", {"requests": [replace(BALANCE, at=n * 0.4) for n in range(30)]}),
        ("illegal steps", {"steps": steps(None, State.QUEUED, State.SENT)}),
        ("illegal steps", {"steps": steps(*LIFE[:4], State.UNKNOWN, State.QUEUED)}),
        ("illegal steps", {"steps": steps(None, State.SENT)}),
        ("within 15 s", {"requests": (SEND, replace(SEND, at=114.9))}),
        ("run twice", {"requests": (BALANCE, BALANCE)}),
    ],
)
def test_a_fault_is_found(kind: str, changes: dict[str, Any]) -> None:
    """Each is told by its kind."""
    assert kind in judge(replace(HONEST, **changes), Rules()).findings


def test_what_the_gateway_refused_may_go_again() -> None:
    """ERR013 and ERR028 prove that nothing was sent."""
    refused = replace(SEND, at=50.0, outcome="ERR013")
    evidence = replace(
        HONEST, steps=steps(*LIFE[:3], *AGAIN, State.SENT), requests=(refused, SEND, BALANCE)
    )

    assert judge(evidence, Rules()).findings == {}


def test_what_a_person_sent_again_is_no_fault() -> None:
    """The person was told that it may be sent twice."""
    evidence = replace(
        HONEST,
        steps=steps(*LIFE[:4], State.UNKNOWN, *LIFE[1:]),
        ledger=(ENTRY, ENTRY),
    )

    assert judge(evidence, Rules(by_hand=frozenset({"hi"}))).findings == {}


def test_three_in_a_second_are_within_the_pace() -> None:
    """Two a second on average; a moment's delay may bring three together."""
    requests = tuple(replace(BALANCE, at=at) for at in (0.0, 0.45, 0.9, 1.05, 1.6, 2.1))

    assert judge(replace(HONEST, requests=requests, ticks=6), Rules()).findings == {}

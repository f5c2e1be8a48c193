"""What follows from what a call came to."""

from datetime import timedelta
from decimal import Decimal

import pytest

from kwtsms_bot.outbox import retry
from kwtsms_bot.outbox.hold import Heard
from kwtsms_bot.outbox.message import State
from kwtsms_client import Acceptance, KwtSMSError, NotSent, UnknownOutcome
from kwtsms_client.errors import rejection
from support.database import AT


@pytest.mark.parametrize(
    ("error", "tries", "state", "seconds"),
    [
        (NotSent("refused"), 1, State.QUEUED, 2),
        (NotSent("refused"), 3, State.QUEUED, 10),
        (NotSent("refused"), 99, State.QUEUED, 300),
        (UnknownOutcome("cut"), 1, State.UNKNOWN, 0),
        (rejection("ERR013"), 1, State.QUEUED, 30),
        (rejection("ERR013"), 2, State.QUEUED, 60),
        (rejection("ERR013"), 3, State.QUEUED, 120),
        (rejection("ERR013"), 9, State.QUEUED, 120),
        (rejection("ERR028"), 1, State.QUEUED, 16),
        (rejection("ERR003"), 1, State.QUEUED, 5),
        (rejection("ERR010"), 1, State.QUEUED, 5),
        (rejection("ERR008"), 1, State.QUEUED, 5),
        (rejection("ERR024"), 8, State.QUEUED, 300),
        (rejection("ERR025"), 1, State.REJECTED, 0),
        (rejection("ERR026"), 1, State.REJECTED, 0),
        (rejection("ERR031"), 1, State.REJECTED, 0),
        (rejection("ERR002"), 1, State.REJECTED, 0),
        (rejection("ERR999"), 1, State.REJECTED, 0),
    ],
    ids=repr,
)
def test_an_error_decides_what_becomes_of_the_recipients(
    error: KwtSMSError, tries: int, state: State, seconds: int
) -> None:
    """Proven not sent goes back to the queue, a refusal of content ends it, the rest is unknown."""
    plan = retry.failed(error, tries, AT)

    assert (plan.state, plan.due_at - AT) == (state, timedelta(seconds=seconds))


def test_an_acceptance_keeps_what_the_gateway_charged() -> None:
    """Id, points and balance are the gateway's own."""
    answer = Acceptance("f4c8", 2, Decimal(4), Decimal(96), None)
    plan = retry.accepted(answer, 2, AT)

    assert (plan.state, plan.gateway_id, plan.points) == (State.SENT, "f4c8", Decimal(4))
    assert plan.reason is None


def test_a_partial_acceptance_is_told() -> None:
    """KwtSMS says how many numbers it took, and not which: people learn just that."""
    plan = retry.accepted(Acceptance("f4c8", 1, None, None, None), 2, AT)

    assert plan.reason == "kwtSMS took 1 of 2 numbers and does not say which."


def test_whatever_the_gateway_says_can_be_written_down() -> None:
    """PostgreSQL takes no NUL, no half of a character and nothing longer than its column."""
    strange = "\0\ud800" + 600 * "x"
    taken = retry.accepted(Acceptance(strange, 1, Decimal(60 * "9"), Decimal(5), None), 1, AT)
    refused = retry.failed(rejection(strange, strange), 1, AT)
    lost = retry.failed(UnknownOutcome(strange), 1, AT)

    assert taken.gateway_id == "?" + 63 * "x"
    assert (taken.points, taken.balance_after) == (None, Decimal(5))
    assert (refused.code, refused.reason) == ("?" + 19 * "x", "?" + 499 * "x")
    assert lost.reason == refused.reason


@pytest.mark.parametrize(
    ("plan", "heard"),
    [
        (retry.accepted(Acceptance("f4c8", 1, None, None, None), 1, AT), Heard.ANSWER),
        (retry.failed(rejection("ERR013"), 1, AT), Heard.ANSWER),
        (retry.failed(rejection("ERR003"), 1, AT), Heard.ANSWER),
        (retry.failed(rejection("ERR031"), 1, AT), Heard.ANSWER),
        (retry.failed(UnknownOutcome("cut"), 1, AT), Heard.NOTHING),
        (retry.failed(NotSent("refused"), 1, AT), Heard.NOT_ASKED),
        (retry.overslept(AT), Heard.NOT_ASKED),
    ],
    ids=repr,
)
def test_a_refusal_is_an_answer(plan: retry.Plan, heard: Heard) -> None:
    """And what did not leave has heard nothing, good or bad."""
    assert retry.heard(plan) is heard

"""The settlement that follows from the outcome of a call."""

from datetime import timedelta
from decimal import Decimal

import pytest

from kwtsms_bot.outbox.dispatch import retry
from kwtsms_bot.outbox.flow_control.circuit_breaker import ResponseKind
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.states import State
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
def test_an_error_decides_the_outcome_of_the_recipients(
    error: KwtSMSError, tries: int, state: State, seconds: int
) -> None:
    """Proven not sent is requeued, refused content is rejected, the rest becomes unknown."""
    settlement = retry.failed(error, tries, AT)

    assert (settlement.state, settlement.due_at - AT) == (state, timedelta(seconds=seconds))


def test_an_acceptance_keeps_what_the_gateway_charged() -> None:
    """ID, points and balance are taken from the gateway's answer."""
    answer = Acceptance("f4c8", 2, Decimal(4), Decimal(96), None)
    settlement = retry.accepted(answer, 2, AT)

    assert (settlement.state, settlement.gateway_id, settlement.points) == (
        State.SENT,
        "f4c8",
        Decimal(4),
    )
    assert settlement.reason is None


def test_a_partial_acceptance_is_explained() -> None:
    """If kwtSMS accepts only some numbers, the reason says how many, as it does not say which."""
    settlement = retry.accepted(Acceptance("f4c8", 1, None, None, None), 2, AT)

    assert settlement.reason == "kwtSMS took 1 of 2 numbers and does not say which."


def test_whatever_the_gateway_says_can_be_written_down() -> None:
    """NULs and surrogates are replaced and long texts are cut, as PostgreSQL refuses them."""
    strange = "\0\ud800" + 600 * "x"
    accepted = retry.accepted(Acceptance(strange, 1, Decimal(60 * "9"), Decimal(5), None), 1, AT)
    refused = retry.failed(rejection(strange, strange), 1, AT)
    lost = retry.failed(UnknownOutcome(strange), 1, AT)

    assert accepted.gateway_id == "?" + 63 * "x"
    assert (accepted.points, accepted.balance_after) == (None, Decimal(5))
    assert (refused.code, refused.reason) == ("?" + 19 * "x", "?" + 499 * "x")
    assert lost.reason == refused.reason


@pytest.mark.parametrize(
    ("settlement", "response"),
    [
        (retry.accepted(Acceptance("f4c8", 1, None, None, None), 1, AT), ResponseKind.READABLE),
        (retry.failed(rejection("ERR013"), 1, AT), ResponseKind.READABLE),
        (retry.failed(rejection("ERR003"), 1, AT), ResponseKind.READABLE),
        (retry.failed(rejection("ERR031"), 1, AT), ResponseKind.READABLE),
        (retry.failed(UnknownOutcome("cut"), 1, AT), ResponseKind.UNREADABLE),
        (retry.failed(NotSent("refused"), 1, AT), ResponseKind.NOT_SENT),
        (retry.not_sent_after_stall(AT), ResponseKind.NOT_SENT),
    ],
    ids=repr,
)
def test_a_refusal_is_an_answer(settlement: Settlement, response: ResponseKind) -> None:
    """A refusal is a readable answer; a call that did not leave has none."""
    assert retry.response_kind(settlement) is response


@pytest.mark.parametrize("error", [NotSent("refused"), rejection("ERR010"), rejection("ERR013")])
def test_what_is_urgent_is_tried_again_within_half_a_minute(error: KwtSMSError) -> None:
    """However often it has failed, an urgent message waits 30 seconds at most."""
    normal, urgent = retry.failed(error, 9, AT), retry.failed(error, 9, AT, urgent=True)

    assert normal.due_at > AT + timedelta(seconds=30)
    assert urgent.due_at == AT + timedelta(seconds=30)

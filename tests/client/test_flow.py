"""The plans: what is asked and waited for, step by step, without a gateway."""

from typing import Any

import pytest

from kwtsms_client import (
    Acceptance,
    InvalidInput,
    KwtSMSError,
    Outcome,
    SendResult,
    UnknownOutcome,
)
from kwtsms_client import flow as plans
from kwtsms_client.errors import rejection
from kwtsms_client.flow import Pause, Together

OK = Acceptance("f4c8", 1, None, None, None)
NUMBER = "96598765432"


def carry(
    plan: plans.Plan[Any], answers: list[Any], pauses: list[float]
) -> tuple[Any, list[float]]:
    """Carries `plan` with these answers; its result, and the seconds it asked to wait."""
    try:
        step = next(plan)
        while True:
            if isinstance(step, Pause):
                pauses.append(step.seconds)
                step = plan.send(None)
                continue
            if isinstance(step, Together):
                step = plan.send([part(one, answers, pauses) for one in step.plans])
                continue
            answer = answers.pop(0)
            step = plan.throw(answer) if isinstance(answer, Exception) else plan.send(answer)
    except StopIteration as done:
        return done.value, pauses


def part(plan: plans.Plan[Any], answers: list[Any], pauses: list[float]) -> Any:
    """One of several plans: its result, or the error that it ended with."""
    try:
        return carry(plan, answers, pauses)[0]
    except KwtSMSError as error:
        return error


def send(answers: list[Any], **options: Any) -> tuple[SendResult, list[float]]:
    """Carries a send to one number."""
    order = plans.order(NUMBER, "hello", sender="MY-APP", test=False, default_country=None)
    return carry(plans.send(order, **options), answers, [])


@pytest.mark.parametrize(
    ("answers", "options", "outcome", "pauses"),
    [
        ([OK], {}, Outcome.ACCEPTED, []),
        ([rejection("ERR013"), OK], {}, Outcome.ACCEPTED, [30]),
        ([rejection("ERR013")] * 3 + [OK], {}, Outcome.ACCEPTED, [30, 60, 120]),
        ([rejection("ERR013")] * 4, {}, Outcome.REJECTED, [30, 60, 120]),
        ([rejection("ERR028")], {}, Outcome.REJECTED, []),
        ([rejection("ERR028"), OK], {"retries_too_soon": 3}, Outcome.ACCEPTED, [16]),
        ([rejection("ERR028")] * 4, {"retries_too_soon": 3}, Outcome.REJECTED, [16, 16, 16]),
        ([UnknownOutcome("cut")], {"retries_too_soon": 3}, Outcome.UNKNOWN, []),
    ],
)
def test_only_a_refusal_that_passes_is_repeated(
    answers: list[Any], options: dict[str, int], outcome: Outcome, pauses: list[float]
) -> None:
    """ERR013 after 30, 60 and 120 s, ERR028 after 16 s where asked for, the unknown never."""
    result, waited = send(list(answers), **options)

    assert [one.outcome for one in result.recipients] == [outcome]
    assert waited == pauses


@pytest.mark.parametrize(
    ("to", "text", "sender"),
    [
        ("", "hello", "MY-APP"),
        ("123", "hello", "MY-APP"),
        (None, "hello", "MY-APP"),
        (NUMBER, "", "MY-APP"),
        (NUMBER, " \n ", "MY-APP"),
        (NUMBER, "🎉", "MY-APP"),
        (NUMBER, None, "MY-APP"),
        (NUMBER, "م" * 470, "MY-APP"),
        (NUMBER, "hello", ""),
        (NUMBER, "hello", "MORE-THAN-ELEVEN"),
    ],
)
def test_what_cannot_be_sent_is_refused_here(to: object, text: object, sender: str) -> None:
    """Nothing leaves this machine, and the error says what was wrong."""
    with pytest.raises(InvalidInput) as caught:
        plans.order(to, text, sender=sender, test=False, default_country=None)

    assert str(caught.value)
    assert isinstance(caught.value, KwtSMSError)


def test_good_numbers_are_sent_and_bad_ones_are_told() -> None:
    """One wrong number does not hold up the others, and is not lost."""
    order = plans.order([NUMBER, "abc"], "hello", sender="MY-APP", test=False, default_country=None)
    result, _ = carry(plans.send(order), [OK], [])

    assert result.accepted == (NUMBER,)
    assert [one.input for one in result.invalid] == ["abc"]
    assert not result.ok

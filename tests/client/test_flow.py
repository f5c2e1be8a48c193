"""The plans: requests and pauses, step by step, without a gateway."""

from decimal import Decimal
from typing import Any

import pytest

from kwtsms_client import (
    Acceptance,
    InvalidInput,
    KwtSMSError,
    NotSent,
    Outcome,
    Rejected,
    SendResult,
    UnknownOutcome,
    Validation,
    error_codes,
)
from kwtsms_client import flow as plans
from kwtsms_client.errors import rejection
from kwtsms_client.flow import Gather, Sleep

OK = Acceptance("f4c8", 1, None, None, None)
NUMBER = "96598765432"
MANY = [f"965{90000000 + n}" for n in range(450)]
CONTAINS_ITSELF: list[Any] = []
CONTAINS_ITSELF.append(CONTAINS_ITSELF)
DEEP: list[Any] = []
for _ in range(5000):
    DEEP = [DEEP]


def run_plan(
    plan: plans.Plan[Any], answers: list[Any], pauses: list[float]
) -> tuple[Any, list[float]]:
    """Runs a plan with these answers; returns its result and the pauses in seconds."""
    try:
        step = next(plan)
        while True:
            if isinstance(step, Sleep):
                pauses.append(step.seconds)
                step = plan.send(None)
                continue
            if isinstance(step, Gather):
                step = plan.send([run_part(one, answers, pauses) for one in step.plans])
                continue
            answer = answers.pop(0)
            step = plan.throw(answer) if isinstance(answer, Exception) else plan.send(answer)
    except StopIteration as done:
        return done.value, pauses


def run_part(plan: plans.Plan[Any], answers: list[Any], pauses: list[float]) -> Any:
    """Runs one of several plans; returns its result or its error."""
    try:
        return run_plan(plan, answers, pauses)[0]
    except KwtSMSError as error:
        return error


def send(answers: list[Any], **options: Any) -> tuple[SendResult, list[float]]:
    """Runs a send to one number."""
    order = plans.order(NUMBER, "hello", sender="MY-APP", test=False, default_country=None)
    return run_plan(plans.send(order, **options), answers, [])


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
        ([rejection("ERR028")], {"retries_too_soon": -1}, Outcome.REJECTED, []),
        ([UnknownOutcome("cut")], {"retries_too_soon": 3}, Outcome.UNKNOWN, []),
    ],
)
def test_only_a_refusal_that_passes_is_repeated(
    answers: list[Any], options: dict[str, int], outcome: Outcome, pauses: list[float]
) -> None:
    """ERR013 is retried after 30, 60 and 120 s, ERR028 after 16 s if asked for, unknown never."""
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
        (NUMBER, "hello", "  "),
        (NUMBER, "hello", "a\n\u200b"),
        (NUMBER, "hello", "\ud800"),
        (NUMBER, "hello", 5),
        (NUMBER, "hello", b"MY-APP"),
        (CONTAINS_ITSELF, "hello", "MY-APP"),
        (DEEP, "hello", "MY-APP"),
    ],
)
def test_what_cannot_be_sent_is_refused_here(to: object, text: object, sender: Any) -> None:
    """No request is made, and the error says what was wrong."""
    with pytest.raises(InvalidInput) as caught:
        plans.order(to, text, sender=sender, test=False, default_country=None)

    assert str(caught.value)
    assert isinstance(caught.value, KwtSMSError)


def test_good_numbers_are_sent_and_bad_ones_are_reported() -> None:
    """A wrong number does not hold up the others, and is reported."""
    order = plans.order([NUMBER, "abc"], "hello", sender="MY-APP", test=False, default_country=None)
    result, _ = run_plan(plans.send(order), [OK], [])

    assert result.accepted == (NUMBER,)
    assert [one.input for one in result.invalid] == ["abc"]
    assert not result.ok


def test_blanks_around_a_sender_id_are_no_part_of_it() -> None:
    """Spaces around a copied sender ID are removed; kwtSMS stores it without them."""
    order = plans.order(NUMBER, "hello", sender=" MY-APP\n", test=False, default_country=None)

    assert order.sender == "MY-APP"


@pytest.mark.parametrize(
    ("to", "text", "message"),
    [
        ("123", "hi", error_codes.BAD_PHONE),
        ([], "hi", error_codes.BAD_PHONE),
        (NUMBER, "🎉", error_codes.BAD_CONTENT),
    ],
)
def test_an_end_user_reads_what_to_correct(to: Any, text: str, message: str) -> None:
    """The end user's message is about the number or the text only."""
    with pytest.raises(InvalidInput) as caught:
        plans.order(to, text, sender="MY-APP", test=False, default_country=None)

    assert caught.value.user_message == message


def test_a_refusal_during_a_pause_that_ends_early_stays_a_refusal() -> None:
    """A deadline or a closed client during the pause leaves kwtSMS's refusal as the result."""
    order = plans.order(NUMBER, "hello", sender="MY-APP", test=False, default_country=None)
    gather = next(plans.send(order))
    assert isinstance(gather, Gather)
    (part,) = gather.plans
    next(part)
    pause = part.throw(rejection("ERR013"))

    assert pause == Sleep(30)
    with pytest.raises(Rejected, match="ERR013"):
        part.throw(NotSent("closed"))


def send_result(answers: list[Any], count: int) -> SendResult:
    """Returns the result of a send to `count` numbers, with one answer per batch of 200."""
    order = plans.order(MANY[:count], "hello", sender="MY-APP", test=False, default_country=None)
    return plans.result(order, answers)


@pytest.mark.parametrize(
    ("code", "count", "said"),
    [
        ("ERR025", 3, "One of these 3 numbers was rejected, and all with it: The number isn't"),
        ("ERR026", 200, "One of these 200 numbers was rejected"),
        ("ERR028", 2, "One of these 2 numbers was rejected"),
        ("ERR025", 1, "The number isn't valid."),
        ("ERR006", 3, "No recipient has a valid number"),
        ("ERR031", 3, "The message was rejected"),
    ],
)
def test_nobody_is_blamed_for_another(code: str, count: int, said: str) -> None:
    """The gateway refuses the whole batch for one number without naming it."""
    reasons = {one.reason for one in send_result([rejection(code)], count).recipients}

    assert len(reasons) == 1
    assert reasons.pop().startswith(said)  # type: ignore[union-attr]


def test_what_a_bulk_cost_is_added_up() -> None:
    """Missing amounts are not estimated; the lowest balance counts as the last."""
    answers = [
        Acceptance("a", 200, None, Decimal(800), None),
        Acceptance("b", 200, Decimal(400), Decimal(400), 1684763355),
        UnknownOutcome("cut"),
    ]
    result = send_result(answers, 450)

    assert (result.points_charged, result.balance_after) == (Decimal(400), Decimal(400))
    assert [one.acceptance.message_id for one in result.receipts] == ["a", "b"]
    assert [len(one.recipients) for one in result.receipts] == [200, 200]
    assert (len(result.accepted), len(result.unknown)) == (400, 50)
    assert (result.uncounted, result.ok, bool(result)) == (0, False, False)


@pytest.mark.parametrize(("numbers", "uncounted"), [(None, 0), (3, 0), (4, 0), (1, 2), (0, 3)])
def test_what_kwtsms_did_not_count_is_counted(numbers: int | None, uncounted: int) -> None:
    """Uncounted numbers are reported only if kwtSMS gives a smaller count."""
    result = send_result([Acceptance("f4c8", numbers, Decimal(1), None, None)], 3)

    assert result.uncounted == uncounted
    assert result.ok is (uncounted == 0)
    assert len(result.warnings) == (1 if uncounted else 0)


def test_an_empty_result_is_not_well() -> None:
    """A send without recipients is not a success."""
    assert not SendResult(())


def validate_many(answers: list[Any]) -> Validation:
    """Validates 450 numbers, with one answer per batch of 200."""
    found: Validation = run_plan(plans.validate(MANY, None), answers, [])[0]
    return found


def test_what_a_reply_leaves_out_is_reported() -> None:
    """Every number is listed with a reason: the batch's error, or that the reply omits it."""
    first = Validation(tuple(MANY[:198]), (MANY[198],), ())
    last = Validation((), (), tuple(MANY[400:]))
    found = validate_many([first, UnknownOutcome("cut"), last])
    reasons = {one.recipient: one.reason for one in found.unanswered}

    assert (len(found.ok), found.er, len(found.nr)) == (198, (MANY[198],), 50)
    assert reasons[MANY[199]] == "The reply says nothing of this number."
    assert reasons[MANY[200]] == "cut"
    assert len(reasons) == 201


def test_a_question_is_repeated_while_the_queue_is_full() -> None:
    """Validation is retried after ERR013, like a send."""
    found, waited = run_plan(
        plans.validate(NUMBER, None), [rejection("ERR013"), Validation((NUMBER,), (), ())], []
    )

    assert found.ok == (NUMBER,)
    assert waited == [30]


def test_where_nothing_is_learned_the_error_is_raised() -> None:
    """Without a single answer the first error is raised."""
    with pytest.raises(Rejected, match="ERR003"):
        validate_many([rejection("ERR003"), None, None])

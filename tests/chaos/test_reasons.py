"""Each unknown call needs its own reason, and each gateway fault needs an unknown call."""

from typing import Any

import pytest

from chaos.evidence import Disruption, Evidence, GatewayRequest, Row, StateTransition
from chaos.reasons import unexplained, wrongly_treated_as_unsent
from kwtsms_bot.outbox.states import State

PROCESS = 7
NO_RESENDS: frozenset[str] = frozenset()


def phone(number: int) -> str:
    """The number to which the call with this text goes."""
    return f"965987654{number:02}"


def unknown_calls(*times: tuple[float, float], **more: Any) -> Evidence:
    """Calls with the texts 0, 1, …: in flight at the first time, unknown at the second."""
    return Evidence(
        submissions=(),
        rows=tuple(
            Row(
                id=number,
                message=number,
                text=f"{number}",
                phone=phone(number),
                state=State.UNKNOWN,
                gateway_id=None,
                card="",
                shown=True,
                call=number,
                owner=PROCESS,
            )
            for number in range(len(times))
        ),
        transitions=tuple(
            StateTransition(number, before, after, at=at)
            for number, (started, ended) in enumerate(times)
            for before, after, at in (
                (State.CLAIMED, State.IN_FLIGHT, started),
                (State.IN_FLIGHT, State.UNKNOWN, ended),
            )
        ),
        **{"requests": (), "ledger": (), **more},
    )


def cut_off(at: float) -> GatewayRequest:
    """A send that the gateway cut off without reading it."""
    return GatewayRequest(at, "send", "reset_before", "", ())


def request(outcome: str, text: str = "0") -> GatewayRequest:
    """A send of that text at 100.1 s with this outcome."""
    return GatewayRequest(100.1, "send", outcome, text, (phone(int(text)),))


@pytest.mark.parametrize(
    "cause",
    [
        {"disruptions": (Disruption(100.2, 100.2, PROCESS),)},
        {"disruptions": (Disruption(90.0, 100.2),)},
        {"requests": (cut_off(100.1),)},
        {"requests": (request("reset_after"),)},
        {"requests": (request("truncated"),)},
    ],
)
def test_a_kill_or_a_fault_is_a_reason(cause: dict[str, Any]) -> None:
    """A disruption or fault while the call is in flight explains it."""
    assert [*unexplained(unknown_calls((100.0, 102.0), **cause), NO_RESENDS)] == []


@pytest.mark.parametrize(
    "cause",
    [
        {},
        {"disruptions": (Disruption(100.2, 100.2, PROCESS + 1),)},  # Another process.
        {"disruptions": (Disruption(99.0, 99.0, PROCESS),)},  # Before it was in flight,
        {"disruptions": (Disruption(102.5, 102.5, PROCESS),)},  # and after it became unknown.
        {"requests": (cut_off(99.0),)},
        {"requests": (request("ERR028"),)},
        {"requests": (request("reset_after", text="1"),)},
    ],
)
def test_nothing_else_is_a_reason(cause: dict[str, Any]) -> None:
    """Disruptions and faults of other calls do not count."""
    assert len([*unexplained(unknown_calls((100.0, 102.0), **cause), NO_RESENDS)]) == 1


def test_an_answer_in_time_is_no_reason() -> None:
    """The call was given up before its timeout."""
    assert (
        len([*unexplained(unknown_calls((100.0, 100.9), requests=(request("OK"),)), NO_RESENDS)])
        == 1
    )


def test_a_kill_is_no_reason_for_what_should_have_been_written_down_long_before() -> None:
    """A call long past its timeout is a fault of the bot, whatever happens later."""
    evidence = unknown_calls((100.0, 112.0), disruptions=(Disruption(110.0, 110.0, PROCESS),))

    assert len([*unexplained(evidence, NO_RESENDS)]) == 1


def test_a_fault_explains_one_call() -> None:
    """The gateway saw a single request."""
    evidence = unknown_calls((100.0, 102.0), (100.0, 102.0), requests=(cut_off(101.0),))

    assert len([*unexplained(evidence, NO_RESENDS)]) == 1


def test_as_many_calls_and_requests_match_as_can() -> None:
    """The order in which they are examined does not matter."""
    requests = (request("reset_after"), cut_off(101.0), cut_off(105.0))
    evidence = unknown_calls((100.0, 102.0), (100.0, 110.0), (100.0, 101.5), requests=requests)

    assert [*unexplained(evidence, NO_RESENDS)] == []
    assert [*wrongly_treated_as_unsent(evidence)] == []


def test_few_may_time_out_on_a_busy_machine() -> None:
    """An answered request explains a timeout after the full time; an unseen request does not."""
    times = [(100.0, 101.1)] * 3
    requests = tuple(request("OK", text=f"{number}") for number in range(3))

    assert [*unexplained(unknown_calls(*times[:2], requests=requests), NO_RESENDS)] == []
    assert len([*unexplained(unknown_calls(*times[:2], requests=requests[:1]), NO_RESENDS)]) == 1
    assert len([*unexplained(unknown_calls(*times, requests=requests), NO_RESENDS)]) == 1


def test_a_kill_finds_few_calls_in_flight() -> None:
    """More than two per kill on average should have been settled before."""
    times = [(100.0 + number / 10, 103.0) for number in range(11)]
    evidence = unknown_calls(*times, disruptions=(Disruption(101.2, 101.2, PROCESS),))

    assert [*unexplained(evidence, NO_RESENDS)] == [
        "11 calls were in flight at a kill, and 10 may have been"
    ]


def test_what_a_person_decided_needs_no_reason() -> None:
    """The call became unknown before the person's decision."""
    assert [*unexplained(unknown_calls((100.0, 102.0)), frozenset({"0"}))] == []


def test_what_the_gateway_saw_was_sent() -> None:
    """Treating a cut-off request as not sent would send it twice."""
    evidence = unknown_calls((100.0, 102.0), requests=(cut_off(101.0), cut_off(101.0)))

    assert len([*wrongly_treated_as_unsent(evidence)]) == 1

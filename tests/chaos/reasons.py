"""Checks that each unknown call has a reason, and each gateway fault an unknown call. Pure.

There are three reasons. The process was killed, was stopped or had no database while it owned the
call. Or the gateway's answer was faulty; one request explains one call. Or all went well but took
longer than the timeout on a busy machine, which only a few calls may do.

The gateway does not read the text of some requests that it cuts off; times identify their calls.
"""

from collections.abc import Iterable, Iterator, Sequence

from chaos.evidence import Disruption, Evidence, GatewayRequest
from chaos.send_calls import SendCall, send_calls
from kwtsms_bot.outbox.states import State

TIMEOUT_SECONDS = 1  # The timeout of a request.
MAX_CALL_SECONDS = 5.0  # The longest time a call takes on a busy machine.
CLOCK_SECONDS = 0.05  # Difference of two processes' clock readings, and SQLite's milliseconds.
BUSY_SECONDS = 0.5  # A busy gateway may read a request after its sender has given up.
MAX_IN_FLIGHT = 8  # The most calls that a bot has in flight,
IN_FLIGHT_PER_KILL = 2  # and the average number at a kill, at ten a second.
REPLICAS = 3  # Bots affected by an outage at the same time.
SLOW, SLOW_SHARE = 2, 0.02  # Calls that may time out on a busy machine.
HEALTHY = ("OK", "")  # Outcomes: answered, or the sender was gone before the answer.


def unexplained(evidence: Evidence, manual_resends: frozenset[str]) -> Iterator[str]:
    """Yields unknown calls without a reason, and reasons that explain too many calls."""
    calls, requests = send_calls(evidence), evidence.requests
    left = [one for one in calls if one.still_unknown and one.text not in manual_resends]
    disrupted = [
        one for one in left if any(explains(disruption, one) for disruption in evidence.disruptions)
    ]
    left, _ = unmatched((one for one in left if one not in disrupted), faulty_sends(requests))
    slow = [one for one in left if one.ended - one.started >= TIMEOUT_SECONDS]
    slow_unmatched, _ = unmatched(slow, answered_sends(requests))
    for call in left:
        if call in slow_unmatched or call not in slow:
            yield f"{call.text!r} is unknown: no kill, no fault of the gateway"
    outages = sum(disruption.process is None for disruption in evidence.disruptions)
    kills = len(evidence.disruptions) - outages
    most = MAX_IN_FLIGHT + IN_FLIGHT_PER_KILL * kills + REPLICAS * MAX_IN_FLIGHT * outages
    if len(disrupted) > most:
        yield f"{len(disrupted)} calls were in flight at a kill, and {most} may have been"
    if len(slow) > max(SLOW, SLOW_SHARE * len(calls)):
        yield f"{len(slow)} of {len(calls)} calls were answered in time, and given up"


def wrongly_treated_as_unsent(evidence: Evidence) -> Iterator[str]:
    """Yields requests that the gateway saw and did not answer, but whose call is not unknown."""
    unknown = [one for one in send_calls(evidence) if one.outcome in (State.UNKNOWN, None)]
    for request in unmatched(unknown, faulty_sends(evidence.requests))[1]:
        name = repr(request.text) if request.text else "a request"
        yield f"{name} met {request.outcome} at {request.at:.3f}, and no call of then is unknown"


def faulty_sends(requests: Sequence[GatewayRequest]) -> Iterator[GatewayRequest]:
    """The sends to which the gateway's reaction was faulty; a refusal is an answer."""
    for request in requests:
        refused = request.outcome.startswith("ERR")
        if request.endpoint == "send" and request.outcome not in HEALTHY and not refused:
            yield request


def answered_sends(requests: Sequence[GatewayRequest]) -> Iterator[GatewayRequest]:
    """The sends to which the gateway's reaction was not faulty."""
    return (one for one in requests if one.endpoint == "send" and one.outcome in HEALTHY)


def explains(disruption: Disruption, call: SendCall) -> bool:
    """Whether the call was in flight at the disruption, and had not been for too long."""
    same_process = disruption.process in (None, call.owner)
    in_flight = call.started <= disruption.until + CLOCK_SECONDS and disruption.at <= call.ended
    return same_process and in_flight and disruption.at - call.started <= MAX_CALL_SECONDS


def unmatched(
    calls: Iterable[SendCall], requests: Iterable[GatewayRequest]
) -> tuple[list[SendCall], list[GatewayRequest]]:
    """The calls and requests that are left after matching as many as possible.

    Requests with a known text are matched first. Each other request gets the call that ended first,
    because that call has the fewest requests to choose from.
    """
    unmatched_calls, unmatched_requests = sorted(calls, key=lambda call: call.ended), []
    for request in sorted(requests, key=lambda one: (not one.text, one.at)):
        found = next((call for call in unmatched_calls if _may_match(request, call)), None)
        if found is None:
            unmatched_requests.append(request)
        else:
            unmatched_calls.remove(found)
    return unmatched_calls, unmatched_requests


def _may_match(request: GatewayRequest, call: SendCall) -> bool:
    same_call = (request.text, {*request.numbers}) == (call.text, call.phones)
    in_window = call.started - CLOCK_SECONDS <= request.at <= call.ended + BUSY_SECONDS
    return in_window and (same_call or not request.text)

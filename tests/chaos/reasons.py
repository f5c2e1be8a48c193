"""Whether each unknown has its reason, and each fault its unknown. Pure.

There are three reasons. The process was killed, or stood still, or had no database, while it had
the call in hand. Or the gateway did something wrong to its request; one request explains one call.
Or all went well, and took a busy machine longer than the timeout: so few may have ended.

Of some requests that it cuts off the gateway reads no text: which call that was, the times tell.
"""

from collections.abc import Iterable, Iterator, Sequence

from chaos.evidence import Blow, Evidence, Request
from chaos.flights import Flight, flights
from kwtsms_bot.outbox.message import State

TIMEOUT_SECONDS = 1  # Of a request.
IN_HAND_SECONDS = 5.0  # After its timeout a call takes no more than a busy machine does.
CLOCK_SECONDS = 0.05  # Two processes' readings of one clock, and SQLite's milliseconds.
BUSY_SECONDS = 0.5  # A busy gateway may look at a request after its sender has given it up.
AT_ONCE = 8  # Calls that a bot has in flight at most,
IN_HAND = 2  # and that a kill finds there on average, at ten a second.
REPLICAS = 3  # Which a trouble meets all at once.
SLOW, SLOW_SHARE = 2, 0.02  # Calls that time out on a busy machine.
WELL = ("OK", "")  # Outcomes: answered, or the sender was gone before it was read.


def without_reason(evidence: Evidence, by_hand: frozenset[str]) -> Iterator[str]:
    """The unknown calls that nothing explains, and reasons that would explain too many."""
    flown, requests = flights(evidence), evidence.requests
    left = [one for one in flown if one.lost and one.text not in by_hand]
    struck = [one for one in left if any(explains(blow, one) for blow in evidence.blows)]
    left, _ = matched((one for one in left if one not in struck), faults(requests))
    slow = [one for one in left if one.ended - one.begun >= TIMEOUT_SECONDS]
    unseen, _ = matched(slow, answered(requests))
    for call in left:
        if call in unseen or call not in slow:
            yield f"{call.text!r} is unknown: no kill, no fault of the gateway"
    troubles = sum(blow.process is None for blow in evidence.blows)
    kills = len(evidence.blows) - troubles
    most = AT_ONCE + IN_HAND * kills + REPLICAS * AT_ONCE * troubles
    if len(struck) > most:
        yield f"{len(struck)} calls were in flight at a kill, and {most} may have been"
    if len(slow) > max(SLOW, SLOW_SHARE * len(flown)):
        yield f"{len(slow)} of {len(flown)} calls were answered in time, and given up"


def taken_for_unsent(evidence: Evidence) -> Iterator[str]:
    """The requests that the gateway saw and did not answer, and whose call is not unknown."""
    unknown = [one for one in flights(evidence) if one.after in (State.UNKNOWN, None)]
    for request in matched(unknown, faults(evidence.requests))[1]:
        what = repr(request.text) if request.text else "a request"
        yield f"{what} met {request.outcome} at {request.at:.3f}, and no call of then is unknown"


def faults(requests: Sequence[Request]) -> Iterator[Request]:
    """The sends that the gateway did something wrong to; a refusal is an answer."""
    for request in requests:
        refused = request.outcome.startswith("ERR")
        if request.endpoint == "send" and request.outcome not in WELL and not refused:
            yield request


def answered(requests: Sequence[Request]) -> Iterator[Request]:
    """The sends that it did nothing wrong to."""
    return (one for one in requests if one.endpoint == "send" and one.outcome in WELL)


def explains(blow: Blow, call: Flight) -> bool:
    """Whether the call was in flight then, and had not been for long."""
    theirs = blow.process in (None, call.owner)
    in_flight = call.begun <= blow.until + CLOCK_SECONDS and blow.at <= call.ended
    return theirs and in_flight and blow.at - call.begun <= IN_HAND_SECONDS


def matched(
    calls: Iterable[Flight], requests: Iterable[Request]
) -> tuple[list[Flight], list[Request]]:
    """The calls and the requests that are left once as many as can be have found each other.

    Who knows its text chooses first. Of the others each takes the call that ended first: it has the
    fewest requests to choose from.
    """
    left, alone = sorted(calls, key=lambda call: call.ended), []
    for request in sorted(requests, key=lambda one: (not one.text, one.at)):
        found = next((call for call in left if _may_be(request, call)), None)
        if found is None:
            alone.append(request)
        else:
            left.remove(found)
    return left, alone


def _may_be(request: Request, call: Flight) -> bool:
    known = (request.text, {*request.numbers}) == (call.text, call.phones)
    then = call.begun - CLOCK_SECONDS <= request.at <= call.ended + BUSY_SECONDS
    return then and (known or not request.text)

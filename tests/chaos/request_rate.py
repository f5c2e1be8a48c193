"""Whether requests began too close together, by the time at which the gateway saw them. Pure.

At two requests a second there are never more than three in any second. That second is two intervals
of the pace, so a storm at five times the pace is held to it too: three in any two intervals, four
in any three, and so on up to ten seconds, where one is too many as well.

Only one thing does not shrink with the pace: a turn may be a quarter of a second old when its byte
leaves. At the real pace that is within the rule, which holds there to the letter: four turns are
given within a second and a half. At a faster pace it is all the tolerance that there is.
"""

from collections.abc import Iterator, Sequence

from chaos.evidence import GatewayRequest

MAX_STARTS = 3  # In any one second, at two requests a second.
TEN_SECONDS = 21  # Starts in any ten of them.
MAX_SLOT_AGE_SECONDS = 0.25  # So old may a turn be that is used.


def rate_violations(requests: Sequence[GatewayRequest], interval: float) -> Iterator[str]:
    """Each request that is one too many, and by how much."""
    starts = sorted(request.at for request in requests)
    for index, last in enumerate(starts):
        for count in range(MAX_STARTS, min(index, TEN_SECONDS) + 1):
            span = last - starts[index - count]
            if span < _min_span(count, interval):
                yield f"{count + 1} requests began within {span:.3f} s, until {last:.3f}"
                break


def _min_span(count: int, interval: float) -> float:
    """The seconds within which no more than so many may begin."""
    return min((count - 1) * interval, count * interval - MAX_SLOT_AGE_SECONDS)

"""Checks the rate of requests by the time at which the gateway saw them. Pure.

At two requests a second there are at most three in any second. That second is two intervals, so
faster stress runs follow the same rule: three in any two intervals, four in any three, and so on
up to ten seconds, where a single excess request counts too.

One tolerance does not scale: a slot may be a quarter of a second old when the request leaves. At
the real rate that stays within the rule, which is exact there: four slots take a second and a
half. At faster rates it is the only tolerance.
"""

from collections.abc import Iterator, Sequence

from chaos.evidence import GatewayRequest

MAX_STARTS = 3  # In any one second, at two requests a second.
TEN_SECONDS = 21  # Starts in any ten seconds.
MAX_SLOT_AGE_SECONDS = 0.25  # The highest age of a slot at its use.


def rate_violations(requests: Sequence[GatewayRequest], interval: float) -> Iterator[str]:
    """Yields each excess request, with the time span that is too short."""
    starts = sorted(request.at for request in requests)
    for index, last in enumerate(starts):
        for count in range(MAX_STARTS, min(index, TEN_SECONDS) + 1):
            span = last - starts[index - count]
            if span < _min_span(count, interval):
                yield f"{count + 1} requests began within {span:.3f} s, until {last:.3f}"
                break


def _min_span(count: int, interval: float) -> float:
    """The minimum seconds between a request and the one `count` before it."""
    return min((count - 1) * interval, count * interval - MAX_SLOT_AGE_SECONDS)

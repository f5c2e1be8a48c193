"""Faults between a client and the gateway, and the plan of those to come.

Decides which fault a request meets; `fault_injection` carries it out.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from kwtsms_sandbox.gateway.behaviour import MAX_VALUE, STATUSES
from kwtsms_sandbox.gateway.codes import is_code
from kwtsms_sandbox.gateway.endpoints import ENDPOINTS


class Fault(StrEnum):
    """Kind of failure. `BEFORE` holds those in which the request is not carried out."""

    # Nothing is accepted
    RESET_BEFORE = "reset_before"  # TCP reset, the body unread
    HANG_BEFORE = "hang_before"  # never answered
    HTML_502 = "html_502"  # a proxy's page instead of the gateway
    REDIRECT = "redirect"  # 302 to a page that claims success
    CODE = "code"  # rejected with the given error code
    # The request is carried out, but its answer is wrong, late or lost
    RESET_AFTER = "reset_after"
    HANG = "hang"
    HTML_502_AFTER = "html_502_after"
    SLOW = "slow"  # the right answer, `seconds` late
    TRUNCATED = "truncated"  # half the body, then the connection ends
    EMPTY = "empty"  # 200 and no body
    NOT_JSON = "not_json"  # 200 and a plain text
    JSON_LIST = "json_list"
    JSON_NULL = "json_null"
    BAD_UTF8 = "bad_utf8"
    HUGE = "huge"  # 10 MB of valid JSON


BEFORE = frozenset(
    {Fault.RESET_BEFORE, Fault.HANG_BEFORE, Fault.HTML_502, Fault.REDIRECT, Fault.CODE}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFault:
    """Fault that waits for its request."""

    fault: Fault
    endpoint: str | None = None  # None: any endpoint
    times: int | None = 1  # None: until cleared
    code: str | None = None  # for CODE, such as "ERR013"
    http_status: int | None = None  # for CODE; None: the code's own
    seconds: float = 0.0  # for SLOW


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSpec:
    """Fault as a person writes it: its name, or the code of a rejection."""

    fault: str
    endpoint: str | None = None
    times: int | None = 1
    seconds: float = 0.0
    http_status: int | None = None

    def __post_init__(self) -> None:
        """Checks that a request can meet the fault.

        Raises:
            ValueError: one line for each wrong field, with the expected values.
        """
        problems = list(self._problems())
        if problems:
            raise ValueError("\n".join(problems))

    def _problems(self) -> Iterator[str]:
        names = [fault.value for fault in Fault if fault is not Fault.CODE]
        if not self._is_code and self.fault not in names:
            choices = ", ".join(names)
            yield f"fault: expected a code such as ERR013 or one of {choices}; got {self.fault!r}"
        if self.endpoint is not None and self.endpoint not in ENDPOINTS:
            choices = ", ".join(ENDPOINTS)
            yield f"endpoint: expected one of {choices}; got {self.endpoint!r}"
        if self.times is not None and self.times < 1:
            yield f"times: expected 1 or more, or null for ever; got {self.times}"
        if not 0 <= self.seconds <= MAX_VALUE:
            yield f"seconds: expected 0 to {MAX_VALUE}, got {self.seconds}"
        if self.http_status is not None:
            yield from self._status_problems(self.http_status)

    def _status_problems(self, status: int) -> Iterator[str]:
        if status not in STATUSES:
            yield f"http_status: expected {STATUSES[0]} to {STATUSES[-1]}, got {status}"
        if not self._is_code:
            yield f"http_status: goes with a code such as ERR013, not with {self.fault!r}"

    @property
    def _is_code(self) -> bool:
        return is_code(self.fault)

    def to_planned_fault(self) -> PlannedFault:
        """Returns the fault as an entry of the plan."""
        return PlannedFault(
            fault=Fault.CODE if self._is_code else Fault(self.fault),
            endpoint=self.endpoint,
            times=self.times,
            code=self.fault if self._is_code else None,
            http_status=self.http_status,
            seconds=self.seconds,
        )


class FaultPlan:
    """Faults to come: those with a count first, in the order in which they were planned."""

    def __init__(self) -> None:
        self._planned: list[PlannedFault] = []

    def __iter__(self) -> Iterator[PlannedFault]:
        return iter(tuple(self._planned))

    def add(self, planned: PlannedFault) -> None:
        """Adds a fault."""
        self._planned.append(planned)

    def clear(self) -> None:
        """Removes all faults."""
        self._planned.clear()

    def consume(self, endpoint: str) -> PlannedFault | None:
        """Returns the fault that a request to `endpoint` meets, and lowers its count."""
        matching = [one for one in self._planned if one.endpoint in (None, endpoint)]
        planned = min(matching, key=lambda one: one.times is None, default=None)
        if planned is None or planned.times is None:
            return planned
        at = self._planned.index(planned)
        self._planned[at : at + 1] = (
            [replace(planned, times=planned.times - 1)] if planned.times > 1 else []
        )
        return planned

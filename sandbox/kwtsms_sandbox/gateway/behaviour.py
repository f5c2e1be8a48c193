"""Settings of the gateway (knobs) that can be changed while it runs.

The defaults are what was seen on the live service or, where that is unknown, the stricter reading.
Knobs hold no state: a limit is a knob, an empty account is not. Only the backlog changes by itself:
it drains, see `EffectiveBehaviour`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from kwtsms_sandbox.gateway.codes import PRECEDENCE, is_code

MAX_VALUE = 10**9  # of any number here; a larger number of seconds would overflow datetime
MAX_QUEUE = 10**6  # drains before datetime overflows, even at the slowest rate
MIN_RATE = 0.001
STATUSES = range(200, 600)  # HTTP statuses that clients can read

LIMITS: Mapping[str, tuple[float, float]] = {
    "error_status": (STATUSES[0], STATUSES[-1]),
    "queue_backlog": (0, MAX_QUEUE),
    "queue_limit": (0, MAX_QUEUE),
    "sends_per_second": (MIN_RATE, MAX_VALUE),
}


class NumberStyle(StrEnum):
    """Notation of amounts and counts in JSON."""

    PHP = "php"  # 150, or 150.5 if it is not whole
    FLOAT = "float"  # 150.0
    STRING = "string"  # "150"
    NULL = "null"
    ABSENT = "absent"  # the field is left out


class CoverageShape(StrEnum):
    """Layout of the prefixes in /coverage/; all but the first come from clients' own tests."""

    PREFIXES = "prefixes"  # {"prefixes": ["965"]}, the one seen live
    COVERAGE = "coverage"
    OBJECTS = "objects"  # {"coverage": [{"prefix": "965", "country": "Kuwait"}]}
    LIST = "list"
    COUNTRIES = "countries"
    PREFIX = "prefix"
    MAP = "map"  # {"965": "Kuwait"}


class Timestamp(StrEnum):
    """Meaning of `unix-timestamp`; the clients' documents and code disagree about it."""

    EPOCH = "epoch"
    KUWAIT = "kuwait"  # the epoch's seconds, three hours ahead
    ABSENT = "absent"


class Ban(StrEnum):
    """Answer to an address that sent too many requests."""

    FORBIDDEN = "forbidden"  # 403 with an HTML page
    DROP = "drop"  # the connection is reset


class Html(StrEnum):
    """Rule for what counts as HTML in a message (ERR027)."""

    TAGS = "tags"  # well-formed tags and comments
    ANGLES = "angles"  # anything between < and >


class Duplicates(StrEnum):
    """Treatment of a number that appears twice in one request."""

    REFUSE = "refuse"  # ERR028, as for two requests
    CHARGE = "charge"  # two messages, two charges
    MERGE = "merge"  # one message


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """All knobs of the gateway; `dataclasses.replace` makes a changed copy."""

    # Answers
    number_style: NumberStyle = NumberStyle.PHP
    coverage_shape: CoverageShape = CoverageShape.PREFIXES
    timestamp: Timestamp = Timestamp.EPOCH
    omit_empty_lists: bool = False  # /validate/ leaves out lists that are empty
    gzip: bool = False  # answers are compressed even if the client did not ask for it
    latency: float = 0.0  # seconds added to the round trip, half each way
    # Rejections
    precedence: tuple[str, ...] = PRECEDENCE
    error_status: int | None = None  # one HTTP status for every error, such as 200
    error_statuses: Mapping[str, int] = field(default_factory=dict)  # for single codes
    empty_credentials: Literal["ERR002", "ERR003"] = "ERR003"  # both seen live; next three too
    empty_sender: Literal["ERR002", "ERR008"] = "ERR002"
    empty_message: Literal["ERR002", "ERR009"] = "ERR009"
    invalid_number: Literal["ERR006", "ERR025"] | None = None  # None: one ERR025, several ERR006
    unknown_sender_in_test: bool = True  # live: accepted with test=1
    partial_acceptance: bool = True  # bad numbers among good ones are left out, not refused
    # Content
    page_limit: int = 7
    gsm_extension_units: int = 2  # what each of ^{}\[]~|€ counts
    html: Html = Html.TAGS
    bad_language: tuple[str, ...] = ("badword",)
    spam: tuple[str, ...] = ("free casino",)
    stuck_characters: str = ""  # more that get a message stuck, besides emoji and hidden ones
    # Limits
    max_numbers: int = 200
    validate_limit: int | None = None  # numbers per /validate/; the live limit is not known
    queue_limit: int = 1000
    queue_backlog: int = 0  # other messages in each account's queue; drained at sends_per_second
    sends_per_second: float | None = None  # how fast the queue drains; None: at once
    repeat_seconds: float = 15.0
    repeat_in_test: bool = False  # the 15 s rule holds for test=1 too
    duplicates: Duplicates = Duplicates.REFUSE
    requests_per_second: int | None = 5  # exceeding it bans the address; None: no limit
    ban: Ban = Ban.FORBIDDEN
    ban_seconds: float = 60.0
    # Reports
    queued_for: float = 0.0  # seconds for which a stuck message still reads "queued"
    dlr_after: float = 300.0  # seconds until reports are ready
    dlr_status: str = "Received by recipient"
    kuwait_dlr: Literal["ERR019", "ERR021"] = "ERR021"  # there are no reports for Kuwait

    def __post_init__(self) -> None:
        """Checks that every value can be acted on.

        Raises:
            ValueError: one line for each wrong knob, with the expected values.
        """
        problems = [*self._out_of_range(), *self._statuses()]
        unknown = sorted(set(self.precedence) - set(PRECEDENCE))
        if unknown:
            problems.append(f"precedence: no rule is called {', '.join(unknown)}")
        if problems:
            raise ValueError("\n".join(problems))

    def _out_of_range(self) -> Iterator[str]:
        for setting in fields(self):
            value = getattr(self, setting.name)
            least, most = LIMITS.get(setting.name, (0, MAX_VALUE))
            if isinstance(value, int | float) and not least <= value <= most:
                null = " or null" if setting.default is None else ""
                yield f"{setting.name}: expected {least} to {most}{null}, got {value}"

    def _statuses(self) -> Iterator[str]:
        for code, status in self.error_statuses.items():
            if not is_code(code):
                yield f"error_statuses: expected codes such as ERR003, got {code!r}"
            if status not in STATUSES:
                limits = f"{STATUSES[0]} to {STATUSES[-1]}"
                yield f"error_statuses.{code}: expected {limits}, got {status}"


@dataclass(frozen=True, slots=True)
class EffectiveBehaviour:
    """Knobs as they were set, and the time at which they were set."""

    behaviour: Behaviour
    since: datetime

    def effective_at(self, now: datetime) -> Behaviour:
        """Returns the knobs in effect at `now`: the backlog has drained at the queue's rate."""
        backlog, rate = self.behaviour.queue_backlog, self.behaviour.sends_per_second
        if not backlog or rate is None:
            return self.behaviour
        gone = int((now - self.since).total_seconds() * rate)
        return replace(self.behaviour, queue_backlog=max(0, backlog - gone))

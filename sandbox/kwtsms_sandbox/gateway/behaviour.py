"""What can be turned on a gateway while it runs.

The defaults are what was seen on the live service; where that is not known, the stricter reading.
Knobs hold no state: an empty account is not a knob, a limit is. One moves by itself: a backlog
drains, see `Turned`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from kwtsms_sandbox.gateway.codes import PRECEDENCE, is_code

MAX_VALUE = 10**9  # of any number here: seconds beyond it leave the calendar
MAX_QUEUE = 10**6  # at the slowest rate it drains within the calendar
MIN_RATE = 0.001
STATUSES = range(200, 600)  # what clients can read as the status of an answer

LIMITS: Mapping[str, tuple[float, float]] = {
    "error_status": (STATUSES[0], STATUSES[-1]),
    "queue_backlog": (0, MAX_QUEUE),
    "queue_limit": (0, MAX_QUEUE),
    "sends_per_second": (MIN_RATE, MAX_VALUE),
}


class NumberStyle(StrEnum):
    """How amounts and counts are written in JSON."""

    PHP = "php"  # 150, and 150.5 where it must be
    FLOAT = "float"  # 150.0
    STRING = "string"  # "150"
    NULL = "null"
    ABSENT = "absent"  # the field is left out


class CoverageShape(StrEnum):
    """How /coverage/ writes its prefixes; all but the first come from clients' own tests."""

    PREFIXES = "prefixes"  # {"prefixes": ["965"]}, the one seen live
    COVERAGE = "coverage"
    OBJECTS = "objects"  # {"coverage": [{"prefix": "965", "country": "Kuwait"}]}
    LIST = "list"
    COUNTRIES = "countries"
    PREFIX = "prefix"
    MAP = "map"  # {"965": "Kuwait"}


class Timestamp(StrEnum):
    """What `unix-timestamp` holds; the clients' documents and code disagree."""

    EPOCH = "epoch"
    KUWAIT = "kuwait"  # the epoch's seconds, three hours ahead
    ABSENT = "absent"


class Ban(StrEnum):
    """What an address that asked too often meets."""

    FORBIDDEN = "forbidden"  # 403 with an HTML page
    DROP = "drop"  # the connection is reset


class Html(StrEnum):
    """What counts as HTML in a message (ERR027)."""

    TAGS = "tags"  # well-formed tags and comments
    ANGLES = "angles"  # anything between < and >


class Duplicates(StrEnum):
    """What becomes of a number that stands twice in one request."""

    REFUSE = "refuse"  # ERR028, as for two requests
    CHARGE = "charge"  # two messages, two charges
    MERGE = "merge"  # one message


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """Everything that can be turned; `dataclasses.replace` makes another."""

    # Answers
    number_style: NumberStyle = NumberStyle.PHP
    coverage_shape: CoverageShape = CoverageShape.PREFIXES
    timestamp: Timestamp = Timestamp.EPOCH
    omit_empty_lists: bool = False  # /validate/ leaves out lists that are empty
    gzip: bool = False  # answers are compressed, asked for or not
    latency: float = 0.0  # seconds added to the round trip, half each way
    # Rejections
    precedence: tuple[str, ...] = PRECEDENCE
    error_status: int | None = None  # one HTTP status for every error, such as 200
    error_statuses: Mapping[str, int] = field(default_factory=dict)  # for single codes
    empty_credentials: Literal["ERR002", "ERR003"] = "ERR003"  # live: either, as the next three
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
    stuck_characters: str = ""  # stick too, besides emoji and hidden characters
    # Limits
    max_numbers: int = 200
    validate_limit: int | None = None  # numbers per /validate/; the live limit is not known
    queue_limit: int = 1000
    queue_backlog: int = 0  # other messages in each account's queue; they drain if it does
    sends_per_second: float | None = None  # how fast the queue drains; None: at once
    repeat_seconds: float = 15.0
    repeat_in_test: bool = False  # the 15 s rule holds for test=1 too
    duplicates: Duplicates = Duplicates.REFUSE
    requests_per_second: int | None = 5  # more bans the address; None: no limit
    ban: Ban = Ban.FORBIDDEN
    ban_seconds: float = 60.0
    # Reports
    queued_for: float = 0.0  # seconds for which a stuck message still reads "queued"
    dlr_after: float = 300.0  # seconds until reports are ready
    dlr_status: str = "Received by recipient"
    kuwait_dlr: Literal["ERR019", "ERR021"] = "ERR021"  # there are no reports for Kuwait

    def __post_init__(self) -> None:
        """Refuse what could not be acted on.

        Raises:
            ValueError: a line for each knob that is wrong, with what it expects.
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
    """Knobs as somebody turned them, and when."""

    behaviour: Behaviour
    since: datetime

    def effective_at(self, now: datetime) -> Behaviour:
        """The knobs by now: the backlog has drained as fast as the queue does."""
        backlog, rate = self.behaviour.queue_backlog, self.behaviour.sends_per_second
        if not backlog or rate is None:
            return self.behaviour
        gone = int((now - self.since).total_seconds() * rate)
        return replace(self.behaviour, queue_backlog=max(0, backlog - gone))

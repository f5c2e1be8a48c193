"""What can be turned on a gateway while it runs.

The defaults are what was seen on the live service; where that is not known, the stricter reading.
Knobs hold no state: a full queue or an empty account is not a knob, a limit is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum

from kwtsms_sandbox.gateway.codes import PRECEDENCE

MAX_VALUE = 10**9  # of any number here: seconds beyond it leave the calendar
MIN_RATE = 0.001


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
class Knobs:
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
    empty_credentials: str = "ERR003"  # live: ERR002 or ERR003
    empty_sender: str = "ERR002"  # live: ERR002 or ERR008
    empty_message: str = "ERR009"  # live: ERR002 or ERR009
    invalid_number: str | None = None  # live: ERR006 or ERR025; None: one ERR025, several ERR006
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
    queue_backlog: int = 0  # messages that stand in each account's queue already
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
    kuwait_dlr: str = "ERR021"  # there are no reports for Kuwait: ERR019 or ERR021

    def __post_init__(self) -> None:
        """Refuse what could not be acted on.

        Raises:
            ValueError: naming the knob and what it expects.
        """
        for knob in fields(self):
            value = getattr(self, knob.name)
            if isinstance(value, int | float) and not 0 <= value <= MAX_VALUE:
                raise ValueError(f"{knob.name}: expected 0 to {MAX_VALUE}, got {value}")
        if self.sends_per_second is not None and self.sends_per_second < MIN_RATE:
            raise ValueError(f"sends_per_second: expected {MIN_RATE} or more, or null for at once")
        unknown = sorted(set(self.precedence) - set(PRECEDENCE))
        if unknown:
            raise ValueError(f"precedence: no rule is called {', '.join(unknown)}")

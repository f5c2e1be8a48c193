"""What is wrong with a set-up, and what to do about it. Asks questions only; it sends nothing."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Finding", "FindingLevel"]


class FindingLevel(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"  # It works, and not as it should in production.
    PROBLEM = "problem"  # It does not work.
    SKIPPED = "skipped"  # It could not be looked at, because of a problem before it.


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, what was found, and what to do."""

    check: str
    level: FindingLevel
    what: str
    remedy: str = ""

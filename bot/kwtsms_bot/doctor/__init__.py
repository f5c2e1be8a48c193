"""Checks of a set-up, each with a remedy. Sends no messages and changes nothing."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Finding", "FindingLevel"]


class FindingLevel(StrEnum):
    """Level of a finding."""

    OK = "ok"
    WARNING = "warning"  # Works, but not as it should in production.
    PROBLEM = "problem"  # Does not work.
    SKIPPED = "skipped"  # Not checked, because of an earlier problem.


@dataclass(frozen=True, slots=True)
class Finding:
    """Result of a check, with what to do about it."""

    check: str
    level: FindingLevel
    what: str
    remedy: str = ""

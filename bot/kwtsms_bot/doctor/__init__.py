"""What is wrong with a set-up, and what to do about it. Asks questions only; it sends nothing."""

from kwtsms_bot.doctor.finding import Finding, FindingLevel

__all__ = ["Finding", "FindingLevel"]

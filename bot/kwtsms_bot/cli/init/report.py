"""The report of a setup: what was saved, what is left to do. Holds no secret."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from kwtsms_bot.cli.init.answers import SetupAnswers
from kwtsms_bot.doctor import Finding
from kwtsms_client import SendResult


@dataclass(slots=True)
class SetupReport:
    """Record of what has been done so far, also for those who leave early."""

    saved: list[str] = field(default_factory=list)
    changes: tuple[str, ...] = ()
    answers: SetupAnswers = field(default_factory=SetupAnswers)
    to_do: tuple[str, ...] = ()
    findings: Sequence[Finding] = ()
    test_message: SendResult | None = None
    test_error: str | None = None

    @property
    def saved_text(self) -> str:
        """A sentence about the files."""
        return f"Saved: {', '.join(self.saved)}." if self.saved else "Nothing was saved."

    @property
    def json(self) -> dict[str, Any]:
        """The report as one JSON document."""
        slack, account, admin = self.answers.slack, self.answers.account, self.answers.admin
        return {
            "saved": self.saved,
            "changes": self.changes,
            "workspace": slack.identity.team if slack.identity else None,
            "bot": slack.identity.name if slack.identity else None,
            "balance": account.balance,
            "sender_id": account.sender_id,
            "admin": {"id": admin.id, "name": admin.real_name or None} if admin else None,
            "channels": [{"id": one.id, "name": one.name or None} for one in self.answers.channels],
            "to_do": self.to_do,
            "findings": tuple(self.findings),
            "test_message": self.test_message,
            "test_error": self.test_error,
        }

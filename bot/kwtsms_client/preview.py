"""Previews a send: the text, the numbers, the calls and the credits. Pure."""

from dataclasses import dataclass, field
from decimal import Decimal

from kwtsms_client.flow import numbers_refusal, split_valid, text_refusal
from kwtsms_client.models import RejectedInput
from kwtsms_client.protocol import MAX_RECIPIENTS
from kwtsms_client.text_report import BORDERLINE, MessageReport, inspect_message


@dataclass(frozen=True, slots=True)
class SendPreview:
    """Preview of a send, as far as it can be known without a request to the gateway."""

    report: MessageReport
    recipients: tuple[str, ...] = field(repr=False)
    invalid: tuple[RejectedInput, ...] = field(repr=False)
    balance: Decimal | None  # The last known one.

    @property
    def refusal(self) -> str | None:
        """The reason why `send` would refuse it; None if it would not."""
        return text_refusal(self.report) or numbers_refusal(self.recipients, self.invalid)

    @property
    def warning(self) -> str | None:
        """The reason why kwtSMS may refuse it although `send` does not; None if there is none."""
        return BORDERLINE if self.report.borderline else None

    @property
    def calls(self) -> int:
        """The number of requests to the gateway, each of 200 numbers at most."""
        return -(-len(self.recipients) // MAX_RECIPIENTS)

    @property
    def credits(self) -> int:
        """Pages times numbers: exact in Kuwait, a lower bound abroad."""
        return self.report.pages * len(self.recipients)

    @property
    def affordable(self) -> bool | None:
        """Whether the last known balance covers the cost; None if none is known."""
        return None if self.balance is None else self.credits <= self.balance


def preview(
    to: object, text: str, *, default_country: str | None, balance: Decimal | None
) -> SendPreview:
    """The preview of a send.

    Raises:
        InvalidInput: `text` is not a string.
    """
    report = inspect_message(text)
    good, bad = split_valid(to, default_country)
    return SendPreview(report, good, bad, balance)

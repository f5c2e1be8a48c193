"""A client for kwtSMS, the Kuwaiti SMS gateway: sync and async, typed, with honest outcomes.

`Client` and `AsyncClient` are loaded when first used: the pure half needs no httpx.
"""

from typing import TYPE_CHECKING, Any

from kwtsms_client.codes import API_ERRORS, ErrorInfo
from kwtsms_client.errors import (
    AccountError,
    ConfigurationError,
    ContentError,
    CreditError,
    InvalidInput,
    KwtSMSError,
    NotSent,
    QueueFull,
    RecipientError,
    Rejected,
    ReportUnavailable,
    RequestError,
    SenderError,
    TooSoon,
    UnknownOutcome,
)
from kwtsms_client.models import (
    Acceptance,
    Balance,
    Coverage,
    Credentials,
    Delivery,
    DeliveryReport,
    Outcome,
    RecipientResult,
    RejectedInput,
    SendResult,
    Status,
    Validation,
    Verification,
)
from kwtsms_client.paging import MAX_PAGES, Encoding, pages
from kwtsms_client.phone import (
    Phone,
    PhoneCheck,
    find_country_code,
    mask,
    normalize_phone,
    parse_phone,
    split_recipients,
    validate_phone_input,
)
from kwtsms_client.report import MessageReport, Segment, inspect_message
from kwtsms_client.text import clean_message
from kwtsms_client.version import __version__

if TYPE_CHECKING:
    from kwtsms_client.client import AsyncClient, Client

__all__ = [
    "API_ERRORS",
    "MAX_PAGES",
    "Acceptance",
    "AccountError",
    "AsyncClient",
    "Balance",
    "Client",
    "ConfigurationError",
    "ContentError",
    "Coverage",
    "Credentials",
    "CreditError",
    "Delivery",
    "DeliveryReport",
    "Encoding",
    "ErrorInfo",
    "InvalidInput",
    "KwtSMSError",
    "MessageReport",
    "NotSent",
    "Outcome",
    "Phone",
    "PhoneCheck",
    "QueueFull",
    "RecipientError",
    "RecipientResult",
    "Rejected",
    "RejectedInput",
    "ReportUnavailable",
    "RequestError",
    "Segment",
    "SendResult",
    "SenderError",
    "Status",
    "TooSoon",
    "UnknownOutcome",
    "Validation",
    "Verification",
    "__version__",
    "clean_message",
    "find_country_code",
    "inspect_message",
    "mask",
    "normalize_phone",
    "pages",
    "parse_phone",
    "split_recipients",
    "validate_phone_input",
]


def __getattr__(name: str) -> Any:
    if name in {"AsyncClient", "Client"}:
        from kwtsms_client import client  # noqa: PLC0415 - httpx comes with it.

        return getattr(client, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

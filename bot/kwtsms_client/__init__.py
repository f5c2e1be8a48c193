"""A client for kwtSMS, the Kuwaiti SMS gateway: sync and async, typed, with honest outcomes.

Heavy modules are loaded on first use; the pure part needs no httpx.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kwtsms_client.encoding import MAX_PAGES, Encoding, pages
from kwtsms_client.error_codes import API_ERRORS, ErrorInfo
from kwtsms_client.errors import (
    AccountError,
    BridgeRefused,
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
    Receipt,
    RecipientResult,
    RejectedInput,
    SendResult,
    Status,
    Validation,
    Verification,
)
from kwtsms_client.phone import (
    Phone,
    PhoneCheck,
    find_country_code,
    mask,
    normalize_phone,
    parse_phone,
    validate_phone_input,
)
from kwtsms_client.rate_limiter import Pacer
from kwtsms_client.recipients import split_recipients
from kwtsms_client.version import __version__

if TYPE_CHECKING:
    from kwtsms_client.client import AsyncClient, BridgeClient, Client
    from kwtsms_client.client.bridge_protocol import BridgeMessage, BridgeRecipient
    from kwtsms_client.preview import SendPreview
    from kwtsms_client.text import clean_message
    from kwtsms_client.text_report import Change, MessageReport, Segment, inspect_message

__all__ = [
    "API_ERRORS",
    "MAX_PAGES",
    "Acceptance",
    "AccountError",
    "AsyncClient",
    "Balance",
    "BridgeClient",
    "BridgeMessage",
    "BridgeRecipient",
    "BridgeRefused",
    "Change",
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
    "Pacer",
    "Phone",
    "PhoneCheck",
    "QueueFull",
    "Receipt",
    "RecipientError",
    "RecipientResult",
    "Rejected",
    "RejectedInput",
    "ReportUnavailable",
    "RequestError",
    "Segment",
    "SendPreview",
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


# Loaded when first used: httpx comes with the clients, and large patterns with the texts.
_LATER = {
    "AsyncClient": "client",
    "BridgeClient": "client",
    "BridgeMessage": "client.bridge_protocol",
    "BridgeRecipient": "client.bridge_protocol",
    "Change": "text_report",
    "Client": "client",
    "MessageReport": "text_report",
    "Segment": "text_report",
    "SendPreview": "preview",
    "clean_message": "text",
    "inspect_message": "text_report",
}


if not TYPE_CHECKING:  # A type checker would conclude that any name exists.

    def __getattr__(name: str) -> Any:
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(import_module(f"kwtsms_client.{_LATER[name]}"), name)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})

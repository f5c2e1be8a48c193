"""The errors: their texts for operators and end users, their classes, and which are fatal."""

import copy
import pickle

import pytest

from kwtsms_client import (
    API_ERRORS,
    AccountError,
    ConfigurationError,
    ContentError,
    CreditError,
    InvalidInput,
    KwtSMSError,
    NotSent,
    QueueFull,
    RecipientError,
    ReportUnavailable,
    RequestError,
    SenderError,
    TooSoon,
    UnknownOutcome,
)
from kwtsms_client.errors import rejection

UNAVAILABLE = "SMS service is temporarily unavailable. Please try again later."
CONTENT = "Your message could not be sent. Please try again with different content."
PHONE = "Please enter a valid phone number in international format (e.g., +965 9876 5432)."
ERRORS: list[KwtSMSError] = [
    InvalidInput("The message is empty.", user_message=CONTENT),
    ConfigurationError("KWTSMS_USERNAME is not set."),
    NotSent("No connection."),
    UnknownOutcome("No answer came."),
    rejection("ERR003"),
    rejection("ERR999", "New to us."),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_every_error_says_what_and_what_to_do(error: KwtSMSError) -> None:
    """Every error has a code, description, remedy and user message, and keeps them when pickled."""
    facts = (error.code, error.description, error.remedy, error.user_message)
    sent = pickle.loads(pickle.dumps(error))

    assert all(facts[1:])
    assert facts[1] in str(error)
    assert (sent.code, sent.description, sent.remedy, sent.user_message) == facts
    assert str(copy.copy(error)) == str(error)


def test_no_message_advises_sending_again_what_may_have_been_sent() -> None:
    """Neither the end user nor the operator is advised to retry."""
    error = UnknownOutcome("No answer came.")

    assert error.user_message != UNAVAILABLE
    assert "before you send it again" in error.remedy


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        ("006 025", PHONE),
        ("026", "SMS delivery to this country is not available."),
        ("028", "Please wait a moment before requesting another code."),
        ("009 012 027 031 032", CONTENT),
        ("013", "SMS service is busy. Please try again in a few minutes."),
        ("001 002 003 004 005 007 008 010 011 024 033", UNAVAILABLE),
        ("019 020 021 022 023 029 030", UNAVAILABLE),
    ],
)
def test_what_an_end_user_reads(codes: str, message: str) -> None:
    """The message contains no account details and says what the end user can do."""
    assert {API_ERRORS[f"ERR{code}"].user_message for code in codes.split()} == {message}


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        (AccountError, "001 003 004 005 024 033"),
        (CreditError, "010 011"),
        (SenderError, "008"),
        (RecipientError, "006 007 025 026"),
        (ContentError, "009 012 027 031 032"),
        (QueueFull, "013"),
        (TooSoon, "028"),
        (ReportUnavailable, "019 020 021 022 023 029 030"),
        (RequestError, "002 099"),
    ],
)
def test_each_code_has_its_class(kind: type[KwtSMSError], codes: str) -> None:
    """The class follows from what a caller can do about the code."""
    assert {type(rejection(f"ERR{code}")) for code in codes.split()} == {kind}


def test_what_the_rest_of_a_bulk_would_meet_too() -> None:
    """Errors of credits, access or content stop the rest of a bulk."""
    fatal = [code.removeprefix("ERR") for code, info in API_ERRORS.items() if info.fatal]

    assert " ".join(fatal) == "001 003 004 005 008 009 010 011 012 024 027 031 032 033"
    assert not rejection("ERR099").fatal

"""Reads what an application wants to send, and checks it against its terms. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from kwtsms_bot.bridge.send_api.errors import ApiError, ErrorCode
from kwtsms_bot.bridge.send_api.fields import DURATION_PATTERN, MAX_TEXT, REQUEST_FIELDS
from kwtsms_bot.bridge.send_api.terms import ApiTerms, country_of
from kwtsms_bot.config.fields import format_duration, parse_duration
from kwtsms_bot.outbox.message import CardLocation, NewMessage, Priority
from kwtsms_client import MAX_PAGES, MessageReport, Phone, inspect_message, validate_phone_input

SOURCE, _REFERENCE = "api", "reference"
_DURATION = re.compile(DURATION_PATTERN.rstrip("$"))


@dataclass(frozen=True, slots=True)
class MessageRequest:
    """A message that an application may send as it is."""

    recipients: tuple[Phone, ...] = field(repr=False)
    report: MessageReport = field(repr=False)
    sender_id: str
    urgent: bool
    reference: str | None
    expires_in: timedelta
    dry_run: bool


def read_request(fields: Mapping[str, Any], terms: ApiTerms) -> MessageRequest:
    """Reads the fields of a request: all of it is right, or nothing of it is sent.

    Raises:
        ApiError: a field is wrong, or not within the terms.
    """
    _check_fields(fields)
    return MessageRequest(
        recipients=_recipients(fields["to"], terms),
        report=_report(fields["text"]),
        sender_id=_sender_id(fields.get("sender_id"), terms),
        urgent=_urgent(wanted=fields.get("urgent", False), terms=terms),
        reference=fields.get("reference"),
        expires_in=_expires_in(fields.get("expires_in"), terms),
        dry_run=fields.get("dry_run", False),
    )


def new_message(
    request: MessageRequest, terms: ApiTerms, *, now: datetime, request_id: str
) -> NewMessage:
    """Returns the message to be accepted into the outbox."""
    is_bulk = len(request.recipients) >= terms.bulk_from
    normal = Priority.BULK if is_bulk else Priority.NORMAL
    return NewMessage(
        source=SOURCE,
        author=terms.author,
        text=request.report.cleaned,
        sender_id=request.sender_id,
        recipients=request.recipients,
        pages=request.report.pages,
        card_location=CardLocation(terms.channel, None) if terms.channel else None,
        priority=Priority.URGENT if request.urgent else normal,
        expires_at=now + request.expires_in,
        test=terms.test,
        request=request_id,
        budget=terms.author,
        has_card=terms.channel is not None,
    )


def read_reference(query: Iterable[tuple[str, str]]) -> str:
    """Reads the reference that messages are looked for by; there is no other parameter.

    Raises:
        ApiError: it is missing or wrong, or there is another one.
    """
    parameters = list(query)
    for name, _ in parameters:
        if name != _REFERENCE:
            message = f"There is no parameter {name[:40]!r}."
            raise ApiError(ErrorCode.UNKNOWN_FIELD, message, name[:40])
    if not parameters:
        raise ApiError(ErrorCode.MISSING, "The parameter 'reference' is missing.", _REFERENCE)
    if len(parameters) > 1:
        raise ApiError(ErrorCode.INVALID_VALUE, "'reference' occurs twice.", _REFERENCE)
    reference = parameters[0][1]
    _check_value(_REFERENCE, reference, REQUEST_FIELDS[_REFERENCE].schema)
    return reference


def _check_fields(fields: Mapping[str, Any]) -> None:
    for name in fields:
        if name not in REQUEST_FIELDS:
            known = ", ".join(REQUEST_FIELDS)
            message = f"There is no field {name[:40]!r}. The fields are {known}."
            raise ApiError(ErrorCode.UNKNOWN_FIELD, message, name[:40])
    for name, expected in REQUEST_FIELDS.items():
        if name not in fields:
            if expected.required:
                raise ApiError(ErrorCode.MISSING, f"The field {name!r} is missing.", name)
        elif name != "to":
            _check_value(name, fields[name], expected.schema)


def _check_value(name: str, value: Any, schema: Mapping[str, Any]) -> None:
    if schema["type"] == "boolean":
        if not isinstance(value, bool):
            raise ApiError(ErrorCode.INVALID_VALUE, f"{name!r} must be true or false.", name)
        return
    if not isinstance(value, str):
        raise ApiError(ErrorCode.INVALID_VALUE, f"{name!r} must be a string.", name)
    if name == "text":  # Its length has an error of its own.
        return
    longest = schema.get("maxLength", len(value))
    if not (0 < len(value) <= longest and value.isprintable()):
        message = f"{name!r} must have 1 to {longest} printable characters."
        raise ApiError(ErrorCode.INVALID_VALUE, message, name)


def _recipients(to: Any, terms: ApiTerms) -> tuple[Phone, ...]:
    found: dict[Phone, None] = {}
    known: set[str] = set()  # A group that is named a thousand times is read once.
    for place, written in _places(to):
        if isinstance(written, str) and written in known:
            continue
        known.add(str(written))
        for phone in _phones(written, place, terms):
            _check_allowed(phone, place, terms)
            found[phone] = None
        if len(found) > terms.most_recipients:
            message = f"A message may have {terms.most_recipients} recipients at most."
            raise ApiError(ErrorCode.TOO_MANY_RECIPIENTS, message, "to")
    return tuple(found)


def _places(to: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(to, list):
        yield "to", to
        return
    if not to:
        raise ApiError(ErrorCode.MISSING, "'to' names nobody.", "to")
    yield from ((f"to[{index}]", one) for index, one in enumerate(to))


def _phones(written: Any, place: str, terms: ApiTerms) -> tuple[Phone, ...]:
    if not isinstance(written, str):
        message = "A recipient must be a string, such as +96598765432."
        raise ApiError(ErrorCode.INVALID_RECIPIENT, message, place)
    if written.startswith("@"):
        return _named(written[1:], place, terms)
    check = validate_phone_input(written, default_country=terms.default_country)
    if not check.valid:
        raise ApiError(ErrorCode.INVALID_RECIPIENT, check.error or "", place)
    return (Phone(check.normalized),)


def _named(name: str, place: str, terms: ApiTerms) -> tuple[Phone, ...]:
    if terms.phonebook is None:
        message = "This token may not name contacts. Write the number."
        raise ApiError(ErrorCode.RECIPIENT_NOT_ALLOWED, message, place)
    numbers = terms.phonebook.numbers(name)
    if not numbers:
        message = f"There is no contact or group {name[:40]!r}."
        raise ApiError(ErrorCode.INVALID_RECIPIENT, message, place)
    return tuple(map(Phone, numbers))


def _check_allowed(phone: Phone, place: str, terms: ApiTerms) -> None:
    if not terms.allows_country(phone):
        message = f"This token may not send to +{country_of(phone)}."
        raise ApiError(ErrorCode.COUNTRY_NOT_ALLOWED, message, place)
    if terms.numbers is not None and phone not in terms.numbers:
        raise ApiError(ErrorCode.RECIPIENT_NOT_ALLOWED, param=place)


def _report(text: str) -> MessageReport:
    if len(text) > MAX_TEXT:
        message = f"'text' has more than {MAX_TEXT} characters."
        raise ApiError(ErrorCode.INVALID_TEXT, message, "text")
    report = inspect_message(text)
    if report.blank:
        message = "The text is empty." if not text.strip() else "Nothing of the text can be sent."
        raise ApiError(ErrorCode.INVALID_TEXT, message, "text")
    if report.too_long:
        message = f"The text takes {report.pages} pages; a message has {MAX_PAGES} at most."
        raise ApiError(ErrorCode.INVALID_TEXT, message, "text")
    return report


def _sender_id(wanted: str | None, terms: ApiTerms) -> str:
    if wanted is None:
        return terms.sender_ids[0]
    if wanted not in terms.sender_ids:
        known = ", ".join(terms.sender_ids)
        message = f"This token may not send from {wanted!r}. It may use {known}."
        raise ApiError(ErrorCode.SENDER_ID_NOT_ALLOWED, message, "sender_id")
    return wanted


def _urgent(*, wanted: bool, terms: ApiTerms) -> bool:
    if wanted and not terms.may_be_urgent:
        raise ApiError(ErrorCode.URGENT_NOT_ALLOWED, param="urgent")
    return wanted


def _expires_in(written: str | None, terms: ApiTerms) -> timedelta:
    if written is None:
        return terms.longest_wait
    if not _DURATION.fullmatch(written):
        message = "'expires_in' must be a time such as 30s, 10m, 2h or 1d."
        raise ApiError(ErrorCode.INVALID_VALUE, message, "expires_in")
    longest = terms.longest_wait
    try:
        wanted: timedelta = parse_duration(written)
    except ValueError:  # Longer than any.
        wanted = timedelta.max
    if wanted > longest:
        message = f"'expires_in' can be {format_duration(longest)} at most."
        raise ApiError(ErrorCode.INVALID_VALUE, message, "expires_in")
    return wanted

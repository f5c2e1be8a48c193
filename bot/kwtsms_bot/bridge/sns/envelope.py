"""The envelope of a message of Amazon SNS: its kind, topic, time and what is signed. Pure.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

import base64
import binascii
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from kwtsms_bot.bridge.integrations.body import read_object, unknown_shape
from kwtsms_bot.bridge.integrations.fields import as_time
from kwtsms_bot.bridge.integrations.request import WebhookRequest
from kwtsms_bot.bridge.integrations.sns import CONFIRMATIONS, NOTIFICATION

VERSIONS = ("1", "2")  # SHA-1 and SHA-256.
# SNS tries for an hour at most: https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
MAX_AGE, MAX_AHEAD = timedelta(hours=1), timedelta(minutes=5)
MAX_FIELD = 512 * 1024  # A message has 256 KiB at most, before it is escaped.
_SIGNED = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_SIGNED_CONFIRMATION = (
    *("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
)
_HOST = re.compile(r"sns\.[a-z]{2,4}(-[a-z]+){1,3}-\d{1,2}\.amazonaws\.com(\.cn)?")
_HTTPS_PORTS = (None, 443)


class SnsRefused(Exception):
    """A message that is not accepted; `reason` is for admins and quotes nothing."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Envelope:
    """Message of SNS as it came, with what its signature has to cover."""

    kind: str
    topic: str
    sent_at: datetime
    signed: bytes = field(repr=False)
    signature: bytes = field(repr=False)
    version: str
    certificate_url: str
    subscribe_url: str = field(repr=False)


def read_envelope(body: bytes, topics: Collection[str], now: datetime) -> Envelope:
    """Reads an envelope, and checks all but its signature.

    Raises:
        SnsRefused: something is missing, or it is too old, of another topic or from elsewhere.
        WebhookRefused: the body is no message of SNS.
    """
    written = read_object(WebhookRequest(body))
    fields = {
        name: value
        for name, value in written.items()
        if isinstance(value, str) and len(value) <= MAX_FIELD
    }
    kind, sent_at = fields.get("Type", ""), as_time(fields.get("Timestamp"))
    if kind not in (NOTIFICATION, *CONFIRMATIONS):
        raise unknown_shape(written, "Type, TopicArn and Message")
    if fields.get("TopicArn") not in topics:
        raise SnsRefused("a topic that is not in topics")
    if sent_at is None or not -MAX_AHEAD <= now - sent_at <= MAX_AGE:
        raise SnsRefused("the signed time is too old")
    version = fields.get("SignatureVersion", "")
    if version not in VERSIONS:
        raise SnsRefused("an unknown version of the signature")
    certificate_url = fields.get("SigningCertURL", "")
    if not is_certificate_url(certificate_url):
        raise SnsRefused("a certificate from elsewhere")
    return Envelope(
        kind=kind,
        topic=fields["TopicArn"],
        sent_at=sent_at,
        signed=signed_text(fields),
        signature=_decode(fields.get("Signature", "")),
        version=version,
        certificate_url=certificate_url,
        subscribe_url=fields.get("SubscribeURL", ""),
    )


def signed_text(fields: Mapping[str, str]) -> bytes:
    """Returns what the signature of a message covers: names and values, a line each.

    Raises:
        SnsRefused: a field is missing.
    """
    is_message = fields["Type"] == NOTIFICATION
    names = _SIGNED if is_message else _SIGNED_CONFIRMATION
    missing = [name for name in names if name not in fields and name != "Subject"]
    if missing:
        raise SnsRefused("a field of the envelope is missing")
    lines = (f"{name}\n{fields[name]}\n" for name in names if name in fields)
    return "".join(lines).encode(errors="replace")


def is_certificate_url(url: str) -> bool:
    """Whether Amazon publishes its certificates there."""
    return is_amazon_url(url) and urlsplit(url).path.endswith(".pem")


def is_amazon_url(url: str) -> bool:
    """Whether it is an https address of Amazon SNS itself."""
    try:
        parts = urlsplit(url)
        is_plain = parts.port in _HTTPS_PORTS and "@" not in parts.netloc
    except ValueError:
        return False
    host = _HOST.fullmatch(parts.hostname or "")
    return parts.scheme == "https" and is_plain and host is not None


def _decode(signature: str) -> bytes:
    try:
        return base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        raise SnsRefused("wrong signature") from None

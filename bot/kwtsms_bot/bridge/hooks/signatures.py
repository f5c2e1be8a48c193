"""Checks the signatures of requests: an HMAC over the raw body, as each tool writes it. Pure."""

import base64
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from kwtsms_bot.bridge.authentication import Unauthorized
from kwtsms_bot.config.bridge_integrations import IntegrationSettings

SIGNATURE_SECONDS = 300  # How far its signed time may be from ours.
REPLAY_SECONDS = 600
MAX_SIGNATURES = 10_000
MAX_STAMP = 12  # Digits of a time in seconds.
_PREFIX = "sha256="


@dataclass(frozen=True, slots=True)
class SignatureHeader:
    """Header in which a tool puts the hexadecimal digits of its signature."""

    name: str
    prefix: str = ""


HEADERS: Mapping[str, SignatureHeader] = {
    # https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
    "github": SignatureHeader("X-Hub-Signature-256", _PREFIX),
    "grafana": SignatureHeader("X-Grafana-Alerting-Signature"),
    # https://docs.sentry.io/organization/integrations/integration-platform/webhooks/
    "sentry": SignatureHeader("Sentry-Hook-Signature"),
}


def sign(kind: str, secret: str, body: bytes) -> dict[str, str]:
    """Returns the header with the signature of a body, as a tool of this kind sends it."""
    header = HEADERS[kind]
    return {header.name: header.prefix + _digits(secret, body)}


def check_signature(
    headers: Mapping[str, str], body: bytes, settings: IntegrationSettings, now: float
) -> str | None:
    """Checks the signature, where one is configured; returns it if it covers a time.

    Raises:
        Unauthorized: it is missing, wrong or old.
    """
    header = HEADERS.get(settings.kind)
    if settings.hmac is None or header is None:
        return None
    signed = body
    if settings.timestamp_header is not None:
        stamp = headers.get(settings.timestamp_header, "")
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= MAX_STAMP):
            raise Unauthorized("no signed time")
        if abs(now - int(stamp)) > SIGNATURE_SECONDS:
            raise Unauthorized("the signed time is too old")
        signed = stamp.encode() + b":" + body
    expected = _digits(settings.hmac.get_secret_value(), signed)
    given = headers.get(header.name, "").strip().lower().removeprefix(header.prefix)
    if not hmac.compare_digest(expected.encode(), given.encode(errors="replace")):
        raise Unauthorized("wrong signature")
    return expected if settings.timestamp_header is not None else None


def answer_challenge(secret: str, token: str) -> str:
    """Returns what Netdata expects for its token: proof that we know the secret."""
    digest = hmac.new(secret.encode(), token.encode(errors="replace"), hashlib.sha256).digest()
    return _PREFIX + base64.b64encode(digest).decode()


def _digits(secret: str, signed: bytes) -> str:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


class SignatureCache:
    """Signatures with a time that were accepted: each is accepted once."""

    def __init__(self) -> None:
        self._until: OrderedDict[tuple[str, str], float] = OrderedDict()

    def is_repeated(self, integration: str, signature: str, now: float) -> bool:
        """Whether it was seen before; remembers it."""
        while self._until and next(iter(self._until.values())) < now:
            self._until.popitem(last=False)
        key = (integration, signature)
        if key in self._until:
            return True
        self._until[key] = now + REPLAY_SECONDS
        if len(self._until) > MAX_SIGNATURES:
            self._until.popitem(last=False)
        return False

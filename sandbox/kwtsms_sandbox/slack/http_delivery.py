"""HTTP delivery: requests to the app's own address, signed with its secret.

https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientError, ClientSession, ClientTimeout

from kwtsms_sandbox.clock import Clock
from kwtsms_sandbox.slack.envelopes import AckFailure, Envelope, EnvelopeKind, Reply

_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The v0 signature of a body at a time."""
    base = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def signed_headers(secret: str, timestamp: str, body: bytes) -> dict[str, str]:
    """The headers by which the app recognises a request from Slack."""
    return {
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": signature(secret, timestamp, body),
        "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
    }


@dataclass(slots=True)
class SignedHttp:
    """Delivery to one address by signed requests."""

    url: str
    secret: str = field(repr=False)
    clock: Clock
    session: ClientSession

    async def deliver(self, envelope: Envelope, *, within: float) -> Reply:
        """Sends one request, and returns the app's answer."""
        body, content_type = encoded(envelope)
        headers = self.headers(body) | {"Content-Type": content_type} | _retry_headers(envelope)
        try:
            async with self.session.post(
                self.url, data=body, headers=headers, timeout=ClientTimeout(total=within)
            ) as response:
                text = await response.text()
                return _reply(envelope, response.status, text)
        except TimeoutError:
            return Reply(error=AckFailure.TIMEOUT)
        except ClientError:
            return Reply(error=AckFailure.FAILED)

    def headers(self, body: bytes) -> dict[str, str]:
        """The headers that sign this body at the current time."""
        return signed_headers(self.secret, str(int(self.clock.now().timestamp())), body)


def encoded(envelope: Envelope) -> tuple[bytes, str]:
    """The body of the request and its content type."""
    if envelope.kind is EnvelopeKind.EVENT:
        return json.dumps(envelope.payload).encode(), _JSON
    if envelope.kind is EnvelopeKind.COMMAND:
        return urlencode(envelope.payload).encode(), _FORM
    return urlencode({"payload": json.dumps(envelope.payload)}).encode(), _FORM


def _retry_headers(envelope: Envelope) -> dict[str, str]:
    if not envelope.retry:
        return {}
    return {
        "X-Slack-Retry-Num": str(envelope.retry),
        "X-Slack-Retry-Reason": envelope.retry_reason,
    }


def _reply(envelope: Envelope, status: int, text: str) -> Reply:
    if status != 200:
        return Reply(error=AckFailure.FAILED, status=status)
    if not envelope.accepts_response or not text:
        return Reply(status=status)
    return Reply(payload=_read(text), status=status)


def _read(text: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except ValueError:
        return {"text": text}
    return body if isinstance(body, dict) else {"text": text}

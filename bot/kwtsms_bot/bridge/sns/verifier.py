"""Decides whether messages of Amazon SNS are accepted, and confirms subscriptions.

Fetches nothing but Amazon's certificates, which it keeps, and the address of a confirmation.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import structlog

from kwtsms_bot.bridge.guarded_http import FetchFailed, fetch
from kwtsms_bot.bridge.integrations.sns import SUBSCRIPTION
from kwtsms_bot.bridge.sns.envelope import (
    Envelope,
    SnsRefused,
    is_amazon_url,
    read_envelope,
)
from kwtsms_bot.bridge.sns.signature import UnusableCertificate, check_signature
from kwtsms_bot.config.bridge_integrations import IntegrationSettings

MAX_CERTIFICATES = 20  # Amazon has one a region, and replaces it about once a year.
Fetch = Callable[[str], Awaitable[bytes]]
log = structlog.get_logger(__name__)


class SnsUnavailable(Exception):
    """Amazon can't be reached, so nothing can be decided now; a retry may help."""


class SnsVerifier:
    """Verifier of the messages to one integration; it fetches nothing if it has a certificate."""

    def __init__(self, settings: IntegrationSettings, *, fetch: Fetch = fetch) -> None:
        self._topics = frozenset(settings.topics)
        self._certificate = settings.certificate
        self._fetch = fetch
        self._certificates: dict[str, bytes] = {}

    async def accept(self, body: bytes, now: float) -> None:
        """Returns if a message is accepted; what subscribes to a topic is confirmed first.

        Raises:
            SnsRefused: it is not Amazon's, too old, or of another topic.
            SnsUnavailable: Amazon can't be reached.
            WebhookRefused: the body is no JSON object.
        """
        time = datetime.fromtimestamp(now, UTC)
        envelope = read_envelope(body, self._topics, time)
        await self._check(envelope, time)
        if envelope.kind == SUBSCRIPTION:
            await self._confirm(envelope)

    async def _check(self, envelope: Envelope, now: datetime) -> None:
        certificate = await self._certificate_of(envelope)
        try:
            # Loads the library at the first message, so not in the event loop.
            await asyncio.to_thread(
                check_signature,
                envelope.signed,
                envelope.signature,
                version=envelope.version,
                certificate=certificate,
                now=now,
            )
        except UnusableCertificate as error:
            self._certificates.pop(envelope.certificate_url, None)
            raise SnsRefused("an unusable certificate") from error

    async def _certificate_of(self, envelope: Envelope) -> bytes:
        if self._certificate is not None:
            return self._certificate.encode()
        url = envelope.certificate_url
        if url not in self._certificates:
            fetched = await self._get(url)
            if len(self._certificates) >= MAX_CERTIFICATES:
                self._certificates.pop(next(iter(self._certificates)))
            self._certificates[url] = fetched
        return self._certificates[url]

    async def _confirm(self, envelope: Envelope) -> None:
        if not is_amazon_url(envelope.subscribe_url):
            raise SnsRefused("a confirmation at an address that is not Amazon's")
        if self._certificate is not None:  # Without a way out; the alert asks people to do it.
            return
        await self._get(envelope.subscribe_url)
        log.info("sns subscription confirmed", topic=envelope.topic)

    async def _get(self, url: str) -> bytes:
        try:
            return await self._fetch(url)
        except FetchFailed as error:
            log.warning("sns not reached", error=str(error))
            raise SnsUnavailable(str(error)) from error

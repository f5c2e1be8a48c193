"""Delivers envelopes to the app, waits for its reply, and applies the reply for the user."""

import asyncio
import secrets

from kwtsms_sandbox.slack import payloads
from kwtsms_sandbox.slack.acknowledgement import handle_ack
from kwtsms_sandbox.slack.envelopes import (
    ACK_SECONDS,
    AckFailure,
    Envelope,
    EnvelopeKind,
    Interaction,
    Transport,
)
from kwtsms_sandbox.slack.event_feed import Kind
from kwtsms_sandbox.slack.models import Json
from kwtsms_sandbox.slack.response_urls import ResponseUrls
from kwtsms_sandbox.slack.workspace import Workspace


class EventDelivery:
    """Delivery from one workspace to its app."""

    def __init__(self, space: Workspace, response_urls: ResponseUrls, transport: Transport) -> None:
        self.transport = transport
        self.ack_seconds = ACK_SECONDS
        self.space = space
        self._response_urls = response_urls

    async def deliver(self, envelope: Envelope) -> Interaction:
        """Delivers one envelope and handles the acknowledgement."""
        clock = asyncio.get_running_loop().time
        start = clock()
        reply = await self.transport.deliver(envelope, within=self.ack_seconds)
        interaction = handle_ack(self.space, Interaction(envelope, reply, clock() - start))
        self.space.feed.publish(Kind.ACKED, interaction)
        return interaction

    async def redeliver(self, interaction: Interaction) -> Interaction:
        """Delivers the same envelope again, as Slack does when an acknowledgement was lost."""
        late = interaction.error == AckFailure.TIMEOUT
        return await self.deliver(
            interaction.envelope.again("http_timeout" if late else "http_error")
        )

    async def send_event(self, body: Json) -> Interaction:
        """Sends the app an event, and at once a second time if it does not acknowledge.

        Slack would try twice more, after a minute and after five; a test does that by `redeliver`.
        """
        at = int(self.space.clock.now().timestamp())
        payload = payloads.event("Ev" + secrets.token_hex(5).upper(), body, at)
        first = await self.deliver(Envelope(EnvelopeKind.EVENT, payload))
        return first if first.acked else await self.redeliver(first)

    async def verify_url(self) -> bool:
        """Sends the app's address a challenge, as Slack does once when it is configured."""
        challenge = secrets.token_hex(16)
        payload = {
            "type": "url_verification",
            "token": payloads.VERIFICATION_TOKEN,
            "challenge": challenge,
        }
        interaction = await self.deliver(
            Envelope(EnvelopeKind.EVENT, payload, accepts_response=True)
        )
        return interaction.acked and (interaction.ack or {}).get("challenge") == challenge

    async def interact(self, payload: Json, *, accepts_response: bool = False) -> Interaction:
        """Sends the app a click, a choice or a form."""
        return await self.deliver(
            Envelope(EnvelopeKind.INTERACTIVE, payload, accepts_response=accepts_response)
        )

    def response_url(self, user: str, channel: str, *, source: str | None = None) -> str:
        """Returns a new response_url."""
        return self.space.url + self._response_urls.issue(user, channel, source=source)

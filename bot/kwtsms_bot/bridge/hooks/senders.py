"""Finds the integration that sends a request, by the request's path and token. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kwtsms_bot.bridge.authentication import (
    GivenToken,
    TokenTable,
    Unauthorized,
    find_credentials,
    is_within,
)
from kwtsms_bot.bridge.hooks.answers import HOOK_ANSWERS, AnswerForm
from kwtsms_bot.bridge.integrations import pagerduty
from kwtsms_bot.bridge.integrations.request import WebhookRequest
from kwtsms_bot.config.bridge import BridgeSettings
from kwtsms_bot.config.bridge_integrations import TOKENLESS_KINDS

APPRISE, PAGERDUTY = "apprise", "pagerduty"  # Kinds with paths of their own.


@dataclass(frozen=True, slots=True)
class RequestPath:
    """Path of a request, and what it says about the request."""

    name: str | None = None  # The integration; None: the token alone decides.
    token: str | None = field(default=None, repr=False)
    kind: str | None = None  # The only kind of integration that has this path.
    answers: AnswerForm = HOOK_ANSWERS
    is_heartbeat: bool = False  # It says only that the tool is there.

    @property
    def has_token_in_body(self) -> bool:
        """Whether the body must be read to know the sender."""
        return self.kind == PAGERDUTY


@dataclass(frozen=True, slots=True)
class RequestSender:
    """Integration that a request names, and whether a token proves it."""

    name: str
    has_token: bool = True  # Otherwise, its signature must prove it.
    token: str = field(default="", repr=False)


class SenderTable:
    """Table of the integrations that may send requests."""

    def __init__(self, bridge: BridgeSettings) -> None:
        self._integrations = bridge.integrations
        self._tokens = TokenTable(bridge.integrations)

    def find(
        self, path: RequestPath, headers: Mapping[str, str], body: bytes, address: str
    ) -> RequestSender:
        """Returns the owner of the token, or the integration whose requests are only signed.

        Raises:
            Unauthorized: it is none of them, or may not send from there.
            WebhookRefused: the body, which should have the token, can't be read.
        """
        sender = self._find(path, headers, body)
        allowed = self._integrations[sender.name].allow
        if allowed and not is_within(address, allowed):
            raise Unauthorized("an address that is not in allow")
        return sender

    def _find(self, path: RequestPath, headers: Mapping[str, str], body: bytes) -> RequestSender:
        try:
            given = _credentials(path, headers, body)
        except Unauthorized:
            if path.name is None or not self._is_only_signed(path.name):
                raise
            return RequestSender(path.name, has_token=False)
        name = self._tokens.integration(given, path.name)
        self._check_use(name, given, path)
        return RequestSender(name, token=given.token)

    def _is_only_signed(self, name: str) -> bool:
        settings = self._integrations.get(name)
        if settings is None or settings.hmac is None:
            return False
        return settings.kind in TOKENLESS_KINDS

    def _check_use(self, name: str, given: GivenToken, path: RequestPath) -> None:
        settings = self._integrations[name]
        if given.name and given.name != name:
            raise Unauthorized("the user is not the name of the integration")
        if path.kind is not None and settings.kind != path.kind:
            raise Unauthorized(f"not an integration of kind {path.kind}")
        by_path = path.name is not None and given.token == path.token
        if by_path and not settings.url_token:
            raise Unauthorized("a token in the address, without url_token: true")


def _credentials(path: RequestPath, headers: Mapping[str, str], body: bytes) -> GivenToken:
    if path.has_token_in_body:  # Its clients may have an Authorization for PagerDuty itself.
        return GivenToken(pagerduty.routing_key(WebhookRequest(body)))
    return find_credentials(headers, path.token)

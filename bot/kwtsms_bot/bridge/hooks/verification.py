"""Verifies that requests are their tool's, where the tool signs them."""

from collections.abc import Mapping

from kwtsms_bot.bridge.authentication import Unauthorized
from kwtsms_bot.bridge.hooks.signatures import SignatureCache, check_signature
from kwtsms_bot.bridge.sns.envelope import SnsRefused
from kwtsms_bot.bridge.sns.verifier import SnsVerifier
from kwtsms_bot.config.bridge_integrations import IntegrationSettings


class RequestVerifier:
    """Verifier of the requests to all integrations."""

    def __init__(self, integrations: Mapping[str, IntegrationSettings]) -> None:
        self._integrations = integrations
        self._signatures = SignatureCache()
        self._sns = {
            name: SnsVerifier(one) for name, one in integrations.items() if one.kind == "sns"
        }

    async def is_new(self, name: str, headers: Mapping[str, str], body: bytes, now: float) -> bool:
        """Returns whether a request is new; a repeated one is the tool's, too.

        Raises:
            Unauthorized: it is not signed by the tool, or too old.
            SnsUnavailable: that can't be found out now.
            WebhookRefused: the body is not of the tool's shape.
        """
        signature = check_signature(headers, body, self._integrations[name], now)
        if name in self._sns:
            try:
                await self._sns[name].accept(body, now)
            except SnsRefused as refused:
                raise Unauthorized(refused.reason) from refused
        return signature is None or not self._signatures.is_repeated(name, signature, now)

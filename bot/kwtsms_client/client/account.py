"""What both clients are made with, and what they remember. Opens no connection."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import httpx

from kwtsms_client import flow, settings
from kwtsms_client.models import Balance, Credentials, SendResult
from kwtsms_client.protocol import BASE_URL, HEADERS
from kwtsms_client.settings import SHARED_SENDER

TIMEOUT_SECONDS = 15.0
KEEPALIVE_SECONDS = 4.0  # Common servers close an idle connection after five.


class Account:
    """What both clients are made with, and what they remember."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        base_url: str = BASE_URL,
        sender_id: str = SHARED_SENDER,
        test_mode: bool = False,
        default_country: str | None = None,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        self.credentials = credentials
        self.base_url = settings.checked_url(base_url)
        self.sender_id = sender_id
        self.test_mode = test_mode
        self.default_country = default_country
        self.cached_balance: Balance | None = None  # From the last balance, verify or send.
        self._options: dict[str, Any] = {
            "timeout": timeout,
            "follow_redirects": False,
            "headers": HEADERS,
            "limits": httpx.Limits(keepalive_expiry=KEEPALIVE_SECONDS),
        }

    @classmethod
    def from_env(
        cls, path: str | Path | None = ".env", environ: Mapping[str, str] | None = None
    ) -> Self:
        """A client set up by KWTSMS_USERNAME, _PASSWORD, _SENDER_ID, _TEST_MODE and _BASE_URL.

        Raises:
            ConfigurationError: something is missing, or neither true nor false.
        """
        found = settings.from_environment(path, environ)
        return cls(
            found.credentials,
            base_url=found.base_url,
            sender_id=found.sender_id,
            test_mode=found.test_mode,
        )

    def _order(self, to: object, text: object, sender: str | None) -> flow.Order:
        return flow.order(
            to,
            text,
            sender=self.sender_id if sender is None else sender,
            test=self.test_mode,
            default_country=self.default_country,
        )

    def _remember(self, result: SendResult) -> SendResult:
        if result.balance_after is not None:
            before = self.cached_balance
            purchased = before.purchased if before else None
            self.cached_balance = Balance(result.balance_after, purchased)
        return result

    def _remember_balance(self, balance: Balance) -> Balance:
        self.cached_balance = balance
        return balance

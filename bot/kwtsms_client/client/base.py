"""The base of both clients: their options and cached facts. Opens no connection."""

import os
import ssl
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Generic, Self, TypedDict, TypeVar, Unpack
from weakref import WeakSet

from kwtsms_client import flow, settings
from kwtsms_client import preview as previews
from kwtsms_client.client.transport import transport_options
from kwtsms_client.models import Balance, Coverage, Credentials, RejectedInput, SendResult
from kwtsms_client.numbering_plan import country_by_code
from kwtsms_client.preview import SendPreview
from kwtsms_client.protocol import BASE_URL
from kwtsms_client.request_log import RequestLog
from kwtsms_client.settings import SHARED_SENDER

TIMEOUT_SECONDS = 15.0
COVERAGE_SECONDS = 24 * 3600.0

P = TypeVar("P")  # The type of the pacer.


class ClientOptions(TypedDict, Generic[P], total=False):
    """Options that `from_env` takes by name, as a client itself does."""

    base_url: str
    sender_id: str
    test_mode: bool
    default_country: str | None
    timeout: float
    log: str | Path | None
    log_content: bool
    check_coverage: bool
    tls: ssl.SSLContext | bool
    pacer: P | None


class BaseClient(Generic[P]):
    """Base of both clients: their options and cached facts. Thread-safe.

    `log` names a file for the request log (`log_content`: with numbers and texts in full).
    `check_coverage` leaves out numbers of countries that are not active on the account, once
    `coverage()` has been called. A forked process gets its own files and connections.
    """

    def __init__(  # noqa: PLR0913 - Keyword-only, with defaults.
        self,
        credentials: Credentials,
        *,
        base_url: str = BASE_URL,
        sender_id: str = SHARED_SENDER,
        test_mode: bool = False,
        default_country: str | None = None,
        timeout: float = TIMEOUT_SECONDS,
        log: str | Path | None = None,
        log_content: bool = False,
        check_coverage: bool = True,
        tls: ssl.SSLContext | bool = True,
        pacer: P | None = None,
    ) -> None:
        self.credentials = credentials
        self.base_url = settings.check_url(base_url)
        self.sender_id = sender_id
        self.test_mode = test_mode
        self.default_country = country_by_code(default_country).code if default_country else None
        self.cached_balance: Balance | None = None  # From the last balance, verify or send.
        self._check_coverage = check_coverage
        self._coverage: tuple[float, Coverage] | None = None
        self._log_path, self._log_content = log, log_content
        self._timeout = timeout
        self._pacer = pacer
        self._options = transport_options(self.base_url, tls=tls)
        self._open()
        _CLIENTS.add(self)

    def _open(self) -> None:
        """Creates what no two processes may share: locks, files and connections."""
        self._lock = threading.Lock()
        self._log = (
            RequestLog(self._log_path, content=self._log_content) if self._log_path else None
        )

    @classmethod
    def from_env(
        cls,
        path: str | Path | None = None,
        environ: Mapping[str, str] | None = None,
        **options: Unpack[ClientOptions[P]],
    ) -> Self:
        """A client set up by KWTSMS_USERNAME, _PASSWORD, _SENDER_ID, _TEST_MODE and the rest.

        Without `path` the file is `.env`, if it exists.

        Raises:
            ConfigurationError: something is missing, or neither true nor false.
        """
        found = settings.from_environment(path, environ)
        configured: ClientOptions[P] = {
            "base_url": found.base_url,
            "sender_id": found.sender_id,
            "test_mode": found.test_mode,
            "log": found.log_file,
        }
        return cls(found.credentials, **(configured | options))

    @property
    def cached_coverage(self) -> Coverage | None:
        """The active prefixes, if they were fetched within the last day."""
        known = self._coverage
        return known[1] if known and time.monotonic() - known[0] < COVERAGE_SECONDS else None

    def preview(self, to: object, text: str) -> SendPreview:
        """Returns a preview of `send`, with its cost in credits; makes no request."""
        balance = self.cached_balance
        found = previews.preview(
            to,
            text,
            default_country=self.default_country,
            balance=balance.available if balance else None,
        )
        good, left_out = self._split_by_coverage(found.recipients)
        invalid = (*found.invalid, *left_out)
        return SendPreview(found.report, good, invalid, found.balance)

    def _timeout_or_default(self, timeout: float | None) -> float:
        return self._timeout if timeout is None else timeout

    def _order(self, to: object, text: str, sender: str | None) -> flow.SendOrder:
        order = flow.order(
            to,
            text,
            sender=self.sender_id if sender is None else sender,
            test=self.test_mode,
            default_country=self.default_country,
        )
        good, left_out = self._split_by_coverage(order.recipients)
        return flow.with_coverage(order, good, left_out)

    def _split_by_coverage(
        self, numbers: tuple[str, ...]
    ) -> tuple[tuple[str, ...], tuple[RejectedInput, ...]]:
        """The numbers that the account can send to, as far as that is known, and the others."""
        coverage = self.cached_coverage if self._check_coverage else None
        return (numbers, ()) if coverage is None else flow.split_by_coverage(numbers, coverage)

    def _remember(self, result: SendResult) -> SendResult:
        if result.balance_after is not None:
            with self._lock:
                before = self.cached_balance
                purchased = before.purchased if before else None
                self.cached_balance = Balance(result.balance_after, purchased)
        return result

    def _remember_lowest(self, results: list[SendResult]) -> list[SendResult]:
        """Caches the lowest balance: answers may come in another order than the requests."""
        known = [one.balance_after for one in results if one.balance_after is not None]
        if known:
            self._remember(SendResult((), balance_after=min(known)))
        return results

    def _remember_balance(self, balance: Balance) -> Balance:
        with self._lock:
            self.cached_balance = balance
        return balance

    def _remember_coverage(self, coverage: Coverage) -> Coverage:
        self._coverage = (time.monotonic(), coverage)
        return coverage


_CLIENTS: WeakSet[BaseClient[Any]] = WeakSet()


def _reopen_all() -> None:
    """Reopens all clients in a forked process, before anything else runs there."""
    for client in _CLIENTS:
        client._open()  # noqa: SLF001 - One of ours.


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reopen_all)

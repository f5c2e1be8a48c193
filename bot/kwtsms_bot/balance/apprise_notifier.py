"""Delivers balance warnings to Apprise URLs: mail, chat, push and whatever else Apprise supports.

An SMS from the account that is running out of credits would be unreliable; any other URL will do.
In the database a target is a hash of its URL, because the URL holds secrets.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, tzinfo
from hashlib import sha256
from typing import Any

import structlog

from kwtsms_bot.background import wait_for_any
from kwtsms_bot.balance.messages import body, title
from kwtsms_bot.balance.store.deliveries import NoticeStore, PendingNotice
from kwtsms_bot.database import DatabaseError
from kwtsms_bot.i18n.dates import format_datetime
from kwtsms_bot.i18n.translator import ENGLISH, Language
from kwtsms_bot.kuwait_time import KUWAIT_TZ

PREFIX = "apprise:"
POLL_SECONDS = 60.0  # After a failure the same target is tried again in the next round.
PATIENCE_SECONDS = 10.0  # Most targets answer sooner; a round waits no longer for the others.
EXTEND_LEASE_SECONDS = 60.0  # Before the lease ends and another process may claim it.
MAX_LEASE_EXTENSIONS = 10  # Then the lease may end before our call does.
_APPRISE_LOGGER = logging.getLogger("apprise")
_LOGGER_LOCK = threading.Lock()  # Held while Apprise's logger is silenced.
log = structlog.get_logger(__name__)

Notify = Callable[[str, str, str], bool]  # A URL, a title and a body; whether it was delivered.


def target_id(url: str) -> str:
    """Returns the id of `url` in the database."""
    return PREFIX + sha256(url.encode()).hexdigest()[:24]


def notify(url: str, title: str, body: str) -> bool:
    """Notifies one Apprise URL; blocks, and reveals nothing of the URL if it fails."""
    service = _load_service(url)
    return bool(service and service.notify(title=title, body=body))


def find_unusable(urls: Iterable[str]) -> Sequence[int]:
    """Returns the positions, from 1, of the URLs that Apprise cannot use; notifies none of them.

    Raises:
        ImportError: Apprise is not installed.
    """
    return [number for number, url in enumerate(urls, start=1) if _load_service(url) is None]


def _load_service(url: str) -> Any:
    """Returns Apprise's service for a URL, or None; silences its log, which quotes secrets."""
    import apprise  # noqa: PLC0415 - an extra, and slow to load.

    service = apprise.Apprise()
    with _LOGGER_LOCK:
        _APPRISE_LOGGER.disabled = True
        try:
            known = service.add(url)
        finally:
            _APPRISE_LOGGER.disabled = False
    return service if known else None


class AppriseNotifier:
    """Delivers pending balance notices to Apprise URLs, until they are there."""

    def __init__(
        self,
        notices: NoticeStore,
        urls: Iterable[str],
        say: Language = ENGLISH,
        *,
        zone: tzinfo = KUWAIT_TZ,
        notify: Notify = notify,
    ) -> None:
        self._notices, self._say, self._zone = notices, say, zone
        self._urls = {target_id(url): url for url in urls}
        self._notify = notify
        self._woken = asyncio.Event()
        self._running: dict[str, asyncio.Task[None]] = {}  # By target: one delivery at a time.

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets, as the database names them."""
        return tuple(self._urls)

    def wake(self) -> None:
        """Signals that there may be a new notice."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Delivers notices until `stop` is set."""
        while not stop.is_set():
            self._woken.clear()
            if self._urls:
                await self.deliver_pending()
            await wait_for_any(self._woken, stop, seconds=POLL_SECONDS)

    async def deliver_pending(self) -> None:
        """Tries all pending notices once; a target that fails or hangs delays no other.

        A target that hangs is not called again before that call has ended.
        """
        for target in self._urls:
            if target not in self._running:
                self._running[target] = asyncio.create_task(self._deliver_to_target(target))
        if self._running:
            await asyncio.wait(self._running.values(), timeout=PATIENCE_SECONDS)
        for target in [target for target, task in self._running.items() if task.done()]:
            self._running.pop(target).result()

    async def _deliver_to_target(self, target: str) -> None:
        """Delivers the notices for this target, until one of them fails."""
        try:
            for pending in await self._notices.list_pending(target):
                if await self._notices.claim(pending) and not await self._deliver_with_lease(
                    pending
                ):
                    break
        except DatabaseError as error:
            log.warning("warnings not delivered yet", error=str(error))

    async def _deliver_with_lease(self, pending: PendingNotice) -> bool:
        """Delivers a notice while renewing its lease; returns whether the target has it now."""
        delivery = asyncio.create_task(self._call_apprise(pending))
        for _ in range(MAX_LEASE_EXTENSIONS):
            await asyncio.wait({delivery}, timeout=EXTEND_LEASE_SECONDS)
            if delivery.done():
                break
            await self._extend_lease(pending)
        done = await delivery
        if done:
            await self._notices.record_delivery(pending)
        else:
            await self._notices.release(pending)
        return done

    async def _extend_lease(self, pending: PendingNotice) -> None:
        try:
            await self._notices.extend_lease(pending)
        except DatabaseError as error:
            log.warning("warning not held", target=pending.target, error=str(error))

    async def _call_apprise(self, pending: PendingNotice) -> bool:
        url = self._urls[pending.target]
        try:
            done = await asyncio.to_thread(
                self._notify,
                url,
                title(pending, self._say),
                body(pending, self._say, self._format_time),
            )
        except ImportError:
            log.error("apprise is not installed", remedy="pip install 'kwtsms-bridge[apprise]'")
            return False
        except Exception as error:  # noqa: BLE001 - 180 third-party plugins; none may end the bot.
            log.error("apprise failed", target=pending.target, error=type(error).__name__)
            return False
        if not done:
            log.error("warning not delivered", target=pending.target)
        return done

    def _format_time(self, at: datetime) -> str:
        """A time in the settings' zone: all readers of an Apprise URL get the same text."""
        return format_datetime(at, self._say, zone=self._zone)

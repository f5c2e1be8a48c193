"""Carries balance warnings to Apprise URLs: mail, chat, push, whatever Apprise knows.

An SMS from the account that is running dry would be a poor messenger; any other URL will do. In the
database a target is a hash of its URL, because the URL holds secrets.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, tzinfo
from hashlib import sha256
from typing import Any

import structlog

from kwtsms_bot.alerts.store import AlertStore, Pending
from kwtsms_bot.alerts.wording import body, title
from kwtsms_bot.database import DatabaseTrouble
from kwtsms_bot.kuwait import ZONE
from kwtsms_bot.language import ENGLISH, Language

PREFIX = "apprise:"
SWEEP_SECONDS = 60.0  # After a failure the same target is tried again in the next sweep.
PATIENCE_SECONDS = 10.0  # Most targets answer sooner; a sweep waits no longer for the others.
HOLD_SECONDS = 60.0  # Sooner than another process may take over what we are at.
HOLDS = 10  # Then it may, though our call has not ended.
_APPRISES = logging.getLogger("apprise")
_QUIET = threading.Lock()  # Whoever has it has silenced that.
log = structlog.get_logger(__name__)

Notify = Callable[[str, str, str], bool]  # A URL, a title and a body; whether it was delivered.


def target(url: str) -> str:
    """How the database names `url`."""
    return PREFIX + sha256(url.encode()).hexdigest()[:24]


def notify(url: str, title: str, body: str) -> bool:
    """Tells one Apprise URL; blocks, and says nothing of the URL if it fails."""
    service = _service(url)
    return bool(service and service.notify(title=title, body=body))


def unusable(urls: Iterable[str]) -> Sequence[int]:
    """Which of these URLs Apprise can make nothing of, from 1; tells none of them anything.

    Raises:
        ImportError: Apprise is not installed.
    """
    return [number for number, url in enumerate(urls, start=1) if _service(url) is None]


def _service(url: str) -> Any:
    """What Apprise makes of it, or None; of what is wrong with it, it quotes the secrets."""
    import apprise  # noqa: PLC0415 - an extra, and slow to load.

    service = apprise.Apprise()
    with _QUIET:
        _APPRISES.disabled = True
        try:
            known = service.add(url)
        finally:
            _APPRISES.disabled = False
    return service if known else None


class AppriseCourier:
    """Delivers what is on its way to Apprise URLs, until it is there."""

    def __init__(
        self,
        store: AlertStore,
        urls: Iterable[str],
        say: Language = ENGLISH,
        *,
        zone: tzinfo = ZONE,
        notify: Notify = notify,
    ) -> None:
        self._store, self._say, self._zone = store, say, zone
        self._urls = {target(url): url for url in urls}
        self._notify = notify
        self._woken = asyncio.Event()
        self._busy: dict[str, asyncio.Task[None]] = {}  # By target: each is told one at a time.

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets, as the database names them."""
        return tuple(self._urls)

    def wake(self) -> None:
        """There may be something new on its way."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Works until `stop` is set."""
        stopping = asyncio.create_task(stop.wait())
        while not stop.is_set():
            self._woken.clear()
            if self._urls:
                await self.sweep()
            woken = asyncio.create_task(self._woken.wait())
            await asyncio.wait(
                {woken, stopping}, timeout=SWEEP_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            woken.cancel()
        stopping.cancel()

    async def sweep(self) -> None:
        """Tries everything that is on its way once; a target that fails or hangs holds up no other.

        Whoever hangs is not called again before that has ended.
        """
        for target in self._urls:
            if target not in self._busy:
                self._busy[target] = asyncio.create_task(self._serve(target))
        if self._busy:
            await asyncio.wait(self._busy.values(), timeout=PATIENCE_SECONDS)
        for target in [target for target, task in self._busy.items() if task.done()]:
            self._busy.pop(target).result()

    async def _serve(self, target: str) -> None:
        """Everything for this target, until one of it fails."""
        try:
            for pending in await self._store.pending(target):
                if await self._store.take(pending) and not await self._bring(pending):
                    break
        except DatabaseTrouble as error:
            log.warning("warnings not delivered yet", error=str(error))

    async def _bring(self, pending: Pending) -> bool:
        """Whether the target has it now; while it is being told, nobody else tells it."""
        telling = asyncio.create_task(self._deliver(pending))
        for _ in range(HOLDS):
            await asyncio.wait({telling}, timeout=HOLD_SECONDS)
            if telling.done():
                break
            await self._hold(pending)
        done = await telling
        if done:
            await self._store.delivered(pending)
        else:
            await self._store.not_delivered(pending)
        return done

    async def _hold(self, pending: Pending) -> None:
        try:
            await self._store.hold(pending)
        except DatabaseTrouble as error:
            log.warning("warning not held", target=pending.target, error=str(error))

    async def _deliver(self, pending: Pending) -> bool:
        url = self._urls[pending.target]
        try:
            done = await asyncio.to_thread(
                self._notify,
                url,
                title(pending, self._say),
                body(pending, self._say, self._clock),
            )
        except ImportError:
            log.error("apprise is not installed", remedy="pip install 'kwtsms-bridge[apprise]'")
            return False
        except Exception as error:  # noqa: BLE001 - 180 plugins of others; none may end the bot.
            log.error("apprise failed", target=pending.target, error=type(error).__name__)
            return False
        if not done:
            log.error("warning not delivered", target=pending.target)
        return done

    def _clock(self, at: datetime) -> str:
        """In the zone whose days are reckoned with; many who read it are told in no other."""
        return self._say.ltr(f"{at.astimezone(self._zone):%Y-%m-%d %H:%M %Z}")

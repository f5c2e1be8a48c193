"""Carries balance warnings to Apprise URLs: mail, chat, push, whatever Apprise knows.

An SMS from the account that is running dry would be a poor messenger; any other URL will do. In the
database a target is a hash of its URL, because the URL holds secrets.
"""

import asyncio
from collections.abc import Callable, Iterable
from hashlib import sha256

import structlog

from kwtsms_bot.alerts.store import AlertStore, Pending
from kwtsms_bot.alerts.wording import body, title
from kwtsms_bot.database import DatabaseTrouble
from kwtsms_bot.language import ENGLISH, Language

PREFIX = "apprise:"
SWEEP_SECONDS = 60.0  # After a failure the same target is tried again in the next sweep.
log = structlog.get_logger(__name__)

Notify = Callable[[str, str, str], bool]  # A URL, a title and a body; whether it was delivered.


def target(url: str) -> str:
    """How the database names `url`."""
    return PREFIX + sha256(url.encode()).hexdigest()[:24]


def notify(url: str, title: str, body: str) -> bool:
    """Tells one Apprise URL; blocks, and says nothing of the URL if it fails."""
    import apprise  # noqa: PLC0415 - an extra, and slow to load.

    service = apprise.Apprise()
    return bool(service.add(url) and service.notify(title=title, body=body))


class AppriseCourier:
    """Delivers what is on its way to Apprise URLs, until it is there."""

    def __init__(
        self,
        store: AlertStore,
        urls: Iterable[str],
        say: Language = ENGLISH,
        notify: Notify = notify,
    ) -> None:
        self._store, self._say = store, say
        self._urls = {target(url): url for url in urls}
        self._notify = notify
        self._woken = asyncio.Event()

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
        """Tries everything that is on its way once; a target that fails holds up no other."""
        try:
            for target in self._urls:
                for pending in await self._store.pending(target):
                    if await self._store.take(pending) and not await self._bring(pending):
                        break
        except DatabaseTrouble as error:
            log.warning("warnings not delivered yet", error=str(error))

    async def _bring(self, pending: Pending) -> bool:
        """Whether the target has it now."""
        done = await self._deliver(pending)
        if done:
            await self._store.delivered(pending)
        else:
            await self._store.not_delivered(pending)
        return done

    async def _deliver(self, pending: Pending) -> bool:
        url = self._urls[pending.target]
        try:
            done = await asyncio.to_thread(
                self._notify, url, title(pending, self._say), body(pending, self._say)
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

"""Shows in Slack what the outbox says: every card, until what is shown is what is so.

What is to be shown is in the database, so a crash, a rate limit or an outage of Slack delays a card
and loses none. A post whose answer was lost is made again: a card may double, a text message never.
"""

import asyncio
import time

import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot.outbox.message import Message, Place
from kwtsms_bot.outbox.store import Store
from kwtsms_bot.slack import card
from kwtsms_bot.slack.blocks import Payload
from kwtsms_bot.slack.directory import Directory

SWEEP_SECONDS = 5.0
UPDATE_SECONDS = 1.0  # chat.update is Tier 3: 50 a minute; only the newest state is worth one.
BACK_OFF_SECONDS = 5.0
BATCH = 50
# Errors of a place where nothing can be shown any more: the author gets a direct message instead.
GONE = frozenset(
    {
        "cant_update_message",
        "channel_not_found",
        "edit_window_closed",
        "is_archived",
        "message_not_found",
        "not_in_channel",
        "restricted_action",
    }
)
# Errors of Slack, of the network or of our token: the card waits until they have passed.
PASSING = frozenset(
    {
        "account_inactive",
        "fatal_error",
        "internal_error",
        "invalid_auth",
        "missing_scope",
        "not_authed",
        "ratelimited",
        "request_timeout",
        "service_unavailable",
        "token_expired",
        "token_revoked",
    }
)
log = structlog.get_logger(__name__)


class Publisher:
    """Posts the card of each message, and edits it in place as its state changes."""

    def __init__(self, store: Store, client: AsyncWebClient, directory: Directory) -> None:
        self._store = store
        self._client = client
        self._directory = directory
        self._woken = asyncio.Event()
        self._updated: dict[int, float] = {}

    def wake(self) -> None:
        """There is something new to show."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Shows what is new until `stop` is set, then once more what is left."""
        stopping = asyncio.create_task(stop.wait())
        while not stop.is_set():
            self._woken.clear()
            delay = await self.sweep()
            woken = asyncio.create_task(self._woken.wait())
            await asyncio.wait(
                {woken, stopping}, timeout=delay, return_when=asyncio.FIRST_COMPLETED
            )
            woken.cancel()
        self._updated.clear()
        await self.sweep()

    async def sweep(self) -> float:
        """Shows everything that is not shown yet; answers when to look again, in seconds."""
        later = SWEEP_SECONDS
        for message in await self._store.unshown(BATCH):
            wait = self._updated.get(message.id, 0.0) + UPDATE_SECONDS - time.monotonic()
            if wait > 0:
                later = min(later, wait)
                continue
            try:
                await self._show(message)
            except (SlackClientError, OSError, TimeoutError) as error:
                if not await self._give_up(message, error):
                    return BACK_OFF_SECONDS
        self._forget_old()
        return later

    async def _show(self, message: Message) -> None:
        payload = card.render(message, await self._directory.name(message.author))
        try:
            place = await self._put(message.place, payload)
        except SlackApiError as error:
            if _name(error) not in GONE:
                raise
            log.info("card moved to a direct message", message=message.ref, error=_name(error))
            place = await self._put(await self._direct(message.author), payload)
        self._updated[message.id] = time.monotonic()
        await self._store.shown(message.id, message.revision, place)

    async def _give_up(self, message: Message, error: Exception) -> bool:
        """Whether this state of the message can never be shown; the next one is tried again."""
        if not isinstance(error, SlackApiError) or _name(error) in PASSING:
            log.warning("card delayed", message=message.ref, error=_name(error))
            return False
        log.error("card not shown", message=message.ref, error=_name(error))
        await self._store.shown(message.id, message.revision, message.place)
        return True

    async def _put(self, place: Place | None, payload: Payload) -> Place:
        if place is None:
            raise SlackApiError("no place", {"error": "channel_not_found"})
        if place.ts is not None:
            await self._client.chat_update(channel=place.channel, ts=place.ts, **payload)
            return place
        posted = await self._client.chat_postMessage(
            channel=place.channel, unfurl_links=False, unfurl_media=False, **payload
        )
        return Place(str(posted["channel"]), str(posted["ts"]))

    async def _direct(self, user: str) -> Place:
        opened = await self._client.conversations_open(users=user)
        return Place(str((opened["channel"] or {})["id"]), None)

    def _forget_old(self) -> None:
        old = time.monotonic() - UPDATE_SECONDS
        self._updated = {one: at for one, at in self._updated.items() if at > old}


def _name(error: Exception) -> str:
    if isinstance(error, SlackApiError):
        return str(error.response.get("error", "unknown"))
    return type(error).__name__

"""Shows in Slack what the database says: every card and every warning, until it is shown.

What is to be shown is in the database, so a crash, a rate limit or an outage of Slack delays a card
and loses none. A post whose answer was lost is made again: a card may double, a text message never.
"""

import asyncio
import time

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot.database import DatabaseTrouble
from kwtsms_bot.outbox.message import Message, Place
from kwtsms_bot.outbox.store import Store
from kwtsms_bot.outbox.waiting import pause
from kwtsms_bot.slack import card
from kwtsms_bot.slack.blocks import Payload
from kwtsms_bot.slack.directory import Directory
from kwtsms_bot.slack.herald import Herald
from kwtsms_bot.slack.trouble import SLACK_TROUBLE, name, passes

SWEEP_SECONDS = 5.0
UPDATE_SECONDS = 1.0  # chat.update is Tier 3: 50 a minute; only the newest state is worth one.
BACK_OFF_SECONDS, LONGEST_BACK_OFF_SECONDS = 1.0, 10.0  # Twice as long each time.
BATCH = 50
# Errors of what is shown, not of the place: its words alone are taken.
UNFIT = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"})
log = structlog.get_logger(__name__)


class Publisher:
    """Posts the card of each message, and edits it in place as its state changes."""

    def __init__(
        self,
        store: Store,
        herald: Herald,
        *,
        client: AsyncWebClient,
        directory: Directory,
    ) -> None:
        self._store, self._herald = store, herald
        self._client = client
        self._directory = directory
        self._woken = asyncio.Event()
        self._not_before: dict[int, float] = {}  # Of a message.
        self._stumbled: set[int] = set()  # Perhaps by a fault of their own: the others come first.

    def wake(self) -> None:
        """There is something new to show."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Shows what is new until `stop` is set, then once more what is left."""
        stopping = asyncio.create_task(stop.wait())
        back_off = BACK_OFF_SECONDS
        while not stop.is_set():
            self._woken.clear()
            later = await self._round()
            if later is None:  # News makes nothing better: Slack would only be asked more often.
                await pause(stop, back_off)
                back_off = min(2 * back_off, LONGEST_BACK_OFF_SECONDS)
                continue
            back_off = BACK_OFF_SECONDS
            woken = asyncio.create_task(self._woken.wait())
            await asyncio.wait(
                {woken, stopping}, timeout=later, return_when=asyncio.FIRST_COMPLETED
            )
            woken.cancel()
        self._not_before.clear()
        await self._round()

    async def _round(self) -> float | None:
        """Shows what is not shown yet; when to look again, in seconds; None: trouble."""
        now = time.monotonic()
        self._not_before = {one: at for one, at in self._not_before.items() if at > now}
        try:
            await self._herald.tell()
            return await self._show_all()
        except (*SLACK_TROUBLE, DatabaseTrouble) as error:
            log.warning("not shown yet", error=name(error))
            return None

    async def _show_all(self) -> float:
        later = SWEEP_SECONDS
        unshown = await self._store.unshown(BATCH)
        self._stumbled.intersection_update(unshown)
        for one in sorted(unshown, key=self._stumbled.__contains__):
            wait = self._not_before.get(one, 0.0) - time.monotonic()
            if wait > 0:
                later = min(later, wait)
            elif message := await self._store.take_to_show(one):
                await self._show(message)
        return later

    async def _show(self, message: Message) -> None:
        try:
            place = await self._at_its_place(message)
        except Exception:
            self._stumbled.add(message.id)
            await self._store.not_shown(message.id)
            raise
        self._not_before[message.id] = time.monotonic() + UPDATE_SECONDS
        await self._store.shown(message.id, message.revision, place)

    async def _at_its_place(self, message: Message) -> Place | None:
        """Where it is shown now; as before where Slack refuses it for good."""
        say = await self._directory.language(message.author)
        author = await self._directory.name(message.author)
        deciders = {one.actor for one in message.decisions}
        names = {user: await self._directory.name(user) for user in deciders}
        payload = card.render(message, author, say, names=names)
        try:
            return await self._put_or_direct(message, payload)
        except SlackApiError as error:
            if passes(error):
                raise
            log.error("card not shown", message=message.ref, error=name(error))
            return message.place

    async def _put_or_direct(self, message: Message, payload: Payload) -> Place:
        """Where Slack shows nothing any more, for whatever reason, its author gets it directly."""
        try:
            if message.place is not None:
                return await self._put_somehow(message.place, payload)
        except SlackApiError as error:
            if passes(error):
                raise
            log.info("card moved to a direct message", message=message.ref, error=name(error))
        opened = await self._client.conversations_open(users=message.author)
        return await self._put_somehow(Place(str(opened["channel"]["id"]), None), payload)

    async def _put_somehow(self, place: Place, payload: Payload) -> Place:
        """With its blocks; in words alone where Slack does not take them."""
        try:
            return await self._put(place, payload)
        except SlackApiError as error:
            if name(error) not in UNFIT:
                raise
            log.error("card shown as text", error=name(error))
            return await self._put(place, {"text": payload["text"]})

    async def _put(self, place: Place, payload: Payload) -> Place:
        if place.ts is not None:
            await self._client.chat_update(channel=place.channel, ts=place.ts, **payload)
            return place
        posted = await self._client.chat_postMessage(
            channel=place.channel, unfurl_links=False, unfurl_media=False, **payload
        )
        return Place(str(posted["channel"]), str(posted["ts"]))

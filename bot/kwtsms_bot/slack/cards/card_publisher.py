"""Publishes message cards and balance notices to Slack, until Slack shows the current state.

The database records what is still to be shown, so a crash, a rate limit or an outage of Slack
delays a card and loses none. A post whose answer was lost is made again: a card may appear twice,
an SMS is never sent twice.
"""

import asyncio
import time

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot.background import wait_for_any
from kwtsms_bot.database import DatabaseError
from kwtsms_bot.outbox.message import CardLocation, Message
from kwtsms_bot.outbox.queries.cards import CardStore
from kwtsms_bot.slack.blocks import Payload
from kwtsms_bot.slack.cards import card
from kwtsms_bot.slack.cards.balance_notifier import BalanceNotifier
from kwtsms_bot.slack.cards.card_poster import CardPoster
from kwtsms_bot.slack.errors import SLACK_ERRORS, error_name, is_transient
from kwtsms_bot.slack.users import SlackUserDirectory

POLL_SECONDS = 5.0
UPDATE_SECONDS = 1.0  # chat.update is Tier 3: 50 a minute; only the newest state is worth one.
BACK_OFF_SECONDS, MAX_BACK_OFF_SECONDS = 1.0, 10.0  # Doubled each time.
BATCH = 50
log = structlog.get_logger(__name__)


class CardPublisher:
    """Posts the card of each message, and edits it in place as its state changes."""

    def __init__(
        self,
        cards: CardStore,
        balance_notifier: BalanceNotifier,
        *,
        client: AsyncWebClient,
        directory: SlackUserDirectory,
        update_seconds: float = UPDATE_SECONDS,
    ) -> None:
        self._cards, self._balance_notifier = cards, balance_notifier
        self._update_seconds = update_seconds  # Between two updates of a card.
        self._client, self._poster = client, CardPoster(client)
        self._directory = directory
        self._woken = asyncio.Event()
        self._not_before: dict[int, float] = {}  # By message id.
        self._failed: set[int] = set()  # Message ids; the others are tried first.

    def wake(self) -> None:
        """Signals that there is something new to show."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Publishes changes until `stop` is set, then what is left, once."""
        back_off = BACK_OFF_SECONDS
        while not stop.is_set():
            self._woken.clear()
            delay = await self._publish_pending()
            if delay is None:  # No wake-up shortens this: it would only add calls to Slack.
                await wait_for_any(stop, seconds=back_off)
                back_off = min(2 * back_off, MAX_BACK_OFF_SECONDS)
                continue
            back_off = BACK_OFF_SECONDS
            await wait_for_any(self._woken, stop, seconds=delay)
        self._not_before.clear()
        await self._publish_pending()

    async def _publish_pending(self) -> float | None:
        """Publishes all changes; returns the seconds until the next pass; None after an error."""
        now = time.monotonic()
        self._not_before = {one: at for one, at in self._not_before.items() if at > now}
        try:
            await self._balance_notifier.deliver_pending()
            return await self._publish_cards()
        except (*SLACK_ERRORS, DatabaseError) as error:
            log.warning("not shown yet", error=error_name(error))
            return None

    async def _publish_cards(self) -> float:
        delay = POLL_SECONDS
        unshown = await self._cards.outdated_cards(BATCH)
        self._failed.intersection_update(unshown)
        for one in sorted(unshown, key=self._failed.__contains__):
            wait = self._not_before.get(one, 0.0) - time.monotonic()
            if wait > 0:
                delay = min(delay, wait)
            elif message := await self._cards.claim_card(one):
                await self._publish_card(message)
        return delay

    async def _publish_card(self, message: Message) -> None:
        try:
            location = await self._render_and_post(message)
        except Exception:
            self._failed.add(message.id)
            await self._cards.release_card(message.id)
            raise
        self._not_before[message.id] = time.monotonic() + self._update_seconds
        await self._cards.record_shown(message.id, message.revision, location)

    async def _render_and_post(self, message: Message) -> CardLocation | None:
        """Shows a card; returns its location, unchanged if Slack refuses the card for good."""
        say = await self._directory.language(message.author)
        payload = card.render(message, say)
        try:
            return await self._post_or_dm(message, payload)
        except SlackApiError as error:
            if is_transient(error):
                raise
            log.error("card not shown", message=message.ref, error=error_name(error))
            return message.card_location

    async def _post_or_dm(self, message: Message, payload: Payload) -> CardLocation:
        """Shows a card at its location; without one, or if Slack refuses, in a direct message."""
        try:
            if message.card_location is not None:
                return await self._poster.show(message.card_location, payload)
        except SlackApiError as error:
            if is_transient(error):
                raise
            log.info("card moved to a direct message", message=message.ref, error=error_name(error))
        opened = await self._client.conversations_open(users=message.author)
        return await self._poster.show(CardLocation(str(opened["channel"]["id"]), None), payload)

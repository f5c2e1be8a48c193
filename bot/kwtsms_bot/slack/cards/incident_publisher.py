"""Publishes incidents: their cards, direct messages and threads, until they show what is so now.

The database records what is still to be shown. Posts come before edits, and the worst before the
others; edits share one budget, so that a storm does not use up what Slack allows.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot.background import wait_for_any
from kwtsms_bot.bridge.escalation.policy import NO_POLICIES, Policies
from kwtsms_bot.bridge.incidents.views import IncidentView
from kwtsms_bot.bridge.store.incident_cards import IncidentCardStore, OutdatedCard
from kwtsms_bot.bridge.store.incident_dms import IncidentDmStore, OutdatedDm
from kwtsms_bot.bridge.store.incident_threads import IncidentThreadStore
from kwtsms_bot.database import Database, DatabaseError
from kwtsms_bot.i18n.translator import Language
from kwtsms_bot.outbox.message import CardLocation
from kwtsms_bot.slack import blocks
from kwtsms_bot.slack.blocks import Payload
from kwtsms_bot.slack.cards import incident_card
from kwtsms_bot.slack.cards.card_poster import CardPoster
from kwtsms_bot.slack.cards.incident_dm_publisher import IncidentDmPublisher
from kwtsms_bot.slack.cards.incident_thread_publisher import IncidentThreadPublisher
from kwtsms_bot.slack.cards.posting_pace import PostingPace
from kwtsms_bot.slack.errors import SLACK_ERRORS, error_name, is_transient
from kwtsms_bot.slack.replies import Responder

POLL_SECONDS = 2.0  # Other replicas change incidents, too.
PASS_SECONDS = 0.25  # Between two passes: in a storm, each batch of alerts is a wake-up.
BACK_OFF_SECONDS, MAX_BACK_OFF_SECONDS = 1.0, 10.0  # Doubled each time.
REFUSED_RETRY_SECONDS = 60.0  # Until a channel that refused a card is tried again.
CARD_SECONDS = 2.0  # Between two edits of a card: only the newest state is worth one.
BATCH = 50
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class IncidentStores:
    """The stores of what Slack shows of incidents."""

    cards: IncidentCardStore
    dms: IncidentDmStore
    threads: IncidentThreadStore

    @classmethod
    def at(cls, database: Database, policies: Policies = NO_POLICIES) -> Self:
        """Returns the stores in a database; `policies` name the people of the next step."""
        return cls(
            IncidentCardStore(database, policies),
            IncidentDmStore(database, policies),
            IncidentThreadStore(database),
        )


class IncidentPublisher:
    """Posts the card of each incident, and edits it in place as the incident changes.

    If a channel refuses cards for good, `admins` get a direct message, once until it takes one.
    """

    def __init__(
        self,
        stores: IncidentStores,
        client: AsyncWebClient,
        say: Language,
        *,
        channels: Mapping[str, str | None],
        admins: Iterable[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cards, self._poster, self._say = stores.cards, CardPoster(client), say
        self._channels, self._admins = channels, tuple(admins)  # Channels by receiver.
        self._responder, self._clock = Responder(client), clock
        self._pace = PostingPace(clock)
        self._dms = IncidentDmPublisher(stores.dms, client, say, self._pace)
        self._threads = IncidentThreadPublisher(stores.threads, client, say, self._pace)
        self._woken = asyncio.Event()
        self._not_before: dict[int, float] = {}  # By incident: its next edit.
        self._refusing: dict[str, float] = {}  # By channel: when it is tried again.
        self._reported: set[str] = set()  # Channels that admins know about.

    def wake(self) -> None:
        """Signals that there is something new to show."""
        self._woken.set()

    def refusing_channels(self) -> tuple[str, ...]:
        """Returns the channels that refused the last card, until they take one."""
        return tuple(sorted(self._reported))

    async def run(self, stop: asyncio.Event) -> None:
        """Publishes changes until `stop` is set, then what is left, once."""
        back_off = BACK_OFF_SECONDS
        while not stop.is_set():
            self._woken.clear()
            delay = await self._try_publish()
            if delay is None:  # No wake-up shortens this: it would only add calls to Slack.
                await wait_for_any(stop, seconds=back_off)
                back_off = min(2 * back_off, MAX_BACK_OFF_SECONDS)
                continue
            back_off = BACK_OFF_SECONDS
            await wait_for_any(stop, seconds=PASS_SECONDS)
            await wait_for_any(self._woken, stop, seconds=delay)
        self._not_before.clear()
        await self._try_publish()

    async def _try_publish(self) -> float | None:
        """Publishes all changes; returns the seconds until the next pass; None after an error."""
        try:
            return await self.publish_pending()
        except (*SLACK_ERRORS, DatabaseError) as error:
            log.warning("incidents not shown yet", error=error_name(error))
            return None

    async def publish_pending(self) -> float:
        """Shows what has changed, as far as the budget goes; returns when to look again.

        Raises:
            SlackApiError: Slack takes nothing at the moment.
            DatabaseError: the database does not answer.
        """
        now = self._clock()
        self._not_before = {one: at for one, at in self._not_before.items() if at > now}
        self._refusing = {one: at for one, at in self._refusing.items() if at > now}
        delay = POLL_SECONDS
        cards = await self._cards.outdated_cards(BATCH, except_for=self._refused_receivers())
        pending: list[OutdatedCard | OutdatedDm] = [*cards, *await self._dms.outdated(BATCH)]
        for one in sorted(pending, key=_urgency):
            wait = self._seconds_to_wait(one)
            if wait > 0:
                delay = min(delay, wait)
            elif isinstance(one, OutdatedDm):
                await self._dms.publish(one)
            elif self._channels.get(one.receiver) not in self._refusing:
                await self._publish(one)
        return await self._threads.publish_pending(delay)

    def _refused_receivers(self) -> list[str]:
        return [name for name, channel in self._channels.items() if channel in self._refusing]

    def _seconds_to_wait(self, one: OutdatedCard | OutdatedDm) -> float:
        if isinstance(one, OutdatedDm):
            return self._dms.seconds_to_wait(one)
        if not one.is_posted:
            return self._pace.seconds_until_post(self._channels.get(one.receiver) or "")
        own = self._not_before.get(one.id, 0.0) - self._clock()
        return max(own, self._pace.seconds_until_edit())

    async def _publish(self, one: OutdatedCard) -> None:
        incident = await self._cards.claim_card(one.id)
        if incident is None:
            return
        try:
            location = await self._show(incident)
        except Exception:
            await self._cards.release_card(one.id)
            raise
        if location is None and self._channels.get(one.receiver):  # It was refused.
            await self._cards.release_card(one.id)
            return
        self._not_before[one.id] = self._clock() + CARD_SECONDS
        await self._cards.record_shown(one.id, incident.revision, location)

    async def _show(self, incident: IncidentView) -> CardLocation | None:
        """Shows a card; returns where, or None if its channel refuses it or there is none."""
        payload = incident_card.render(incident, self._say)
        location = incident.card_location
        if location is not None and await self._edit(location, payload):
            return location
        channel = self._channels.get(incident.receiver)
        if channel is None:
            return None
        self._pace.count_post(channel)
        try:
            posted = await self._poster.show(CardLocation(channel, None), payload)
        except SlackApiError as error:
            if is_transient(error):
                raise
            await self._handle_refusal(channel, incident, error_name(error))
            return None
        self._reported.discard(channel)
        return posted

    async def _edit(self, location: CardLocation, payload: Payload) -> bool:
        """Edits a card; returns False if it is gone, so that it is posted again."""
        self._pace.count_edit()
        try:
            await self._poster.show(location, payload)
        except SlackApiError as error:
            if is_transient(error):
                raise
            log.info("incident card posted again", error=error_name(error))
            return False
        return True

    async def _handle_refusal(self, channel: str, incident: IncidentView, error: str) -> None:
        """Leaves the channel alone for a while, and tells the administrators once."""
        log.error("incident card not shown", channel=channel, error=error)
        self._refusing[channel] = self._clock() + REFUSED_RETRY_SECONDS
        if channel in self._reported:
            return
        self._reported.add(channel)
        payload = _refusal_payload(channel, incident, error, self._say)
        for admin in self._admins:
            try:
                await self._responder.send_dm(admin, payload)
            except SLACK_ERRORS as refusal:
                log.error("administrator not told", user=admin, error=error_name(refusal))


def _urgency(one: OutdatedCard | OutdatedDm) -> tuple[bool, int, bool]:
    """The order: posts first, then the worst, and a card before the direct messages."""
    return one.is_posted, -one.severity, isinstance(one, OutdatedDm)


def _refusal_payload(channel: str, incident: IncidentView, error: str, say: Language) -> Payload:
    """Returns the message for an administrator: the card, and why its channel does not have it."""
    card = incident_card.render(incident, say)
    reason = blocks.escape(
        say(
            "Slack couldn't post this alert to {channel} ({error}). Invite the bot to that "
            "channel, or change bridge.channel. SMS are sent all the same.",
            channel=say.ltr(channel),
            error=say.ltr(error),
        )
    )
    return {
        "text": f"{reason}\n{card['text']}",
        "blocks": [blocks.section(reason), *card["blocks"]],
    }

"""Announces handovers, gaps and unreadable calendars, to the channel and to those on call.

Each is announced once, by one replica; what Slack does not accept for the moment is tried again.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot.background import poll
from kwtsms_bot.bridge.on_call.duty_roster import DutyRoster
from kwtsms_bot.bridge.on_call.notices import NoticeKey, OnCallNotice, OnCallNoticeKind, due_notices
from kwtsms_bot.bridge.on_call.refresh import COPY_LASTS
from kwtsms_bot.bridge.on_call.store import CalendarCopy, OnCallStore
from kwtsms_bot.commands.base import Reply
from kwtsms_bot.commands.bridge.on_call_text import (
    Presentation,
    failure_reply,
    notice_reply,
    recovery_reply,
)
from kwtsms_bot.config.phonebook import Phonebook
from kwtsms_bot.database import DatabaseError
from kwtsms_bot.i18n.translator import Language
from kwtsms_bot.outbox.message import CardLocation
from kwtsms_bot.slack import blocks
from kwtsms_bot.slack.cards.card_poster import CardPoster
from kwtsms_bot.slack.cards.on_call_user_groups import OnCallUserGroups
from kwtsms_bot.slack.errors import SLACK_ERRORS, error_name, is_transient
from kwtsms_bot.slack.replies import Responder

CHECK_SECONDS, RETRY_SECONDS = 5.0, 30.0
REPORTED_AFTER = timedelta(hours=1)  # A calendar that is away for less is no news.
log = structlog.get_logger(__name__)


class OnCallNotifier:
    """Loop that announces what is due about each schedule."""

    def __init__(
        self,
        roster: DutyRoster,
        store: OnCallStore,
        client: AsyncWebClient,
        say: Language,
        *,
        channels: Iterable[str],
        phonebook: Phonebook,
        clock: Callable[[], datetime],
    ) -> None:
        self._roster, self._store, self._say = roster, store, say
        self._poster, self._responder = CardPoster(client), Responder(client)
        self._channel = next(iter(channels), None)
        self._phonebook, self._clock = phonebook, clock
        self._user_groups = OnCallUserGroups(roster, client, phonebook)
        self._announced: dict[NoticeKey, datetime] = {}  # By any replica, as far as we know.
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Signals that somebody was put on call by hand."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Announces what is due until `stop` is set."""
        if not self._roster.names:
            await stop.wait()
            return
        errors = (*SLACK_ERRORS, DatabaseError)
        await poll(stop, self._step, _on_error, errors=errors, wake=self._woken)

    async def _step(self) -> float:
        await self.announce_pending()
        await self._user_groups.update(self._clock())
        return CHECK_SECONDS

    async def announce_pending(self) -> None:
        """Announces what is due and was not announced.

        Raises:
            SlackApiError: Slack takes nothing at the moment.
            DatabaseError: the database does not answer.
        """
        now = self._clock()
        self._announced = {one: at for one, at in self._announced.items() if now < at}
        for schedule in self._roster.names:
            for notice in due_notices(self._roster, schedule, now):
                if notice.key not in self._announced:
                    await self._announce(notice, now)
        await self._report_calendars(now)

    async def _announce(self, notice: OnCallNotice, now: datetime) -> None:
        if await self._store.claim_notice(notice.key, now):
            try:
                await self._show(notice)
            except Exception:
                await self._store.release_notice(notice.key)
                raise
        self._announced[notice.key] = now + timedelta(days=2)

    async def _show(self, notice: OnCallNotice) -> None:
        schedule = notice.key.schedule
        found = self._roster.on_call(schedule, notice.key.at)
        reply = notice_reply(notice, found, self._shown(schedule))
        await self._post(reply)
        if notice.key.kind is not OnCallNoticeKind.FLAWS:
            await self._send_to(notice.people, reply)

    def _shown(self, schedule: str) -> Presentation:
        zone = self._roster.settings(schedule).zone
        return Presentation(self._phonebook, zone, self._say)

    async def _post(self, reply: Reply) -> None:
        """Posts to the channel; one that refuses it for good is logged."""
        if self._channel is None:
            return
        payload = blocks.reply(reply, self._say)
        try:
            await self._poster.show(CardLocation(self._channel, None), payload)
        except SlackApiError as error:
            if is_transient(error):
                raise
            log.error("on-call notice not posted", channel=self._channel, error=error_name(error))

    async def _send_to(self, people: Iterable[str], reply: Reply) -> None:
        """Sends direct messages to contacts whose Slack users are known."""
        payload = blocks.reply(reply, self._say)
        for name in people:
            contact = self._phonebook.contacts.get(name)
            if contact is None or contact.slack is None:
                continue
            try:
                await self._responder.send_dm(contact.slack, payload)
            except SLACK_ERRORS as error:  # The channel has it: that is not posted again.
                log.warning(
                    "person on call not notified", user=contact.slack, error=error_name(error)
                )

    async def _report_calendars(self, now: datetime) -> None:
        names = [one for one in self._roster.names if self._roster.settings(one).calendar]
        copies = await self._store.copies() if names else {}
        for name in names:
            copy = copies.get(name)
            if copy is not None and copy.failed_since is not None:
                await self._report_failure(name, copy, now)
            elif copy is not None and copy.reported_at is not None:
                await self._report_recovery(name, copy.reported_at)

    async def _report_failure(self, name: str, copy: CalendarCopy, now: datetime) -> None:
        is_new = copy.reported_at is None and copy.failed_since is not None
        if not is_new or not await self._store.claim_failure(name, now - REPORTED_AFTER, now):
            return
        serves_until = copy.fetched_at + COPY_LASTS if copy.fetched_at else None
        is_served = serves_until is not None and serves_until > now
        reply = failure_reply(
            name, copy.failure or "", serves_until if is_served else None, self._shown(name)
        )
        try:
            await self._post(reply)
        except Exception:
            await self._store.mark_reported(name, None)
            raise

    async def _report_recovery(self, name: str, reported_at: datetime) -> None:
        if not await self._store.claim_recovery(name):
            return
        try:
            await self._post(recovery_reply(name, self._say))
        except Exception:
            await self._store.mark_reported(name, reported_at)
            raise


def _on_error(error: Exception) -> float:
    name = str(error) if isinstance(error, DatabaseError) else error_name(error)
    log.warning("on-call notices not announced yet", error=name)
    return RETRY_SECONDS

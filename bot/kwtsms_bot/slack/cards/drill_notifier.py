"""Reports drills in the channel: how each ended, and that one waits.

Each is reported once, by one replica; what Slack does not accept for the moment is tried again.
"""

import asyncio
from datetime import datetime

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot.background import poll
from kwtsms_bot.bridge.drills.control import DrillControl, Postponement
from kwtsms_bot.bridge.drills.drill import Drill
from kwtsms_bot.commands.base import Reply
from kwtsms_bot.commands.bridge.drill_text import outcome_reply, postponed_reply
from kwtsms_bot.commands.bridge.on_call_text import Presentation
from kwtsms_bot.database import DatabaseError
from kwtsms_bot.outbox.message import CardLocation
from kwtsms_bot.slack import blocks
from kwtsms_bot.slack.cards.card_poster import CardPoster
from kwtsms_bot.slack.errors import SLACK_ERRORS, error_name, is_transient

CHECK_SECONDS, RETRY_SECONDS = 3.0, 30.0
log = structlog.get_logger(__name__)


class DrillNotifier:
    """Loop that reports drills to a channel."""

    def __init__(
        self,
        drills: DrillControl,
        client: AsyncWebClient,
        shown: Presentation,
        *,
        channel: str | None,
    ) -> None:
        self._drills, self._store, self._shown = drills, drills.store, shown
        self._poster, self._channel = CardPoster(client), channel
        self._announced: datetime | None = None  # The postponed drill, by any replica.

    async def run(self, stop: asyncio.Event) -> None:
        """Reports what has ended until `stop` is set."""
        if self._channel is None:
            await stop.wait()
            return
        errors = (*SLACK_ERRORS, DatabaseError)
        await poll(stop, self._step, _on_error, errors=errors)

    async def report_pending(self) -> None:
        """Reports what has ended and was not reported, and a drill that waits.

        Raises:
            SlackApiError: Slack takes nothing at the moment.
            DatabaseError: the database does not answer.
        """
        for drill in await self._store.unreported():
            await self._report(drill)
        waiting = self._drills.postponement
        if waiting is not None and waiting.slot != self._announced:
            await self._announce(waiting)

    async def _report(self, drill: Drill) -> None:
        if not await self._store.claim_report(drill.id, await self._store.now()):
            return
        try:
            await self._post(outcome_reply(drill, self._drills.next_step(drill), self._shown))
        except Exception:
            await self._store.release_report(drill.id)
            raise

    async def _announce(self, waiting: Postponement) -> None:
        if await self._store.claim_postponement(waiting.slot):
            try:
                await self._post(postponed_reply(waiting, self._shown))
            except Exception:
                await self._store.release_postponement(waiting.slot)
                raise
        self._announced = waiting.slot

    async def _post(self, reply: Reply) -> None:
        """Posts to the channel; one that refuses it for good is logged."""
        if self._channel is None:
            return
        payload = blocks.reply(reply, self._shown.say)
        try:
            await self._poster.show(CardLocation(self._channel, None), payload)
        except SlackApiError as error:
            if is_transient(error):
                raise
            log.error("drill not reported", channel=self._channel, error=error_name(error))

    async def _step(self) -> float:
        await self.report_pending()
        return CHECK_SECONDS


def _on_error(error: Exception) -> float:
    name = str(error) if isinstance(error, DatabaseError) else error_name(error)
    log.warning("drills not reported yet", error=name)
    return RETRY_SECONDS

"""Posts the history of incidents into the threads of their cards, once, after all cards."""

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot.bridge.store.incident_threads import IncidentThreadStore, ThreadLines
from kwtsms_bot.i18n.translator import Language
from kwtsms_bot.slack.cards import incident_thread
from kwtsms_bot.slack.cards.posting_pace import PostingPace
from kwtsms_bot.slack.errors import error_name, is_transient

BATCH = 20
log = structlog.get_logger(__name__)


class IncidentThreadPublisher:
    """Posts the lines that threads lack: all that has gathered, in one post."""

    def __init__(
        self, threads: IncidentThreadStore, client: AsyncWebClient, say: Language, pace: PostingPace
    ) -> None:
        self._threads, self._client = threads, client
        self._say, self._pace = say, pace

    async def publish_pending(self, longest: float) -> float:
        """Posts what the pace allows; returns when to look again, after `longest` seconds at most.

        Raises:
            SlackApiError: Slack takes nothing at the moment.
        """
        delay = longest
        for one in await self._threads.due_threads(BATCH):
            wait = self._pace.seconds_until_post(one.channel)
            if wait > 0:
                delay = min(delay, wait)
            elif lines := await self._threads.claim_thread(one.incident_id):
                await self._publish(lines)
        return delay

    async def _publish(self, lines: ThreadLines) -> None:
        try:
            await self._post(lines)
        except SlackApiError as error:
            if is_transient(error):
                await self._threads.release_thread(lines.incident_id)
                raise
            log.info("no line in the thread of an incident", error=error_name(error))
        except Exception:
            await self._threads.release_thread(lines.incident_id)
            raise
        await self._threads.record_thread(lines)

    async def _post(self, lines: ThreadLines) -> None:
        channel = lines.location.channel
        self._pace.count_post(channel)
        await self._client.chat_postMessage(
            channel=channel,
            thread_ts=lines.location.ts,
            unfurl_links=False,
            unfurl_media=False,
            **incident_thread.render(lines, self._say),
        )

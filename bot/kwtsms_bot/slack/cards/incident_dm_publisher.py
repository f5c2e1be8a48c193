"""Shows incidents to those who are texted, each in a direct message with a copy of the card."""

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_bot.bridge.states import IncidentState
from kwtsms_bot.bridge.store.incident_dms import ClaimedDm, IncidentDmStore, OutdatedDm
from kwtsms_bot.i18n.translator import Language
from kwtsms_bot.outbox.message import CardLocation
from kwtsms_bot.slack.cards import incident_card
from kwtsms_bot.slack.cards.card_poster import CardPoster
from kwtsms_bot.slack.cards.posting_pace import PostingPace
from kwtsms_bot.slack.errors import error_name, is_transient

MISSING_SCOPE = "missing_scope"  # Channels' cards need no scope for direct messages.
log = structlog.get_logger(__name__)


class IncidentDmPublisher:
    """Posts and edits direct messages; one that Slack refuses is logged and given up."""

    def __init__(
        self, dms: IncidentDmStore, client: AsyncWebClient, say: Language, pace: PostingPace
    ) -> None:
        self._dms, self._client, self._poster = dms, client, CardPoster(client)
        self._say, self._pace = say, pace
        self._channels: dict[str, str] = {}  # The channel of direct messages to a user.

    async def outdated(self, limit: int) -> tuple[OutdatedDm, ...]:
        """Returns what is to be posted or edited."""
        return await self._dms.outdated_dms(limit)

    def seconds_to_wait(self, one: OutdatedDm) -> float:
        """Returns how long a direct message has to wait."""
        if one.is_posted:
            return self._pace.seconds_until_edit()
        return self._pace.seconds_until_post(one.user)

    async def publish(self, one: OutdatedDm) -> None:
        """Posts or edits a direct message, unless another replica does.

        Raises:
            SlackApiError: Slack takes nothing at the moment.
        """
        claimed = await self._dms.claim_dm(one.incident_id, one.user)
        if claimed is None:
            return
        try:
            location = await self._show(claimed)
        except SlackApiError as error:
            if is_transient(error) and error_name(error) != MISSING_SCOPE:
                await self._dms.release_dm(one.incident_id, one.user)
                raise
            log.error("no direct message about an incident", user=one.user, error=error_name(error))
            await self._dms.record_refusal(one.incident_id, one.user, error_name(error))
            return
        except Exception:
            await self._dms.release_dm(one.incident_id, one.user)
            raise
        await self._dms.record_dm(claimed, location)

    async def _show(self, one: ClaimedDm) -> CardLocation | None:
        """Shows the card; returns where, or None if it was over before it was posted."""
        payload = incident_card.render(one.incident, self._say)
        if one.location is not None:
            self._pace.count_edit()
            return await self._poster.show(one.location, payload)
        if one.incident.state is not IncidentState.FIRING:
            return None
        self._pace.count_post(one.user)
        channel = await self._channel(one.user)
        return await self._poster.show(CardLocation(channel, None), payload)

    async def _channel(self, user: str) -> str:
        if user not in self._channels:
            opened = await self._client.conversations_open(users=user)
            self._channels[user] = str(opened["channel"]["id"])
        return self._channels[user]

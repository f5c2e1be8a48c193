"""Stores what integrations send, every ten seconds: so all replicas know it, and the next start."""

import asyncio
from collections.abc import Mapping

import structlog

from kwtsms_bot.background import poll
from kwtsms_bot.bridge.activity import ActivityLog
from kwtsms_bot.bridge.store.integration_states import IntegrationState, IntegrationStateStore
from kwtsms_bot.database import DatabaseError

INTERVAL_SECONDS = 10.0
log = structlog.get_logger(__name__)


class ActivityRecorder:
    """Loop that stores the activity of integrations."""

    def __init__(self, activity: ActivityLog, states: IntegrationStateStore) -> None:
        self._activity, self._states = activity, states

    async def run(self, stop: asyncio.Event) -> None:
        """Stores what is new every ten seconds until `stop` is set, and then what is left."""
        await poll(stop, self._step, _on_database_error, errors=DatabaseError)
        try:
            await self.store()
        except DatabaseError as error:
            _on_database_error(error)

    async def store(self) -> None:
        """Stores what is new now.

        Raises:
            DatabaseError: it is kept until the next time.
        """
        pending = self._activity.pop_pending()
        if not pending:
            return
        try:
            await self._states.add(pending)
        except DatabaseError:
            self._activity.put_back(pending)
            raise

    async def states(self) -> Mapping[str, IntegrationState]:
        """Returns what all replicas have stored, with all that this process has received.

        Raises:
            DatabaseError: the database does not answer.
        """
        await self.store()
        return await self._states.load()

    async def _step(self) -> float:
        await self.store()
        return INTERVAL_SECONDS


def _on_database_error(error: DatabaseError) -> float:
    log.warning("integrations' requests not stored yet", error=str(error))
    return INTERVAL_SECONDS

"""Incidents and integrations, as commands read and change them."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from kwtsms_bot.bridge.integrations.samples import SAMPLE_BODIES
from kwtsms_bot.bridge.store.actions import Action, ActionResult, IncidentActions
from kwtsms_bot.bridge.store.incident_queries import IncidentQueries, IncidentView, OpenIncident
from kwtsms_bot.bridge.webhooks import RequestOutcome, Webhooks
from kwtsms_bot.config.bridge import BridgeSettings
from kwtsms_bot.outbox.audit import Actor


@dataclass(frozen=True, slots=True)
class RequestView:
    """Outcome of a request: the alerts that were accepted, or why it was refused."""

    at: datetime
    accepted: int
    refusal: str


@dataclass(frozen=True, slots=True)
class IntegrationView:
    """An integration, for administrators; it has no token."""

    name: str
    kind: str
    address: str
    is_local: bool  # Only this machine reaches the address.
    is_signed: bool  # A request needs a signature, which curl does not make.
    sample: str  # A body of its kind.
    requests: tuple[RequestView, ...]  # The newest first.


class BridgeControl:
    """Incidents for reading and acting; `on_change` is called after each action.

    `listening_at` returns the address of the endpoint once it listens: its port may be any.
    """

    def __init__(
        self,
        bridge: BridgeSettings,
        queries: IncidentQueries,
        actions: IncidentActions,
        webhooks: Webhooks,
        *,
        on_change: Callable[[], None],
        listening_at: Callable[[], str] = lambda: "",
    ) -> None:
        self._bridge, self._queries, self._actions = bridge, queries, actions
        self._webhooks, self._on_change = webhooks, on_change
        self._listening_at = listening_at

    async def find(self, ref: str) -> IncidentView | None:
        """Returns the incident with this reference."""
        return await self._queries.find(ref)

    async def open_incidents(self, limit: int, *, blocked: bool = False) -> Sequence[OpenIncident]:
        """Returns open incidents, worst first; with `blocked`, only those whose SMS are held."""
        return await self._queries.open_incidents(limit, blocked=blocked)

    async def count_open(self, *, blocked: bool = False) -> int:
        """Returns the number of open incidents."""
        return await self._queries.count_open(blocked=blocked)

    async def unacknowledged(self, limit: int) -> Sequence[OpenIncident]:
        """Returns the incidents that nobody has taken, the worst first."""
        return await self._queries.unacknowledged(limit)

    async def acknowledge(self, refs: Collection[str], actor: Actor) -> Sequence[ActionResult]:
        """Records that `actor` has taken these incidents; nothing more of them is sent."""
        return await self._act(refs, Action.ACKNOWLEDGE, actor)

    async def unacknowledge(self, refs: Collection[str], actor: Actor) -> Sequence[ActionResult]:
        """Records that nobody has taken these incidents any more."""
        return await self._act(refs, Action.UNACKNOWLEDGE, actor)

    async def resolve(self, refs: Collection[str], actor: Actor) -> Sequence[ActionResult]:
        """Records that these incidents are over."""
        return await self._act(refs, Action.RESOLVE, actor)

    async def _act(
        self, refs: Collection[str], action: Action, actor: Actor
    ) -> Sequence[ActionResult]:
        results = await self._actions.act(refs, action, actor)
        self._on_change()
        return results

    def integrations(self) -> Sequence[IntegrationView]:
        """Returns the integrations, with what this process has received from each."""
        base = self._bridge.url or self._listening_at() or f"http://{self._bridge.listen}"
        return [
            IntegrationView(
                name=name,
                kind=settings.kind,
                address=f"{base.rstrip('/')}/hooks/{name}",
                is_local=self._bridge.is_local,
                is_signed=settings.hmac is not None,
                sample=SAMPLE_BODIES[settings.kind],
                requests=_requests(self._webhooks.activity[name].requests),
            )
            for name, settings in self._bridge.integrations.items()
        ]


def _requests(received: Collection[RequestOutcome]) -> tuple[RequestView, ...]:
    return tuple(
        RequestView(datetime.fromtimestamp(one.at, UTC), one.accepted, one.reason)
        for one in reversed(tuple(received))
    )

"""Incidents and integrations, as commands read and change them."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from kwtsms_bot.bridge.activity import TOKEN_END, RequestOutcome
from kwtsms_bot.bridge.activity_recorder import ActivityRecorder
from kwtsms_bot.bridge.alert_tester import AlertTester
from kwtsms_bot.bridge.drills.control import DrillControl
from kwtsms_bot.bridge.hooks.addresses import hook_address
from kwtsms_bot.bridge.incidents.views import IncidentView, OpenIncident
from kwtsms_bot.bridge.integrations.samples import SAMPLE_BODIES
from kwtsms_bot.bridge.silences.silence import Silence, TimeWindow, spare_critical
from kwtsms_bot.bridge.store.actions import Action, ActionResult, IncidentActions
from kwtsms_bot.bridge.store.incident_queries import IncidentQueries
from kwtsms_bot.bridge.store.integration_states import IntegrationState
from kwtsms_bot.bridge.store.silences import CreatedSilence, NewSilence, SilenceStore
from kwtsms_bot.config.bridge import BridgeSettings
from kwtsms_bot.config.bridge_fields import Conditions
from kwtsms_bot.config.bridge_integrations import IntegrationSettings
from kwtsms_bot.outbox.audit import Actor


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token of an integration: its last characters, and its last use."""

    end: str
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class IntegrationView:
    """An integration, for administrators; of its tokens it has the last characters only."""

    name: str
    kind: str
    address: str  # For the tool; TOKEN is in place of a token that must be in it.
    hook: str  # For curl.
    is_local: bool  # Only this machine reaches the address.
    is_signed: bool  # A request needs a signature, which curl does not make.
    sample: str  # A body of its kind.
    tokens: tuple[TokenView, ...]
    accepted: int
    refused: int
    requests: tuple[RequestOutcome, ...]  # The newest first.
    expect: timedelta | None = None  # Within it, something has to come.
    overdue_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class ControlStores:
    """The stores of what people read and change."""

    queries: IncidentQueries
    actions: IncidentActions
    silences: SilenceStore


class BridgeControl:
    """Incidents for reading and acting; `on_change` is called after each action.

    `listening_at` returns the address of the endpoint once it listens: its port may be any.
    `refusing_channels` returns the channels of Slack that took no card.
    """

    def __init__(
        self,
        bridge: BridgeSettings,
        stores: ControlStores,
        *,
        recorder: ActivityRecorder,
        tester: AlertTester,
        drills: DrillControl,
        on_change: Callable[[], None],
        listening_at: Callable[[], str] = lambda: "",
        refusing_channels: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._bridge, self._silences = bridge, stores.silences
        self._queries, self._actions = stores.queries, stores.actions
        self._recorder, self.tester, self._on_change = recorder, tester, on_change
        self.drills = drills
        self._listening_at, self.refusing_channels = listening_at, refusing_channels

    def wake(self) -> None:
        """Signals that an incident has changed."""
        self._on_change()

    async def find(self, ref: str) -> IncidentView | None:
        """Returns the incident with this reference."""
        return await self._queries.find(ref)

    async def open_incidents(self, limit: int, *, blocked: bool = False) -> Sequence[OpenIncident]:
        """Returns open incidents, worst first; with `blocked`, only those whose SMS are held."""
        return await self._queries.open_incidents(limit, blocked=blocked)

    async def count_open(self, *, blocked: bool = False) -> int:
        """Returns the number of open incidents."""
        return await self._queries.count_open(blocked=blocked)

    async def count_silenced(self) -> int:
        """Returns the number of open incidents that are silenced."""
        return await self._queries.count_silenced()

    async def unacknowledged(self, limit: int) -> Sequence[OpenIncident]:
        """Returns the incidents that nobody has taken, the worst first; none silenced."""
        return await self._queries.unacknowledged(limit)

    async def texted(self, user: str, refs: Collection[str]) -> frozenset[str]:
        """Returns those of the incidents that a Slack user was texted about."""
        return await self._queries.texted(user, refs)

    async def unacknowledged_of(self, user: str, limit: int) -> Sequence[OpenIncident]:
        """Returns the incidents that nobody has taken and that this Slack user was texted about."""
        return await self._queries.unacknowledged_of(user, limit)

    async def acknowledge(self, refs: Collection[str], actor: Actor) -> Sequence[ActionResult]:
        """Records that `actor` has taken these incidents; nothing more of them is sent."""
        return await self._act(refs, Action.ACKNOWLEDGE, actor)

    async def unacknowledge(self, refs: Collection[str], actor: Actor) -> Sequence[ActionResult]:
        """Records that nobody has taken these incidents any more."""
        return await self._act(refs, Action.UNACKNOWLEDGE, actor)

    async def resolve(self, refs: Collection[str], actor: Actor) -> Sequence[ActionResult]:
        """Records that these incidents are over."""
        return await self._act(refs, Action.RESOLVE, actor)

    async def notify_again(self, refs: Collection[str], actor: Actor) -> Sequence[ActionResult]:
        """Notifies those again whose SMS may have been sent."""
        return await self._act(refs, Action.NOTIFY_AGAIN, actor)

    async def silence(
        self,
        conditions: Conditions,
        incident_ref: str | None,
        window: tuple[datetime, datetime],
        *,
        is_weekly: bool,
        reason: str,
        spares_critical: bool,
        actor: Actor,
    ) -> CreatedSilence | None:
        """Silences alerts; returns None if it would spare all that it is to silence."""
        muted = spare_critical(conditions) if spares_critical else conditions
        if muted is None:
            return None
        new = NewSilence(muted, incident_ref, TimeWindow(*window), is_weekly, reason)
        created = await self._silences.create(new, actor)
        self._on_change()
        return created

    async def end_silence(self, ref: str, actor: Actor) -> Silence | None:
        """Ends a silence; returns None if none of this reference is in force or ahead."""
        ended = await self._silences.end(ref, actor)
        self._on_change()
        return ended

    async def silences(self) -> Sequence[Silence]:
        """Returns the silences in force or ahead, the soonest end first."""
        return await self._silences.current()

    async def _act(
        self, refs: Collection[str], action: Action, actor: Actor
    ) -> Sequence[ActionResult]:
        results = await self._actions.act(refs, action, actor)
        self._on_change()
        return results

    async def integrations(self) -> Sequence[IntegrationView]:
        """Returns the integrations, with what all replicas have received from each."""
        states = await self._recorder.states()
        url = self._bridge.url or self._listening_at() or f"http://{self._bridge.listen}"
        base = url.rstrip("/")
        return [
            IntegrationView(
                name=name,
                kind=settings.kind,
                address=hook_address(
                    base,
                    settings.kind,
                    name=name,
                    url_token="TOKEN" if settings.url_token else None,
                ),
                hook=f"{base}/hooks/{name}",
                is_local=self._bridge.is_local,
                is_signed=settings.is_signed,
                sample=SAMPLE_BODIES[settings.kind],
                tokens=_tokens(settings, state),
                accepted=state.accepted,
                refused=state.refused,
                requests=state.requests[::-1],
                expect=settings.expect,
                overdue_since=state.overdue_since,
            )
            for name, settings in self._bridge.integrations.items()
            for state in [states.get(name, IntegrationState())]
        ]


def _tokens(settings: IntegrationSettings, state: IntegrationState) -> tuple[TokenView, ...]:
    ends = (one.get_secret_value()[-TOKEN_END:] for one in settings.token)
    return tuple(TokenView(end, (state.tokens or {}).get(end)) for end in ends)

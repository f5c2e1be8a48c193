"""The program of a bot in chaos runs: `kwtsms-bridge run` with a few test settings.

Only tests may change these: the rate (so that 2,000 messages do not take a quarter of an hour),
the clock (so that it can jump), and a fail point where the process dies, stops or hangs. A
planted fault can be added. Nothing here is reachable from the product.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial, wraps
from pathlib import Path
from typing import Any

from chaos.transition_log import CLOCK_OFFSET
from kwtsms_bot.cli import bot_process, main
from kwtsms_bot.database import Database, open_database
from kwtsms_bot.database.engine import _NOW
from kwtsms_bot.outbox.dispatch.claim_store import ClaimStore
from kwtsms_bot.outbox.dispatch.settlement_store import SettlementStore
from kwtsms_bot.outbox.intake.store import IntakeStore
from kwtsms_bot.service import Service, components, lifecycle
from kwtsms_client import AsyncClient
from kwtsms_client.protocol import Call

HOOKS_PORT = "HOOKS_PORT"  # The variable that config.yaml names.


class FailPoint(StrEnum):
    """A moment in a message's life."""

    ACCEPTING = "accepting"  # Nothing is written yet.
    CLAIMED = "claimed"  # Claimed, and not yet in flight.
    IN_FLIGHT = "in_flight"  # In flight in the database; no byte has left.
    LEAVING = "leaving"  # Handed to the client; no byte has left.
    ANSWERED = "answered"  # The gateway has answered; the answer is not stored.
    SETTLED = "settled"  # The answer is stored.


class FailAction(StrEnum):
    """An action at the fail point, performed once."""

    DIE = "die"  # kill -9
    STOP = "stop"  # SIGSTOP outside of transactions; continues after SIGCONT
    HANG = "hang"  # Only that coroutine hangs.


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """The settings of a bot; defaults are those of production."""

    interval: float = 0.5  # Seconds between two requests.
    cooldown: float = 16.0  # Seconds before a number may be sent to again.
    clock: str | None = None  # A file with the error of the clock, in seconds.
    point: FailPoint | None = None
    action: FailAction | None = None
    planted: str | None = None
    hooks_port: int | None = None  # Where it listens for alerts; None: it has no bridge.

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON values, for the fork server."""
        return asdict(self)


def run(program: Program, config: str) -> None:
    """Runs the bot until it ends."""
    service = partial(
        Service,
        interval=timedelta(seconds=program.interval),
        cooldown=timedelta(seconds=program.cooldown),
    )
    setattr(bot_process, "Service", service)  # noqa: B010
    if program.clock is not None:
        components.now = partial(_wrong_clock, Path(program.clock))
        _NOW["sqlite"] += (
            f" + ({CLOCK_OFFSET})"  # SQLite uses the machine's clock; PostgreSQL has its own.
        )
    if program.hooks_port is not None:
        from chaos.alerts.program import shorten_waits  # noqa: PLC0415 - only with a bridge.

        os.environ[HOOKS_PORT] = str(program.hooks_port)
        shorten_waits()
    if program.planted is not None:
        from chaos.alerts.planted_faults import ALERT_FAULTS  # noqa: PLC0415 - only if planted.
        from chaos.planted_faults import PLANTED  # noqa: PLC0415 - only if a fault is planted.

        (PLANTED | ALERT_FAULTS)[program.planted]()
    if program.point is not None and program.action is not None:
        setattr(lifecycle, "open_database", _open_recorded)  # noqa: B010
        _set_fail_point(program.point, _TriggerOnce(program.action))
    main(["run", "-c", config])


def _wrong_clock(file: Path) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=float(file.read_text()) if file.exists() else 0.0)


class _TriggerOnce:
    """A trigger that performs its action on the first call."""

    def __init__(self, action: FailAction) -> None:
        self._action: FailAction | None = action

    async def __call__(self) -> None:
        action, self._action = self._action, None
        if action is FailAction.DIE:
            os.kill(os.getpid(), signal.SIGKILL)
        elif action is FailAction.STOP:
            await _out_of_transactions()
            os.kill(os.getpid(), signal.SIGSTOP)
        elif action is FailAction.HANG:
            await asyncio.Event().wait()


_databases: list[Database] = []


async def _out_of_transactions() -> None:
    """Waits for a moment when this process holds no database lock."""
    while any(map(_is_busy, _databases)):  # noqa: ASYNC110 - the pool has no event.
        await asyncio.sleep(0)


def _is_busy(database: Database) -> bool:
    pools: Any = (database._engine.pool, database._direct.pool)
    return any(pool.checkedout() > 0 for pool in pools)


async def _open_recorded(*args: Any, **named: Any) -> Database:
    _databases.append(await open_database(*args, **named))
    return _databases[-1]


def _set_fail_point(point: FailPoint, trigger: _TriggerOnce) -> None:
    match point:
        case FailPoint.ACCEPTING:
            _wrap(IntakeStore, "accept", before=trigger)
        case FailPoint.CLAIMED:
            _wrap(ClaimStore, "claim", after=trigger)
        case FailPoint.IN_FLIGHT:
            _wrap(SettlementStore, "put_in_flight", after=trigger)
        case FailPoint.LEAVING:
            _wrap(AsyncClient, "exchange", before=trigger, condition=_is_send)
        case FailPoint.ANSWERED:
            _wrap(AsyncClient, "exchange", after=trigger, condition=_is_send)
        case FailPoint.SETTLED:
            _wrap(SettlementStore, "settle", after=trigger)


def _is_send(_client: Any, call: Call[Any], *_rest: Any) -> bool:
    return call.path.strip("/").endswith("send")


def _wrap(
    owner: type,
    name: str,
    *,
    before: Callable[[], Awaitable[None]] | None = None,
    after: Callable[[], Awaitable[None]] | None = None,
    condition: Callable[..., bool] | None = None,
) -> None:
    """Wraps `owner.name` with a trigger before it starts, or after it has had an effect."""
    original = getattr(owner, name)

    @wraps(original)
    async def wrapped(*args: Any, **kwargs: Any) -> Any:
        matches = condition is None or condition(*args)
        if before and matches:
            await before()
        completed = False
        try:
            completed = bool(answer := await original(*args, **kwargs)) or name == "settle"
            return answer
        except Exception:
            completed = True
            raise
        finally:
            if after and matches and completed:
                await after()

    setattr(owner, name, wrapped)

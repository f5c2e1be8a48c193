"""In quiet hours bulk messages stay queued, and everything else is sent."""

from datetime import timedelta
from pathlib import Path

import pytest

from kwtsms_bot.config import Config
from kwtsms_bot.kuwait_time import KUWAIT_TZ
from kwtsms_bot.monitoring.metrics import Metrics
from kwtsms_bot.outbox.message import Priority
from kwtsms_bot.outbox.outcome import Settlement
from kwtsms_bot.outbox.queries.statistics import OutboxStatistics
from kwtsms_bot.outbox.states import State
from kwtsms_bot.outbox.store import DatabaseRateLimiter, open_outbox
from kwtsms_bot.service.components import Components, gateway_client, now
from support.database import AT, NUMBER, OTHER, new_message, opened
from support.operator_cli import PASSWORD, SECRETS

LEASE = timedelta(seconds=30)


async def test_a_bulk_that_was_put_off_into_the_night_waits(database_url: str) -> None:
    """A bulk that is due again in quiet hours waits until they end."""
    night = False
    async with opened(database_url) as database:
        outbox = open_outbox(database, in_quiet_hours=lambda: night)
        bulk = (await outbox.intake.accept(new_message(NUMBER, priority=Priority.BULK), AT)).message
        call = await outbox.claims.claim("one", LEASE, AT)
        assert call
        assert await outbox.settlements.put_in_flight(call, LEASE, AT)
        await outbox.settlements.settle(call, Settlement(State.QUEUED, AT, "ERR010"), AT)
        night = True
        single = (await outbox.intake.accept(new_message(OTHER), AT)).message
        at_night = [await outbox.claims.claim("one", LEASE, AT) for _ in range(2)]
        due = await outbox.claims.next_due()
        waits = await OutboxStatistics(database, in_quiet_hours=lambda: night).backlog()
        night = False
        in_the_morning = await outbox.claims.claim("one", LEASE, AT)

    assert [call and call.message_id for call in at_night] == [single.id, None]
    assert (due, waits.oldest) == (None, None)
    assert in_the_morning
    assert in_the_morning.message_id == bulk.id


@pytest.mark.parametrize(("begins", "quiet"), [(-1, True), (1, False)])
async def test_the_service_keeps_the_configured_quiet_hours(
    tmp_path: Path, begins: int, *, quiet: bool
) -> None:
    """Quiet hours are by Kuwait time; the backlog counts only what can be sent now."""
    begin = now().astimezone(KUWAIT_TZ) + timedelta(hours=begins)
    hours = f"{begin:%H:%M}-{begin + timedelta(hours=2):%H:%M}"
    account = {"username": "user", "password": PASSWORD, "sender_id": "MY-APP"}
    sections = {"slack": SECRETS, "kwtsms": account, "limits": {"quiet_hours": hours}}
    config = Config.model_validate(sections)
    async with opened(tmp_path) as database:
        limiter, metrics = DatabaseRateLimiter(database), Metrics()
        async with gateway_client(config, limiter, metrics) as gateway:
            components = Components(
                config, database=database, gateway=gateway, rate_limiter=limiter, metrics=metrics
            )
            await components.outbox.intake.accept(
                new_message(priority=Priority.BULK), AT - timedelta(days=1)
            )
            due = await components.outbox.claims.next_due()
            found = {one.name: one for one in (await components.readiness.probe()).components}

    assert (due is None) is quiet
    assert (found["queue"].problem == "") is quiet

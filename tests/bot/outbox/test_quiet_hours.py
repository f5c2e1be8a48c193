"""While messages to many rest they stay where they are, and everything else goes."""

from datetime import timedelta
from pathlib import Path

import pytest

from kwtsms_bot.config import Config
from kwtsms_bot.kuwait import ZONE
from kwtsms_bot.operation.metrics import Metrics
from kwtsms_bot.outbox.message import Priority, State
from kwtsms_bot.outbox.retry import Plan
from kwtsms_bot.outbox.store import DatabasePacer, Store
from kwtsms_bot.outbox.store.figures import Figures
from kwtsms_bot.service.parts import Parts, gateway_client, now
from support.database import AT, NUMBER, OTHER, new, opened
from support.operating import PASSWORD, SECRETS

LEASE = timedelta(seconds=30)


async def test_a_bulk_that_was_put_off_into_the_night_waits(database_url: str) -> None:
    """Its credits ran out in the evening; when they are there again at three, it rests."""
    night = False
    async with opened(database_url) as database:
        store = Store(database, rests=lambda: night)
        bulk = (await store.accept(new(NUMBER, priority=Priority.BULK), AT)).message
        call = await store.claim("one", LEASE, AT)
        assert call
        assert await store.put_in_flight(call, LEASE, AT)
        await store.settle(call, Plan(State.QUEUED, AT, "ERR010"), AT)
        night = True
        single = (await store.accept(new(OTHER), AT)).message
        at_night = [await store.claim("one", LEASE, AT) for _ in range(2)]
        due = await store.next_due()
        waits = await Figures(database, rests=lambda: night).waiting()
        night = False
        in_the_morning = await store.claim("one", LEASE, AT)

    assert [call and call.message_id for call in at_night] == [single.id, None]
    assert (due, waits.oldest) == (None, None)
    assert in_the_morning
    assert in_the_morning.message_id == bulk.id


@pytest.mark.parametrize(("begins", "rest"), [(-1, True), (1, False)])
async def test_the_service_rests_at_the_hours_of_the_configuration(
    tmp_path: Path, begins: int, *, rest: bool
) -> None:
    """By the clock of Kuwait; whoever looks at the queue counts as waiting what can go."""
    begin = now().astimezone(ZONE) + timedelta(hours=begins)
    hours = f"{begin:%H:%M}-{begin + timedelta(hours=2):%H:%M}"
    account = {"username": "user", "password": PASSWORD, "sender_id": "MY-APP"}
    sections = {"slack": SECRETS, "kwtsms": account, "limits": {"quiet_hours": hours}}
    config = Config.model_validate(sections)
    async with opened(tmp_path) as database:
        pace, metrics = DatabasePacer(database), Metrics()
        async with gateway_client(config, pace, metrics) as gateway:
            parts = Parts(config, database=database, gateway=gateway, pace=pace, metrics=metrics)
            await parts.store.accept(new(priority=Priority.BULK), AT - timedelta(days=1))
            due = await parts.store.next_due()
            found = {one.name: one for one in (await parts.readiness.look()).parts}

    assert (due is None) is rest
    assert (found["queue"].problem == "") is rest

"""Figures and strings of a hostile gateway: the SMS's outcome is right, and no limit changes."""

import json
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest
from sqlalchemy import select

from kwtsms_bot.database.tables import spending
from kwtsms_bot.outbox.dispatch.worker import MAX_IN_FLIGHT
from kwtsms_bot.outbox.states import State
from support.database import opened
from support.hostile_gateway import MARKUP, HostileGateway, hostile_gateway
from support.logged import logged
from support.worker_bench import Bench, running_worker

UNTRUE = ["-1", "-1000", "1e17", "2147483648", "3000000000", "9e99", "NaN", json.dumps(MARKUP)]
FIGURES = ["points-charged", "balance-after", "numbers"]


@asynccontextmanager
async def lying(url: str, **fields: str) -> AsyncIterator[tuple[Bench, HostileGateway]]:
    """Runs a worker whose gateway answers each send with these fields."""
    reply = {name.replace("_", "-"): value for name, value in fields.items()}
    async with (
        hostile_gateway(send=reply) as gateway,
        running_worker(url, base_url=gateway.base_url) as bench,
    ):
        yield bench, gateway


async def spent(url: str) -> int:
    """The credits of all days."""
    async with opened(url) as database, database.reading() as connection:
        return sum((await connection.execute(select(spending.c.credits))).scalars())


@pytest.mark.parametrize("written", UNTRUE)
@pytest.mark.parametrize("name", FIGURES)
async def test_an_untrue_figure_changes_nothing(database_url: str, name: str, written: str) -> None:
    """The message is sent, our own reckoning counts, and the log keeps the gateway's word."""
    with logged(format="json") as log:
        async with lying(database_url, **{"msg_id": '"f4c8"', name: written}) as (bench, _):
            message = await bench.wait_for_state(await bench.send(), State.SENT)

    assert (message.gateway_ids, message.points, message.balance_after) == (("f4c8",), None, None)
    assert await spent(database_url) == 1
    (entry,) = [json.loads(one) for one in log.getvalue().splitlines() if "figures ignored" in one]
    assert entry["fields"][0].startswith(name)


async def test_untrue_figures_keep_no_slot_busy(database_url: str) -> None:
    """However many answers are untrue, each message is sent once and the next ones leave."""
    untrue = dict.fromkeys(FIGURES, "3000000000") | {"msg_id": json.dumps(MARKUP)}
    async with lying(database_url, **untrue) as (bench, gateway):
        accepted = [await bench.send(f"9659000000{n}") for n in range(MAX_IN_FLIGHT + 1)]
        sent = [await bench.wait_for_state(message, State.SENT) for message in accepted]

    assert gateway.sends == len(sent) == MAX_IN_FLIGHT + 1
    assert {message.gateway_ids for message in sent} == {()}
    assert await spent(database_url) == MAX_IN_FLIGHT + 1


@pytest.mark.parametrize(("written", "known"), [("1", 1), ('"2.50"', "2.5"), ("0", 0)])
async def test_a_true_price_is_used(database_url: str, written: str, known: str) -> None:
    """A price that the message can have replaces our estimate."""
    async with lying(database_url, points_charged=written) as (bench, _):
        message = await bench.wait_for_state(await bench.send(), State.SENT)

    assert message.points == Decimal(known)
    assert await spent(database_url) == math.ceil(Decimal(known))

"""People who type `/sms send` all the time, and remember what they were told."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from chaos.evidence import Asked, Told
from kwtsms_bot.commands.failures import BROKE_OFF
from kwtsms_bot.slack.app import STILL_AT_IT
from kwtsms_sandbox.slack import Interaction, SlackSandbox
from kwtsms_sandbox.slack.demo import OPS, SARA, YOUSEF

PEOPLE = (SARA, YOUSEF)  # Their Slack is English, and the judge reads no Arabic.
POPULAR = tuple(f"9655000000{digit}" for digit in range(8))  # Written to more than once.
MAX_TRIES = 20  # Of one command whose acknowledgement never came.


@dataclass(frozen=True, slots=True)
class Order:
    """A message to be asked for."""

    text: str
    numbers: tuple[str, ...]
    again: bool  # Slack delivers it a second time though it was acknowledged.


def orders(count: int, name: str, chance: Random) -> Iterator[Order]:
    """So many messages; nearly all to numbers that nobody else writes to."""
    for number in range(count):
        size = chance.choices((1, 3), (85, 15))[0]
        numbers = tuple(f"9656{number:05d}{place:02d}" for place in range(size))
        if number % 100 == 50:
            numbers = (POPULAR[number // 100 % len(POPULAR)],)
        yield Order(f"{name} {number}", numbers, again=chance.random() < 0.1)


class Crowd:
    """Types orders, several people at once."""

    def __init__(self, slack: SlackSandbox, chance: Random, *, at_once: int = 12) -> None:
        self._slack, self._chance = slack, chance
        self._free = asyncio.Semaphore(at_once)
        self.asked: list[Asked] = []

    async def ask_all(self, wanted: Iterator[Order], *, per_second: float) -> None:
        """Types all of them, at about this rate; returns when each was answered or given up."""
        async with asyncio.TaskGroup() as group:
            for order in wanted:
                await self._free.acquire()
                group.create_task(self._ask(order))
                await asyncio.sleep(self._chance.expovariate(per_second))

    async def _ask(self, order: Order) -> None:
        try:
            self.asked.append(await self.ask(order))
        finally:
            self._free.release()

    async def ask(self, order: Order) -> Asked:
        """Types one, and lets Slack deliver it again until there is an answer."""
        told = await self._type(order)
        for _ in range(MAX_TRIES):
            if told.acked:
                break
            await self._somebody_is_there()
            told = await self._slack.redeliver(told)
        if order.again and heard(told) is Told.ACCEPTED:
            second = await self._slack.redeliver(told)
            told = second if second.acked else told
        return _remembered(order, told)

    async def ask_once(self, order: Order) -> Asked:
        """Types one, and leaves it at that."""
        return _remembered(order, await self._type(order))

    async def _type(self, order: Order) -> Interaction:
        line = f"send {','.join(order.numbers)} {order.text}"
        return await self._slack.command(self._chance.choice(PEOPLE), OPS, "/sms", line)

    async def _somebody_is_there(self) -> None:
        sockets = self._slack.sockets
        await self._slack.until(lambda: sockets.connections, timeout=60, what="a bot")


def _remembered(order: Order, told: Interaction) -> Asked:
    return Asked(order.text, order.numbers, heard(told), words(told))


def heard(told: Interaction) -> Told:
    """What an acknowledgement means to the person."""
    if not told.acked or any(open_ in words(told) for open_ in (STILL_AT_IT, BROKE_OFF)):
        return Told.NOTHING
    return Told.REFUSED if told.ack else Told.ACCEPTED


def words(told: Interaction) -> str:
    """What came with it."""
    return str(told.ack.get("text", "")) if told.ack else ""

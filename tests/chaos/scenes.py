"""Short directed scenes, each at a moment where a bad bot would do harm; no chance is left."""

import asyncio
import signal
from contextlib import suppress

from chaos.crowd import Order
from chaos.house import House
from chaos.program import Action, Point
from chaos.waiting import until
from kwtsms_bot.database import DatabaseTrouble, open_database

NUMBER = "96566000001"


def order(number: int = 1, phone: str | None = None) -> Order:
    """A message to a number of its own, or to `phone`."""
    return Order(f"scene {number}", (phone or f"965660000{number:02d}",), again=False)


async def ask(house: House, *orders: Order) -> None:
    """People type all of them at once."""
    answers = await asyncio.gather(*(house.crowd.ask(one) for one in orders))
    house.crowd.asked.extend(answers)


async def somebody_writes(house: House) -> None:
    """One message, and nothing in its way."""
    await house.connected()
    await ask(house, order())
    await house.quiet(10)


async def credits_are_short_for_a_moment(house: House) -> None:
    """The gateway refuses a message that it takes five seconds later."""
    await house.gateway.fault("ERR010")
    await house.connected()
    await ask(house, order())
    await house.quiet(20)


async def dies_with_the_answer_in_its_hands(house: House) -> None:
    """The gateway has taken the message, and the process is killed before it can write that."""
    bot = await house.connected(point=Point.ANSWERED, action=Action.DIE)
    await ask(house, order())
    await bot.ended()
    house.bury(bot)
    await house.connected()
    await house.quiet(50)


async def the_answer_is_cut_off(house: House) -> None:
    """The gateway takes the message, and its answer never arrives."""
    await house.gateway.fault("reset_after")
    await house.connected()
    await ask(house, order())
    await house.quiet(50)


async def dies_before_the_commit(house: House) -> None:
    """The database is slow to take a message, and the process is killed meanwhile."""
    bot = await house.connected(point=Point.ACCEPTING, action=Action.HANG)
    house.crowd.asked.append(await house.crowd.ask_once(order()))
    await house.kill(bot)
    await house.connected()
    await house.quiet(50)


async def many_write_at_once(house: House) -> None:
    """Twelve messages, all of them due now."""
    await house.connected()
    await ask(house, *(order(number) for number in range(12)))
    await house.quiet(50)


async def two_messages_to_one_number(house: House) -> None:
    """The second has to wait; the gateway would refuse it."""
    await house.connected()
    await ask(house, order(1, NUMBER))
    await ask(house, order(2, NUMBER))
    await house.quiet(6)


async def wakes_with_a_refusal_after_its_lease(house: House) -> None:
    """A process stands still with ERR013 in its hands until another has taken over its call."""
    await house.gateway.fault("ERR013")
    sleeper = await house.connected(point=Point.ANSWERED, action=Action.STOP)
    await ask(house, order())
    await sleeper.stands_still()
    house.struck(sleeper)
    await house.connected()
    await taken_over(house)
    sleeper.signal(signal.SIGCONT)
    await house.stop(sleeper)
    await house.quiet(3)


async def sleeps_past_its_lease(house: House, point: Point) -> None:
    """A process stands still at this point until another has taken over, and then goes on."""
    sleeper = await house.connected(point=point, action=Action.STOP)
    await ask(house, order())
    await sleeper.stands_still()
    house.struck(sleeper)
    await house.connected()
    await house.quiet(50)
    sleeper.signal(signal.SIGCONT)
    await house.stop(sleeper)


async def sends_past_a_lock(house: House, database: str) -> None:
    """Somebody holds the row of the turns, and says nothing more."""
    silent = await open_database(database)
    with suppress(DatabaseTrouble):  # The database hangs up on it.
        async with silent.transaction() as connection:
            await connection.exec_driver_sql("UPDATE rate SET next_free = next_free")
            await ask(house, order())
            await house.quiet(30)
            await connection.exec_driver_sql("SELECT 1")
    await silent.close()


async def taken_over(house: House) -> None:
    """Returns once somebody has declared the call of a lost process unknown."""

    async def is_unknown() -> bool:
        return "unknown" in await house.history.states()

    await until(is_unknown, what="a call taken over")


async def two_replicas_begin(house: House) -> None:
    """Both have a balance to look at, in the same slot."""
    bots = [await house.connected(), await house.connected()]
    await asyncio.gather(*(house.stop(bot) for bot in bots))

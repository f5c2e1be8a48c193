"""A client in a forked process, and in one event loop after the other."""

import asyncio
import gc
import os
import signal
import warnings

import pytest

from kwtsms_client import AsyncClient, Balance, Client, Credentials
from kwtsms_client.rate_limiter import Pacer
from support.gateway import running_gateway
from support.sockets import answering, reply, request


@pytest.mark.skipif(not hasattr(os, "fork"), reason="There are no forks here.")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
async def test_a_forked_process_has_its_own_connection() -> None:
    """Two processes on one socket would read each other's answers; nor does it wait for locks."""
    connections: list[int] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mine = len(connections)
        connections.append(0)
        while True:
            await request(reader)
            connections[mine] += 1
            writer.write(reply(b'{"result":"OK","available":5}'))

    async with answering(answer) as address:
        sms = Client(Credentials("user", "secret"), base_url=f"http://{address}/API/")
        await asyncio.to_thread(sms.balance)
        with sms._lock:  # As another thread may hold it just then.
            child = os.fork()
        if child == 0:
            _end_as(sms)
        _, status = await asyncio.to_thread(os.waitpid, child, 0)
        await asyncio.to_thread(sms.balance)
        await asyncio.to_thread(sms.close)

    assert os.waitstatus_to_exitcode(status) == 0
    assert connections == [2, 1]


def _end_as(sms: Client) -> None:
    """What the child does: it asks once, and ends."""
    signal.alarm(10)
    code = 1
    try:
        code = 0 if sms.balance().available == 5 else 2
        sms.close()
    finally:
        os._exit(code)


async def test_each_event_loop_has_its_own_connections() -> None:
    """A client made once answers in every `asyncio.run` of a program."""
    async with running_gateway() as running:
        account = running.gateway.account
        sms = AsyncClient(
            Credentials(account.username, account.password),
            base_url=running.base_url,
            pacer=Pacer(0.0),
        )

        async def ask() -> Balance:
            return await sms.balance()

        async def ask_and_close() -> Balance:
            async with sms:
                return await sms.balance()

        first = await asyncio.to_thread(asyncio.run, ask())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)  # Nobody closed the first loop's.
            second = await asyncio.to_thread(asyncio.run, ask_and_close())
            gc.collect()

    assert first == second

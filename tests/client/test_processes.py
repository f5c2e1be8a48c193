"""A client in a forked process, and in several event loops in succession."""

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
    """A shared socket would mix up answers; the child does not wait for inherited locks."""
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
        with sms._lock:  # Another thread may hold it at the time of the fork.
            child = os.fork()
        if child == 0:
            _end_as(sms)
        _, status = await asyncio.to_thread(os.waitpid, child, 0)
        await asyncio.to_thread(sms.balance)
        await asyncio.to_thread(sms.close)

    assert os.waitstatus_to_exitcode(status) == 0
    assert connections == [2, 1]


def _end_as(sms: Client) -> None:
    """Makes one request in the child process and exits."""
    signal.alarm(10)
    code = 1
    try:
        code = 0 if sms.balance().available == 5 else 2
        sms.close()
    finally:
        os._exit(code)


async def test_each_event_loop_has_its_own_connections() -> None:
    """A client created once works in every `asyncio.run` of a program."""
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
            warnings.simplefilter("ignore", ResourceWarning)  # Left open on purpose.
            second = await asyncio.to_thread(asyncio.run, ask_and_close())
            gc.collect()

    assert first == second

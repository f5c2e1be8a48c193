"""Socket Mode on the wire, and a real client's behaviour when connections fail."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_sandbox.slack import OPS, SARA, Fault, SlackSandbox
from support.slack import bolt_app, connected, web_client


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A bare HTTP client."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def app(slack: SlackSandbox) -> AsyncApp:
    """An app that answers every command."""
    bolt = bolt_app(slack)

    @bolt.command("/sms")
    async def reply(ack: Any) -> None:
        await ack("here")

    return bolt


async def link(slack: SlackSandbox) -> str:
    """Returns a new WebSocket address."""
    answer = await web_client(slack, slack.app_token).apps_connections_open(
        app_token=slack.app_token
    )
    return str(answer["url"])


async def test_hello_counts_the_connections(
    slack: SlackSandbox, http: aiohttp.ClientSession
) -> None:
    """The hello of the second connection says that there are two."""
    async with (
        http.ws_connect(await link(slack)) as first,
        http.ws_connect(await link(slack)) as second,
    ):
        hellos = [await first.receive_json(), await second.receive_json()]

    assert [hello["num_connections"] for hello in hellos] == [1, 2]
    assert hellos[0]["type"] == "hello"


async def test_a_ticket_is_good_once(slack: SlackSandbox, http: aiohttp.ClientSession) -> None:
    """A WebSocket address cannot be used a second time."""
    url = await link(slack)
    async with http.ws_connect(url):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(url)

    assert refused.value.status == 403


async def test_a_ping_is_answered_with_its_own_words(
    slack: SlackSandbox, http: aiohttp.ClientSession
) -> None:
    """A pong has the content of its ping, by which the client recognises it."""
    async with http.ws_connect(await link(slack), autoping=False) as socket:
        await socket.receive_json()
        await socket.ping(b"sdk-ping-pong:1.5")
        answer = await socket.receive()

    assert (answer.type, bytes(answer.data)) == (aiohttp.WSMsgType.PONG, b"sdk-ping-pong:1.5")


async def test_an_envelope_is_answered_by_its_id(
    slack: SlackSandbox, http: aiohttp.ClientSession
) -> None:
    """An acknowledgement with another id does not count."""
    async with http.ws_connect(await link(slack)) as socket:
        await socket.receive_json()
        typing = asyncio.create_task(slack.command(SARA, OPS, "/sms", "balance"))
        envelope = await socket.receive_json()
        await socket.send_json({"envelope_id": "another", "payload": {"text": "wrong"}})
        await socket.send_json(
            {"envelope_id": envelope["envelope_id"], "payload": {"text": "right"}}
        )
        interaction = await typing

    assert envelope["type"] == "slash_commands"
    assert envelope["accepts_response_payload"] is True
    assert interaction.ack == {"text": "right"}


async def test_each_envelope_goes_to_one_connection(
    slack: SlackSandbox, http: aiohttp.ClientSession
) -> None:
    """Two connections share the envelopes and get none twice."""
    received: list[str] = []

    async def acknowledge(socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            envelope = json.loads(message.data)
            if "envelope_id" in envelope:
                received.append(envelope["payload"]["text"])
                await socket.send_json({"envelope_id": envelope["envelope_id"]})

    async with (
        http.ws_connect(await link(slack)) as first,
        http.ws_connect(await link(slack)) as second,
    ):
        listeners = [asyncio.create_task(acknowledge(one)) for one in (first, second)]
        for number in range(4):
            await slack.command(SARA, OPS, "/sms", str(number))
        for listener in listeners:
            listener.cancel()

    assert received == ["0", "1", "2", "3"]


async def test_an_eleventh_connection_is_refused(
    slack: SlackSandbox, http: aiohttp.ClientSession
) -> None:
    """The limit is ten connections."""
    open_sockets = [await http.ws_connect(await link(slack)) for _ in range(10)]
    async with http.ws_connect(await link(slack)) as eleventh:
        message = await eleventh.receive_json()
    for socket in open_sockets:
        await socket.close()

    assert (message["type"], message["reason"]) == ("disconnect", "too_many_websockets")


async def test_a_client_follows_a_refresh(slack: SlackSandbox, app: AsyncApp) -> None:
    """After refresh_requested the client reconnects and receives commands."""
    async with connected(slack, app):
        [before] = slack.sockets.connections
        await slack.sockets.refresh()
        await slack.until(lambda: [c for c in slack.sockets.connections if c is not before])
        interaction = await slack.command(SARA, OPS, "/sms")

    assert interaction.acked


@pytest.mark.parametrize("how", ["close", "abort"])
async def test_a_client_comes_back_after_a_cut(
    slack: SlackSandbox, app: AsyncApp, how: str
) -> None:
    """The client replaces a closed or broken connection."""
    async with connected(slack, app, ping_interval=0.2):
        [before] = slack.sockets.connections
        if how == "close":
            await slack.sockets.close()
        else:
            slack.sockets.abort()
        await slack.until(lambda: [c for c in slack.sockets.connections if c is not before])
        interaction = await slack.command(SARA, OPS, "/sms")

    assert interaction.acked


async def test_a_silent_peer_is_noticed(slack: SlackSandbox, app: AsyncApp) -> None:
    """On a silent connection a command times out; the client notices and reconnects."""
    slack.ack_seconds = 0.05
    async with connected(slack, app, ping_interval=0.2):
        slack.sockets.silence()
        lost = await slack.command(SARA, OPS, "/sms")
        await slack.until(lambda: [c for c in slack.sockets.connections if not c.silent])
        slack.ack_seconds = 3
        found = await slack.until(lambda: all(not c.silent for c in slack.sockets.connections))

    assert lost.error == "operation_timeout"
    assert found


async def test_the_address_needs_the_app_token(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """A bot token cannot open a WebSocket."""
    with pytest.raises(SlackApiError, match="not_allowed_token_type"):
        await api.apps_connections_open(app_token=slack.bot_token)


async def test_a_client_that_talks_nonsense_stays_connected(
    slack: SlackSandbox, http: aiohttp.ClientSession
) -> None:
    """Anything that is not an acknowledgement is ignored."""
    async with http.ws_connect(await link(slack)) as socket:
        await socket.receive_json()
        for nonsense in ("{", "[]", '"ack"', '{"envelope_id": 7}'):
            await socket.send_str(nonsense)
        typing = asyncio.create_task(slack.command(SARA, OPS, "/sms"))
        envelope = await socket.receive_json()
        await socket.send_json({"envelope_id": envelope["envelope_id"]})

        assert (await typing).acked


async def test_slack_may_have_no_address(slack: SlackSandbox) -> None:
    """apps.connections.open can be made to fail."""
    slack.fault("apps.connections.open", Fault(error="internal_error"))

    with pytest.raises(SlackApiError, match="internal_error"):
        await link(slack)

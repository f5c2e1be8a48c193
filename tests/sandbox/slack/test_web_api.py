"""The Web API's door: how a call may look, and whom it lets in."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_sandbox.slack import BOT_USER_ID, OPS, TEAM_ID, Manifest, SlackSandbox
from support.slack import refusal, running_slack, web_client


async def post(slack: SlackSandbox, method: str, **request: Any) -> dict[str, Any]:
    """A bare HTTP call with the bot's token."""
    headers = {"Authorization": f"Bearer {slack.bot_token}", **request.pop("headers", {})}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(slack.api_url + method, **request) as response,
    ):
        return dict(await response.json())


async def test_auth_test_names_the_bot(api: AsyncWebClient) -> None:
    """Who am I: the bot of this workspace, with its scopes in a header."""
    answer = await api.auth_test()

    assert (answer["user_id"], answer["team_id"]) == (BOT_USER_ID, TEAM_ID)
    assert "chat:write" in answer.headers["x-oauth-scopes"]


@pytest.mark.parametrize(
    ("token", "error"),
    [("xoxb-wrong", "invalid_auth"), ("xapp-wrong", "invalid_auth"), ("", "not_authed")],
)
async def test_a_wrong_token_is_refused(slack: SlackSandbox, token: str, error: str) -> None:
    """An unknown token and no token are told apart."""
    client = AsyncWebClient(token, base_url=slack.api_url)

    assert await refusal(client.auth_test()) == error


async def test_an_app_token_does_not_speak(slack: SlackSandbox) -> None:
    """Each kind of token has its methods."""
    client = web_client(slack, slack.app_token)

    posting = client.chat_postMessage(channel=OPS.id, text="hi")
    assert await refusal(posting) == "not_allowed_token_type"


async def test_a_missing_scope_is_named() -> None:
    """With the scopes of a real manifest, a method outside them says which scope it needs."""
    async with running_slack(manifest=Manifest(scopes=frozenset({"commands"}))) as slack:
        answer = await post(slack, "chat.postMessage", json={"channel": OPS.id, "text": "hi"})

    assert answer["error"] == "missing_scope"
    assert (answer["needed"], answer["provided"]) == ("chat:write", "commands")


async def test_an_unknown_method_is_refused(api: AsyncWebClient) -> None:
    """A method that this sandbox lacks does not pretend to work."""
    assert await refusal(api.api_call("chat.shout")) == "unknown_method"


@pytest.mark.parametrize(("body", "error"), [("{bad", "invalid_json"), ("[]", "json_not_object")])
async def test_unreadable_json_is_refused(slack: SlackSandbox, body: str, error: str) -> None:
    """JSON that cannot be read, or is no object."""
    headers = {"Content-Type": "application/json"}

    assert (await post(slack, "auth.test", data=body, headers=headers))["error"] == error


async def test_a_form_may_contain_blocks_as_json(slack: SlackSandbox) -> None:
    """Old clients send forms; blocks are JSON inside."""
    blocks = '[{"type": "divider"}]'
    answer = await post(
        slack, "chat.postMessage", data={"channel": OPS.id, "text": "hi", "blocks": blocks}
    )

    assert answer["message"]["blocks"][0]["type"] == "divider"


async def test_blocks_that_are_no_json_are_refused(slack: SlackSandbox) -> None:
    """A form whose blocks cannot be read."""
    answer = await post(slack, "chat.postMessage", data={"channel": OPS.id, "blocks": "[{"})

    assert answer["error"] == "invalid_blocks_format"


async def test_a_token_in_json_does_not_count(slack: SlackSandbox) -> None:
    """In JSON, a token is accepted in the header only."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(slack.api_url + "auth.test", json={"token": slack.bot_token}) as response,
    ):
        answer = await response.json()

    assert answer["error"] == "not_authed"


async def test_every_call_is_remembered(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """A test can see what the app asked for, and that tokens are not kept."""
    await api.chat_postMessage(channel=OPS.id, text="hi")
    await refusal(api.chat_postMessage(channel="C404", text="hi"))

    calls = [(call.method, call.error) for call in slack.calls("chat.postMessage")]
    assert calls == [("chat.postMessage", None), ("chat.postMessage", "channel_not_found")]
    assert slack.bot_token not in repr(slack.calls())


async def test_secrets_stay_out_of_representations(slack: SlackSandbox) -> None:
    """Neither the door nor the signed transport shows a secret."""
    shown = repr(slack.deliver_to("http://127.0.0.1:9/")) + repr(slack.web_api.tokens)

    assert slack.signing_secret not in shown
    assert slack.bot_token not in shown

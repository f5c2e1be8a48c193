"""Calls of the Web API: their forms, tokens and scopes."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_sandbox.slack import BOT_USER_ID, OPS, TEAM_ID, Manifest, SlackSandbox
from support.slack import refusal, running_slack, web_client


async def post(slack: SlackSandbox, method: str, **request: Any) -> dict[str, Any]:
    """Sends a plain HTTP call with the bot's token."""
    headers = {"Authorization": f"Bearer {slack.bot_token}", **request.pop("headers", {})}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(slack.api_url + method, **request) as response,
    ):
        return dict(await response.json())


async def test_auth_test_names_the_bot(api: AsyncWebClient) -> None:
    """auth.test names the bot and its workspace, with the scopes in a header."""
    answer = await api.auth_test()

    assert (answer["user_id"], answer["team_id"]) == (BOT_USER_ID, TEAM_ID)
    assert "chat:write" in answer.headers["x-oauth-scopes"]


@pytest.mark.parametrize(
    ("token", "error"),
    [("xoxb-wrong", "invalid_auth"), ("xapp-wrong", "invalid_auth"), ("", "not_authed")],
)
async def test_a_wrong_token_is_refused(slack: SlackSandbox, token: str, error: str) -> None:
    """An unknown token and a missing one have different errors."""
    client = AsyncWebClient(token, base_url=slack.api_url)

    assert await refusal(client.auth_test()) == error


async def test_an_app_token_does_not_speak(slack: SlackSandbox) -> None:
    """An app token cannot post messages."""
    client = web_client(slack, slack.app_token)

    posting = client.chat_postMessage(channel=OPS.id, text="hi")
    assert await refusal(posting) == "not_allowed_token_type"


async def test_a_missing_scope_is_named() -> None:
    """A call without its scope names the scope that it needs."""
    async with running_slack(manifest=Manifest(scopes=frozenset({"commands"}))) as slack:
        answer = await post(slack, "chat.postMessage", json={"channel": OPS.id, "text": "hi"})

    assert answer["error"] == "missing_scope"
    assert (answer["needed"], answer["provided"]) == ("chat:write", "commands")


async def test_an_unknown_method_is_refused(api: AsyncWebClient) -> None:
    """A method that the sandbox lacks is refused."""
    assert await refusal(api.api_call("chat.shout")) == "unknown_method"


@pytest.mark.parametrize(("body", "error"), [("{bad", "invalid_json"), ("[]", "json_not_object")])
async def test_unreadable_json_is_refused(slack: SlackSandbox, body: str, error: str) -> None:
    """JSON that is invalid, or not an object, is refused."""
    headers = {"Content-Type": "application/json"}

    assert (await post(slack, "auth.test", data=body, headers=headers))["error"] == error


async def test_a_form_may_contain_blocks_as_json(slack: SlackSandbox) -> None:
    """Blocks may be JSON in a form, as old clients send them."""
    blocks = '[{"type": "divider"}]'
    answer = await post(
        slack, "chat.postMessage", data={"channel": OPS.id, "text": "hi", "blocks": blocks}
    )

    assert answer["message"]["blocks"][0]["type"] == "divider"


async def test_blocks_that_are_no_json_are_refused(slack: SlackSandbox) -> None:
    """Blocks in a form that are not JSON are refused."""
    answer = await post(slack, "chat.postMessage", data={"channel": OPS.id, "blocks": "[{"})

    assert answer["error"] == "invalid_blocks_format"


async def test_a_token_in_json_does_not_count(slack: SlackSandbox) -> None:
    """A token in a JSON body does not count; it must be in the header."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(slack.api_url + "auth.test", json={"token": slack.bot_token}) as response,
    ):
        answer = await response.json()

    assert answer["error"] == "not_authed"


async def test_every_call_is_remembered(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """Every call is recorded with its outcome, and without tokens."""
    await api.chat_postMessage(channel=OPS.id, text="hi")
    await refusal(api.chat_postMessage(channel="C404", text="hi"))

    calls = [(call.method, call.error) for call in slack.calls("chat.postMessage")]
    assert calls == [("chat.postMessage", None), ("chat.postMessage", "channel_not_found")]
    assert slack.bot_token not in repr(slack.calls())


async def test_secrets_stay_out_of_representations(slack: SlackSandbox) -> None:
    """Neither the tokens nor the signed transport show a secret in their repr."""
    shown = repr(slack.deliver_to("http://127.0.0.1:9/")) + repr(slack.web_api.tokens)

    assert slack.signing_secret not in shown
    assert slack.bot_token not in shown

"""Files in three steps, and workflow steps that end once."""

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_sandbox.slack import OPS, RANDOM, SARA, SlackSandbox, StepState
from support.slack import refusal, web_client

CSV = "number,error\n96598765432,ERR025\n"


async def test_the_sdk_uploads_a_file(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """files_upload_v2 stores the bytes, and the channel shows the file with its comment."""
    answer = await api.files_upload_v2(
        channel=OPS.id, filename="failures.csv", content=CSV, initial_comment="3 failed"
    )

    file_id = answer["file"]["id"]
    assert slack.space.files[file_id].content == CSV.encode()
    [message] = slack.visible(SARA, OPS)
    assert (message.text, message.files) == ("3 failed", (file_id,))


async def test_a_file_is_not_shared_where_the_bot_is_not(api: AsyncWebClient) -> None:
    """A file cannot be shared in a channel without the bot."""
    upload = api.files_upload_v2(channel=RANDOM.id, filename="a.csv", content=CSV)

    assert await refusal(upload) == "not_in_channel"


async def test_a_file_must_have_come_before_it_is_complete(api: AsyncWebClient) -> None:
    """A file that was only announced cannot be completed."""
    answer = await api.files_getUploadURLExternal(filename="a.csv", length=3)
    call = api.files_completeUploadExternal(files=[{"id": answer["file_id"]}])

    assert await refusal(call) == "file_not_found"


async def test_a_file_needs_a_length(api: AsyncWebClient) -> None:
    """A file of length 0 is refused."""
    call = api.files_getUploadURLExternal(filename="a.csv", length=0)

    assert await refusal(call) == "invalid_arguments"


async def test_a_step_ends_once(slack: SlackSandbox) -> None:
    """A step's token is invalid after the step has ended."""
    step, _ = await slack.run_step("send_sms", {"to": "1"})
    client = web_client(slack, step.token)
    done = {"function_execution_id": step.id, "outputs": {"message_id": "M1"}}
    await client.api_call("functions.completeSuccess", json=done)

    assert slack.step(step.id).outputs == {"message_id": "M1"}
    again = client.api_call("functions.completeSuccess", json=done)
    assert await refusal(again) == "invalid_auth"


async def test_the_bots_own_token_ends_a_step_once(
    slack: SlackSandbox, api: AsyncWebClient
) -> None:
    """With the bot's token, ending a step again is an error of its own."""
    step = slack.space.steps.start("send_sms", {})
    failed = {"function_execution_id": step.id, "error": "no credit"}
    await api.api_call("functions.completeError", json=failed)

    assert slack.step(step.id).state is StepState.FAILED
    again = api.api_call("functions.completeError", json=failed)
    assert await refusal(again) == "function_execution_not_in_running_state"


@pytest.mark.parametrize("method", ["functions.completeSuccess", "functions.completeError"])
async def test_an_unknown_step(api: AsyncWebClient, method: str) -> None:
    """An unknown step cannot be ended."""
    call = api.api_call(method, json={"function_execution_id": "Fx404", "error": "x"})

    assert await refusal(call) == "function_execution_not_found"

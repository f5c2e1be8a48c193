"""response_url: five answers within half an hour, and the effects of each."""

from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_sandbox.slack import NOURA, OPS, RANDOM, SARA, Message, SlackSandbox, Via
from support.blockkit import actions, button, section


async def answer(url: str, **body: Any) -> tuple[int, str]:
    """Posts an answer, and returns Slack's status and text."""
    async with aiohttp.ClientSession() as session, session.post(url, json=body) as response:
        text = await response.text()
        return response.status, text


async def command_url(slack: SlackSandbox) -> str:
    """Returns the response_url of a command."""
    return (await slack.command(SARA, OPS, "/sms")).response_url


async def pressed(slack: SlackSandbox, api: AsyncWebClient) -> tuple[Message, str]:
    """Posts a card with a button, and returns it with the response_url of a press."""
    blocks = [section("card"), actions(button("Go", action_id="go"))]
    await api.chat_postMessage(channel=OPS.id, text="card", blocks=blocks)
    card = slack.visible(SARA, OPS)[-1]
    return card, (await slack.press(SARA, card, "Go")).response_url


def answers(slack: SlackSandbox) -> list[str]:
    """Returns the answers by response_url that Sara sees."""
    return [m.text for m in slack.visible(SARA, OPS) if m.via is Via.RESPONSE_URL]


async def test_five_answers_and_no_more(slack: SlackSandbox) -> None:
    """The sixth answer is refused."""
    url = await command_url(slack)
    statuses = [(await answer(url, text=str(number)))[0] for number in range(6)]

    assert statuses == [200] * 5 + [404]
    assert answers(slack) == ["0", "1", "2", "3", "4"]


async def test_half_an_hour_and_no_longer(slack: SlackSandbox) -> None:
    """After half an hour an answer is refused as expired."""
    url = await command_url(slack)
    slack.clock.advance(30 * 60 + 1)

    assert await answer(url, text="late") == (404, '{"ok": false, "error": "expired_url"}')


async def test_an_invented_address_is_refused(slack: SlackSandbox) -> None:
    """An address that was never issued is refused."""
    status, _ = await answer(f"{slack.url}/commands/nosuch", text="hi")

    assert status == 404


async def test_an_answer_is_visible_to_its_person_only(slack: SlackSandbox) -> None:
    """An answer is ephemeral unless it says in_channel."""
    await answer(await command_url(slack), text="psst")

    assert answers(slack) == ["psst"]
    assert [m for m in slack.visible(NOURA, OPS) if m.text == "psst"] == []


async def test_an_answer_works_where_the_bot_is_not(slack: SlackSandbox) -> None:
    """A command can be answered in a channel without the bot."""
    interaction = await slack.command(SARA, RANDOM, "/sms")
    status, _ = await answer(interaction.response_url, text="hi", response_type="in_channel")

    assert status == 200
    assert slack.visible(NOURA, RANDOM)[-1].text == "hi"


async def test_a_command_has_nothing_to_replace(slack: SlackSandbox) -> None:
    """replace_original on a command's address adds a message, and the first one stays."""
    url = await command_url(slack)
    await answer(url, text="thinking")
    await answer(url, text="done", replace_original=True)

    assert answers(slack) == ["thinking", "done"]


async def test_a_button_replaces_its_message(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """replace_original changes the card for everybody."""
    card, url = await pressed(slack, api)
    await answer(url, text="gone", replace_original=True)

    now = slack.now(card)
    assert now is not None
    assert (now.text, now.blocks) == ("gone", ())


async def test_a_button_adds_a_message_when_requested(
    slack: SlackSandbox, api: AsyncWebClient
) -> None:
    """With replace_original false the card stays."""
    card, url = await pressed(slack, api)
    await answer(url, text="noted", replace_original=False)

    assert slack.now(card) == card
    assert answers(slack) == ["noted"]


async def test_a_button_that_says_nothing_replaces(
    slack: SlackSandbox, api: AsyncWebClient
) -> None:
    """An answer that says nothing about it replaces the card, so an app should always say it."""
    card, url = await pressed(slack, api)
    await answer(url, text="oops")

    now = slack.now(card)
    assert now is not None
    assert now.text == "oops"


async def test_a_button_deletes_its_message(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """delete_original deletes the card."""
    card, url = await pressed(slack, api)
    await answer(url, delete_original=True)

    assert slack.now(card) is None


async def test_an_ephemeral_card_is_replaced_through_its_address(
    slack: SlackSandbox, api: AsyncWebClient
) -> None:
    """A response_url is the only way to change an ephemeral message."""
    blocks = [actions(button("Go", action_id="go"))]
    await api.chat_postEphemeral(channel=OPS.id, user=SARA.id, text="card", blocks=blocks)
    card = slack.visible(SARA, OPS)[-1]
    interaction = await slack.press(SARA, card, "Go")
    await answer(interaction.response_url, text="done", replace_original=True)

    assert "message" not in interaction.payload
    assert slack.visible(SARA, OPS)[0].text == "done"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "no_text"),
        ({"blocks": [section("x" * 3001)]}, "invalid_blocks"),
        ({"text": "a", "attachments": "no list"}, "invalid_attachments"),
    ],
)
async def test_what_cannot_be_shown_is_refused(
    slack: SlackSandbox, body: dict[str, Any], said: str
) -> None:
    """Invalid content is HTTP 400 with the reason."""
    url = await command_url(slack)
    status, text = await answer(url, **body)

    assert (status, said in text) == (400, True)


async def test_no_json_is_refused(slack: SlackSandbox) -> None:
    """A body that is not JSON is HTTP 400."""
    url = await command_url(slack)
    async with aiohttp.ClientSession() as session, session.post(url, data=b"hi") as response:
        assert response.status == 400

"""Cards: attachments with blocks, and menus in messages."""

from slack_sdk.web.async_client import AsyncWebClient

from kwtsms_sandbox.slack import OPS, SARA, SlackSandbox
from support.blockkit import actions, button, plain_text, section
from support.slack import refusal


async def test_blocks_in_attachments_are_checked_and_pressed(
    slack: SlackSandbox, api: AsyncWebClient
) -> None:
    """The limits of blocks apply in an attachment, and its buttons work."""
    card = {"color": "#2eb67d", "blocks": [section("x" * 3001)]}
    call = api.chat_postMessage(channel=OPS.id, text="a", attachments=[card])
    assert await refusal(call) == "invalid_blocks"

    card = {"color": "#2eb67d", "blocks": [actions(button("Go", action_id="go"))]}
    await api.chat_postMessage(channel=OPS.id, text="a", attachments=[card])
    [message] = slack.visible(SARA, OPS)
    interaction = await slack.press(SARA, message, "Go")
    assert interaction.payload["actions"][0]["action_id"] == "go"


async def test_a_menu_in_a_message_reports_its_state(
    slack: SlackSandbox, api: AsyncWebClient
) -> None:
    """The choice is in the action and in the message's state."""
    option = {"text": plain_text("KWT-SMS"), "value": "kwt"}
    menu = {"type": "static_select", "action_id": "sender", "options": [option]}
    await api.chat_postMessage(channel=OPS.id, text="a", blocks=[actions(menu, block_id="row")])
    [message] = slack.visible(SARA, OPS)
    interaction = await slack.press(SARA, message, "sender", "kwt")

    assert interaction.payload["actions"][0]["selected_option"] == option
    assert interaction.payload["state"]["values"]["row"]["sender"]["selected_option"] == option


async def test_an_update_keeps_the_attachments(slack: SlackSandbox, api: AsyncWebClient) -> None:
    """An update keeps the attachments until others, or none, are given."""
    card = {"color": "#2eb67d", "blocks": [section("card")]}
    sent = await api.chat_postMessage(channel=OPS.id, text="a", attachments=[card])
    place = {"channel": OPS.id, "ts": sent["ts"]}
    await api.chat_update(**place, text="b")
    assert slack.plain(slack.visible(SARA, OPS)[0]) == "b\ncard"

    await api.chat_update(**place, text="b", attachments=[])
    assert slack.plain(slack.visible(SARA, OPS)[0]) == "b"

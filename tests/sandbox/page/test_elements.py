"""Fields, menus and buttons send people's choices to the app as Slack does."""

from typing import Any

import pytest

from kwtsms_sandbox.slack import OPS
from support.blockkit import actions, button, home, modal, plain_text, text_field
from support.browser import Browser
from support.page import Page

pytestmark = pytest.mark.browser


async def post(page: Page, *blocks: dict[str, Any], text: str = "x") -> None:
    """Posts a message of the app."""
    await page.api.chat_postMessage(channel=OPS.id, text=text, blocks=blocks)


def option(name: str) -> dict[str, Any]:
    """Returns an option."""
    return {"text": plain_text(name), "value": name}


def field(block_id: str, **element: Any) -> dict[str, Any]:
    """Returns an input block with this element."""
    element = {"action_id": f"{block_id}_input", **element}
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain_text(block_id),
        "element": element,
    }


FIELDS = [
    field("number", type="number_input", is_decimal_allowed=False, initial_value="7"),
    field("mail", type="email_text_input", initial_value="a@b.example"),
    field("day", type="datepicker", initial_date="2026-01-31"),
    field("hour", type="timepicker", initial_time="21:00"),
    field("long", type="plain_text_input", multiline=True, initial_value="a\nb"),
    field(
        "one", type="static_select", options=[option("a"), option("b")], initial_option=option("b")
    ),
    field("some", type="multi_static_select", options=[option("a"), option("b")]),
    field("boxes", type="checkboxes", options=[option("a")], initial_options=[option("a")]),
    field("radio", type="radio_buttons", options=[option("a"), option("b")]),
    field("who", type="users_select", initial_user="U0000NOURA"),
    field("whom", type="multi_users_select", initial_users=["U0000NOURA"]),
    field("where", type="conversations_select", initial_conversation="C0000000OP"),
]


async def test_every_field_keeps_and_reports_its_value(page: Page, shown: Browser) -> None:
    """Every field reports its initial value or the one that was chosen."""
    values: dict[str, Any] = {}

    @page.bolt.shortcut("send_sms")
    async def start(ack: Any, shortcut: Any, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=shortcut["trigger_id"], view=modal(*FIELDS))

    @page.bolt.view("send_form")
    async def on_submit(ack: Any, view: Any) -> None:
        await ack()
        for block, inside in view["state"]["values"].items():
            values[block] = next(
                value for key, value in inside[f"{block}_input"].items() if key != "type"
            )

    await page.slack.shortcut("sara", "send_sms")
    await shown.until("document.getElementById('modal').open")
    await shown.click("#modal [data-key=some] input")
    await shown.click("#modal [data-key=radio] label:nth-child(2) input")
    await shown.click("#modal-submit")
    await shown.until("!document.getElementById('modal').open")

    reported = {
        name: value["value"] if isinstance(value, dict) else value for name, value in values.items()
    }
    lists = {name: [one["value"] for one in reported.pop(name)] for name in ("some", "boxes")}
    assert lists == {"some": ["a"], "boxes": ["a"]}
    assert reported == {
        "number": "7",
        "mail": "a@b.example",
        "day": "2026-01-31",
        "hour": "21:00",
        "long": "a\nb",
        "one": "b",
        "radio": "b",
        "who": "U0000NOURA",
        "whom": ["U0000NOURA"],
        "where": "C0000000OP",
    }


MENU = {"type": "overflow", "action_id": "use", "options": [option("first"), option("second")]}
SELECT = {
    "type": "static_select",
    "action_id": "use",
    "options": [option("first"), option("second")],
}
CHECKS = {"type": "checkboxes", "action_id": "use", "options": [option("first"), option("second")]}
RADIOS = {
    "type": "radio_buttons",
    "action_id": "use",
    "options": [option("first"), option("second")],
}


@pytest.mark.parametrize(
    ("model", "selectors"),
    [
        pytest.param(MENU, [".menu summary", ".item:nth-child(2)"], id="overflow"),
        pytest.param(SELECT, ["select option:nth-child(3)"], id="select"),
        pytest.param(CHECKS, ["label:nth-child(2) input"], id="checkboxes"),
        pytest.param(RADIOS, ["label:nth-child(2) input"], id="radio"),
    ],
)
async def test_a_choice_in_a_message_reaches_the_app(
    page: Page, shown: Browser, model: dict[str, Any], selectors: list[str]
) -> None:
    """A choice in a message is sent at once, since there is no submit button."""
    chosen: list[str] = []

    @page.bolt.action("use")
    async def use(ack: Any, action: Any) -> None:
        await ack()
        found = action.get("selected_option") or action["selected_options"][0]
        chosen.append(found["value"])

    await post(page, actions(model))
    for css in selectors:
        await shown.click(f".message .blocks {css}")

    await page.slack.until(lambda: chosen == ["second"])


async def test_a_button_in_a_form_reports_what_was_typed(page: Page, shown: Browser) -> None:
    """A button in a form sends the state of the fields that are not yet submitted."""
    reported: list[str] = []

    @page.bolt.shortcut("send_sms")
    async def start(ack: Any, shortcut: Any, client: Any) -> None:
        await ack()
        view = modal(
            text_field("Text", "text"), actions(button("Preview message", action_id="preview"))
        )
        await client.views_open(trigger_id=shortcut["trigger_id"], view=view)

    @page.bolt.action("preview")
    async def preview(ack: Any, body: Any) -> None:
        await ack()
        reported.append(body["view"]["state"]["values"]["text"]["text_input"]["value"])

    await page.slack.shortcut("sara", "send_sms")
    await shown.type("#modal input", "half a sen")
    await shown.click("#modal .actions .button")

    await page.slack.until(lambda: reported == ["half a sen"])


async def test_a_button_on_home_reaches_the_app(page: Page, shown: Browser) -> None:
    """A button on Home reaches the app together with its view."""
    uses: list[str] = []

    @page.bolt.action("go")
    async def use(ack: Any, body: Any) -> None:
        await ack()
        uses.append(body["view"]["type"])

    await page.api.views_publish(
        user_id="U00000SARA", view=home(actions(button("Go", action_id="go")))
    )
    await shown.click("#apps .entry")
    await shown.click("#home .button")

    await page.slack.until(lambda: uses == ["home"])

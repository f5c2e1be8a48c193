"""Buttons, forms and Home in a real browser."""

from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

from kwtsms_sandbox.slack import NOURA, OPS, SARA
from support.blockkit import actions, button, home, modal, plain_text, section, text_field
from support.browser import Browser
from support.page import Page

pytestmark = pytest.mark.browser

ENTER, ESCAPE = Keys.ENTER, Keys.ESCAPE


def open_form_on_command(page: Page, *blocks: dict[str, Any]) -> list[dict[str, Any]]:
    """Makes the app open a form on any command, and returns a list of the submitted values."""
    submitted: list[dict[str, Any]] = []

    @page.bolt.command("/sms")
    async def start(ack: Any, command: Any, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=command["trigger_id"], view=modal(*blocks))

    @page.bolt.view("send_form")
    async def on_submit(ack: Any, view: Any) -> None:
        await ack()
        submitted.append(view["state"]["values"])

    return submitted


async def test_a_button_with_a_question_asks_first(page: Page, shown: Browser) -> None:
    """A button with a confirmation reaches the app only after a yes, and once."""
    uses: list[str] = []

    @page.bolt.action("again")
    async def use(ack: Any, action: Any) -> None:
        await ack()
        uses.append(action["value"])

    confirm = {
        "title": plain_text("Send again"),
        "text": plain_text("It may arrive twice."),
        "confirm": plain_text("Send"),
        "deny": plain_text("Go back"),
    }
    again = button("Send again", action_id="again", value="7", confirm=confirm)
    await page.api.chat_postMessage(channel=OPS.id, text="x", blocks=[actions(again)])
    await shown.click(".message .button")
    await shown.wait_for_text(".ask", "It may arrive twice.")
    await shown.click(".ask .button:not(.primary)")
    await shown.until("!document.querySelector('.ask')")
    assert uses == []
    await shown.click(".message .button")
    await shown.click(".ask .button.primary")

    await page.slack.until(lambda: uses == ["7"])


DROP = {
    "title": plain_text("Drop it"),
    "text": plain_text("For good."),
    "confirm": plain_text("Drop"),
    "deny": plain_text("Keep it"),
}
CHECKED = "return [...document.querySelectorAll('.message input:checked')].map((one) => one.value)"


def choices(kind: str) -> dict[str, Any]:
    """Returns an element with two options, the first of them chosen, that asks to confirm."""
    options = [{"text": plain_text(name), "value": name} for name in ("keep", "drop")]
    element = {"type": kind, "action_id": "pick", "options": options, "confirm": DROP}
    if kind == "checkboxes":
        return element | {"initial_options": options[:1]}
    return element | {"initial_option": options[0]}


async def test_a_choice_that_is_not_confirmed_is_undone(page: Page, shown: Browser) -> None:
    """A choice that is not confirmed puts the menu back to its former value."""
    menu = choices("static_select")
    await page.api.chat_postMessage(channel=OPS.id, text="x", blocks=[actions(menu)])
    await shown.click(".message option[value=drop]")
    await shown.click_words(".ask button", "Keep it")
    await shown.until("!document.querySelector('.ask')")

    assert await shown.run("return document.querySelector('.message select').value") == "keep"


@pytest.mark.parametrize(
    ("kind", "confirmed"), [("radio_buttons", ["drop"]), ("checkboxes", ["keep", "drop"])]
)
async def test_a_mark_that_is_not_confirmed_is_undone(
    page: Page, shown: Browser, kind: str, confirmed: list[str]
) -> None:
    """A radio button or a checkbox asks first, and a no puts the former choice back."""
    uses: list[str] = []

    @page.bolt.action("pick")
    async def pick(ack: Any, action: Any) -> None:
        await ack()
        uses.append(action["action_id"])

    blocks = [actions(choices(kind))]
    await page.api.chat_postMessage(channel=OPS.id, text="x", blocks=blocks)
    await shown.click(".message input[value=drop]")
    await shown.click_words(".ask button", "Keep it")
    await shown.until("!document.querySelector('.ask')")
    assert await shown.run(CHECKED) == ["keep"]
    assert uses == []
    await shown.click(".message input[value=drop]")
    await shown.click_words(".ask button", "Drop")

    await page.slack.until(lambda: uses == ["pick"])
    assert await shown.run(CHECKED) == confirmed


async def test_a_form_begins_in_its_first_field(page: Page, shown: Browser) -> None:
    """The focus is in the first field, and not on the button that closes the form."""
    open_form_on_command(page, text_field("To", "to"), text_field("Text", "text"))
    await shown.type("#composer", "/sms" + ENTER)
    await shown.until("document.getElementById('modal').open")
    await shown.press("96598765432")

    assert await shown.run("return document.querySelector('#modal input').value") == "96598765432"


async def test_a_form_begins_in_the_field_that_the_app_chose(page: Page, shown: Browser) -> None:
    """The focus is in the field with `focus_on_load`, if there is one."""
    text = text_field("Text", "text", focus_on_load=True)
    open_form_on_command(page, text_field("To", "to"), text)
    await shown.type("#composer", "/sms" + ENTER)
    await shown.until("document.getElementById('modal').open")
    await shown.press("hello")
    values = await shown.run(
        "return [...document.querySelectorAll('#modal .input input')].map((one) => one.value)"
    )

    assert values == ["", "hello"]


async def test_a_form_without_a_field_begins_on_its_title(page: Page, shown: Browser) -> None:
    """Nothing that a key would press has the focus, so that a second Enter does not send."""
    submitted = open_form_on_command(page, section("Send it to 6 people"))
    await shown.type("#composer", "/sms" + ENTER)
    await shown.until("document.getElementById('modal').open")
    await shown.press(ENTER)

    assert await shown.run("return document.activeElement.id") == "modal-title"
    assert submitted == []


async def test_a_form_opens_and_is_submitted(page: Page, shown: Browser) -> None:
    """A submitted form sends what was typed, and closes."""
    submitted = open_form_on_command(page, text_field("Text", "text"))
    await shown.type("#composer", "/sms" + ENTER)
    await shown.type("#modal input", "مرحبا")
    await shown.click("#modal-submit")
    await shown.until("!document.getElementById('modal').open")

    assert submitted[0]["text"]["text_input"]["value"] == "مرحبا"


async def test_a_form_says_what_is_wrong_and_keeps_what_was_typed(
    page: Page, shown: Browser
) -> None:
    """An error is shown below its field, and what was typed stays."""
    open_form_on_command(page, text_field("To", "to"), text_field("Text", "text"))
    await shown.type("#composer", "/sms" + ENTER)
    await shown.type("#modal input[id]", "96598765432")
    await shown.click("#modal-submit")

    await shown.wait_for_text("#modal .error", "Please complete this required field.")
    assert await shown.run("return document.querySelector('#modal input').value") == "96598765432"


async def test_a_form_that_changes_keeps_the_caret(page: Page, shown: Browser) -> None:
    """An update of the form while typing changes the preview and keeps the field."""

    def form(preview: str) -> dict[str, Any]:
        field = text_field(
            "Text",
            "text",
            dispatch_action_config={"trigger_actions_on": ["on_character_entered"]},
        )
        return modal(field | {"dispatch_action": True}, section(preview))

    @page.bolt.command("/sms")
    async def start(ack: Any, command: Any, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=command["trigger_id"], view=form("nothing yet"))

    @page.bolt.action("text_input")
    async def preview(ack: Any, body: Any, client: Any) -> None:
        await ack()
        said = body["actions"][0]["value"]
        await client.views_update(view_id=body["view"]["id"], view=form(f"it says {said}"))

    await shown.type("#composer", "/sms" + ENTER)
    await shown.type("#modal input", "hel")
    await shown.wait_for_text("#modal", "it says hel")
    await shown.press("lo")

    await shown.wait_for_text("#modal", "it says hello")


async def test_escape_closes_a_form(page: Page, shown: Browser) -> None:
    """Escape closes the form in the sandbox too."""
    open_form_on_command(page, section("hello"))
    await shown.type("#composer", "/sms" + ENTER)
    await shown.until("document.getElementById('modal').open")
    await shown.press(ESCAPE)
    await shown.until("!document.getElementById('modal').open")

    assert page.slack.modal(SARA) is None


async def test_home_is_a_tab_of_the_app(page: Page, shown: Browser) -> None:
    """Opening the Home tab sends the app its event, and shows what it publishes."""

    @page.bolt.event("app_home_opened")
    async def publish(event: Any, client: Any) -> None:
        await client.views_publish(user_id=event["user"], view=home(section("1,000 credits")))

    await shown.click("#apps .entry")

    await shown.wait_for_text("#home", "1,000 credits")


async def test_a_shortcut_of_a_message_knows_the_message(page: Page, shown: Browser) -> None:
    """A message shortcut in the message's menu gives the app that message."""
    received: list[str] = []

    @page.bolt.shortcut("text_this")
    async def on_shortcut(ack: Any, shortcut: Any) -> None:
        await ack()
        received.append(shortcut["message"]["text"])

    page.slack.say(NOURA, OPS, "text this to Yousef")
    await shown.wait_for_text(".message", "text this")
    await shown.run("document.querySelector('.message .menu summary').focus()")
    await shown.press(ENTER)
    await shown.click(".message .item")

    await page.slack.until(lambda: received == ["text this to Yousef"])

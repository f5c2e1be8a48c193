"""The tour: each step prepares its send, and is marked once its line was sent."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from kwtsms_sandbox.gateway import Fault
from kwtsms_sandbox.http_server import serve
from kwtsms_sandbox.page import Guide, PageServer, Step
from kwtsms_sandbox.slack import ALERTS, GUEST, NOURA, OPS, SARA, YOUSEF
from support.browser import Browser
from support.page import Page, Visitor, news
from support.page_scripts import BEYOND_THE_EDGE, CONTRAST

STEPS = (
    Step(
        step_id="plain",
        title="Plain",
        line="/sms send 1",
        before="Send it.",
        after="It was sent.",
        channel=OPS.id,
    ),
    Step(
        step_id="low",
        title="Low balance",
        line="/sms send 2",
        before="Send the last one.",
        after="Look at #alerts.",
        channel=ALERTS.id,
        person=NOURA.id,
        fault=Fault.RESET_AFTER,
        credits_left=7,
    ),
)
GUIDE = Guide(
    steps=STEPS,
    roles={SARA.id: "sender", YOUSEF.id: "admin"},
    speakers={"en": SARA.id, "ar": NOURA.id},
    arabic={"/sms send 1": "/sms send ١"},
)


@pytest.fixture
async def tour(page: Page) -> AsyncIterator[Page]:
    """A page with a tour."""

    @page.bolt.command("/sms")
    async def reply(ack: Any) -> None:
        await ack()

    server = PageServer(gateway=page.gateway, slack=page.slack, guide=GUIDE)
    async with serve(server.app()) as served:
        yield Page(served.url, page.gateway, page.slack, page.bolt)


@pytest.fixture
async def guest(tour: Page, visitor: Visitor) -> Visitor:
    """A visitor of the page with the tour."""
    return Visitor(tour, visitor.http)


async def test_a_step_sets_credits_and_fault(tour: Page, guest: Visitor) -> None:
    """A step plans its own fault and no other, and sets the credits."""
    tour.gateway.fault("ERR013", endpoint="send")

    assert await guest.act("step", step="low") == (200, None)
    assert [one.fault for one in tour.gateway.faults] == [Fault.RESET_AFTER]
    assert tour.gateway.balance() == 7


async def test_a_step_without_a_fault_clears_them(tour: Page, guest: Visitor) -> None:
    """A step that is to succeed clears the planned faults, and leaves the credits."""
    tour.gateway.fault("ERR013", endpoint="send")

    assert await guest.act("step", step="plain") == (200, None)
    assert list(tour.gateway.faults) == []
    assert tour.gateway.balance() == 1000


async def test_an_unknown_step_is_refused(guest: Visitor) -> None:
    """A step that the page does not offer is refused."""
    assert await guest.act("step", step="x") == (400, "step: expected one that the page offers")


@pytest.mark.parametrize("line", ["/sms send 1", "/sms send ١"])
async def test_a_step_is_done_in_either_language(tour: Page, guest: Visitor, line: str) -> None:
    """A step is done for everybody once its line was sent, in English or in Arabic."""
    async with guest.listening(YOUSEF) as socket:
        before = (await news(socket))[0]["done"]
        await tour.slack.command(SARA, OPS, "/sms", line.removeprefix("/sms "))
        updates: list[dict[str, Any]] = []
        while not any("done" in one for one in updates):
            updates += await news(socket)

    assert before == []
    assert [one["done"] for one in updates if "done" in one] == [["plain"]]


async def test_every_person_shows_role_and_language(guest: Visitor) -> None:
    """A person shows the role that the app gave, else what they are in the workspace."""
    people = {one["id"]: one for one in (await guest.everything())["people"]}
    shown = {
        who.id: (people[who.id]["standing"], people[who.id]["language"])
        for who in (SARA, NOURA, YOUSEF, GUEST)
    }

    assert shown == {
        SARA.id: ("sender", "en"),
        NOURA.id: ("", "ar"),
        YOUSEF.id: ("admin", "en"),
        GUEST.id: ("guest", "en"),
    }


@pytest.mark.browser
async def test_a_step_prepares_its_line(tour: Page, browser: Browser) -> None:
    """A step opens its channel as its person, and types its line without sending it."""
    await browser.open(tour.url)
    await browser.click("[data-focus=low]")
    await browser.until("document.activeElement.value === '/sms send 2'")
    await browser.wait_for_text("#people [aria-pressed=true]", NOURA.real_name)

    assert await browser.text("#room-name") == "#alerts"
    assert await browser.text("#step-words") == "Send the last one."
    assert await browser.text("#credits") == "7"
    assert await browser.count(".typed") == 0


@pytest.mark.browser
async def test_a_step_that_was_sent_is_marked(tour: Page, browser: Browser) -> None:
    """A sent step is marked and explained, and the next one is pointed to."""
    await browser.open(tour.url)
    await browser.click("[data-focus=plain]")
    await browser.until("document.activeElement.value === '/sms send 1'")
    await browser.press("\ue007")

    await browser.wait_for_text("#step-words", "It was sent.")
    assert await browser.count("[data-focus=plain] .mark.done") == 1
    assert await browser.count("[data-focus=low].next") == 1


@pytest.mark.browser
async def test_the_tour_can_be_hidden(tour: Page, browser: Browser) -> None:
    """The tour makes room for the chat, and a page without steps has none."""
    await browser.open(tour.url)
    await browser.until("!document.getElementById('tour').hidden")
    await browser.click("#hide-tour")
    assert await browser.run("return document.getElementById('tour').hidden") is True
    assert await browser.run("return document.activeElement.id") == "composer"


@pytest.mark.browser
async def test_a_page_without_steps_has_no_tour(shown: Browser) -> None:
    """Without steps, nothing of the tour is shown."""
    assert await shown.run("return document.getElementById('tour').hidden") is True


@pytest.mark.browser
@pytest.mark.parametrize("language", ["en", "ar"])
async def test_a_narrow_tour_needs_no_scrolling_sideways(
    tour: Page, browser: Browser, language: str
) -> None:
    """On a phone's width the tour fits, in both languages; only its steps scroll by themselves."""
    await browser.open(f"{tour.url}/#lang={language}", width=360, height=740)
    await browser.until("document.querySelector('#steps .step')")

    assert await browser.run("return document.documentElement.scrollWidth") == 360
    assert await browser.run(BEYOND_THE_EDGE) == []


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_tour_has_enough_contrast(tour: Page, browser: Browser, scheme: str) -> None:
    """The texts of a done, a current and a coming step have enough contrast."""
    await tour.slack.command(SARA, OPS, "/sms", "send 1")
    await browser.set_color_scheme(scheme)
    await browser.open(tour.url)
    await browser.until("document.querySelector('#steps .mark.done')")

    assert await browser.run(CONTRAST) == []


@pytest.mark.browser
async def test_the_tour_is_used_by_keyboard(tour: Page, browser: Browser) -> None:
    """A step is begun with the keyboard alone, and is named and marked for a screen reader."""
    await browser.open(tour.url)
    await browser.until("document.querySelector('#steps .step')")
    await browser.run("document.querySelector('[data-focus=plain]').focus()")
    await browser.press("\ue007")
    await browser.until("document.activeElement.value === '/sms send 1'")

    assert await browser.text("[aria-current=step]") == "1\nPlain"
    assert await browser.run("return document.getElementById('tour').ariaLabel") == "Tour"

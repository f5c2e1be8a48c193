"""The phones and the gateway's log in a real browser."""

import pytest
from selenium.webdriver.common.keys import Keys

from support.browser import Browser
from support.gateway import ABROAD, KUWAIT, KUWAIT_2, Caller

pytestmark = pytest.mark.browser


async def test_an_arabic_message_runs_from_right_to_left(shown: Browser, caller: Caller) -> None:
    """An Arabic message is laid out from right to left, an English one from left to right."""
    await caller.send(KUWAIT, "مرحبا، تم إيقاف الخادم. Backup at 10:30")
    await shown.wait_for_text(".bubble", "مرحبا")
    assert await shown.style(".bubble", "direction") == "rtl"
    assert await shown.text("#sender") == "MY-APP"

    await caller.send(KUWAIT_2, "Backup failed")
    await shown.wait_for_text(".bubble", "Backup failed")
    assert await shown.style(".bubble", "direction") == "ltr"


async def test_each_number_has_a_phone(shown: Browser, caller: Caller) -> None:
    """The newest number's phone is shown; the arrow keys lead to the others."""
    await caller.send(KUWAIT, "one")
    await caller.send(ABROAD, "two")
    await shown.wait_for_text(".bubble", "two")
    await shown.click("#numbers [aria-selected=true]")
    await shown.press(Keys.ARROW_LEFT)

    await shown.wait_for_text(".bubble", "one")
    assert await shown.text("#numbers [aria-selected=true]") == "+965 9876 5432"


async def test_credits_and_log_follow_a_send(shown: Browser, caller: Caller) -> None:
    """A send updates the credits, the log and its price."""
    await caller.send(KUWAIT, "x" * 161)
    await shown.wait_for_text("#log tr", "965•••••432")

    await shown.wait_for_text("#credits", "998")
    await shown.wait_for_text("#log .chip", "OK")
    assert await shown.text("#log .credits") == "2"


async def test_a_fault_is_chosen(shown: Browser, caller: Caller) -> None:
    """A chosen fault stays selected until a send has met it."""
    await shown.click("#bad-day option[value=ERR013]")
    await shown.until("document.querySelector('#bad-day.set')")
    await caller.send(KUWAIT)
    await shown.wait_for_text("#log .chip", "ERR013")

    await shown.until("document.getElementById('bad-day').value === ''")

"""The page's words exist in both languages, and its layout follows the language."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from kwtsms_bot.commands.router import COMMANDS
from kwtsms_bot.demo.tour import STEPS, guide
from kwtsms_sandbox.gateway.codes import CODES
from kwtsms_sandbox.gateway.fault_plan import BEFORE, Fault
from kwtsms_sandbox.http_server import serve
from kwtsms_sandbox.page import COMMANDS as SUGGESTED
from kwtsms_sandbox.page import Guide, PageServer
from kwtsms_sandbox.page.server import STATIC
from kwtsms_sandbox.page.suggestions import FAULT_OPTIONS, FAULT_TEXTS, fault_label
from kwtsms_sandbox.slack import NOURA, SARA
from support.browser import Browser
from support.gateway import KUWAIT, Caller
from support.page import Page

STRING = r'"(?:[^"\\]|\\.)*"'
CALL = re.compile(rf"\bt\(\s*({STRING})")
COUNTED = re.compile(rf"\bplural\([^,]+,\s*{STRING},\s*({STRING})")
# Texts that are chosen from data rather than written in a call.
DATA = {
    "admin", "sender", "guest", "partner", "online", "offline",
    "test", "stuck", "queued", "deleted",
    "The bot didn't answer within 3 seconds.",
    "The bot isn't connected, so Slack couldn't reach it.",
    "The demo doesn't answer. Check that it's still running.",
    "This message is not there any more.", "This form is not open any more.",
    "The bot doesn't accept alerts now.", "The bot didn't accept the alert.",
    "No tool sends alerts here.",
    *(option.words for option in FAULT_OPTIONS),
    *FAULT_TEXTS.values(), *map(fault_label, Fault),
    *(code.description for code in CODES.values()),
    *(hint.about for hint in SUGGESTED),
}  # fmt: skip
CATEGORIES = {"zero", "one", "two", "few", "many", "other"}
ARABIC_LETTER = re.compile("[\u0621-\u064a]")


class MarkedTexts(HTMLParser):
    """Collects the title, the marked texts and the names for screen readers of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: set[str] = set()
        self._is_marked = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes the element's name, and whether its text is marked."""
        found = dict(attrs)
        self._is_marked = tag == "title" or "data-t" in found
        if found.get("aria-label"):
            self.texts.add(str(found["aria-label"]))

    def handle_data(self, data: str) -> None:
        """Notes a marked text."""
        if self._is_marked and data.strip():
            self.texts.add(data.strip())
        self._is_marked = False


def scripts() -> Iterator[str]:
    """Yields the page's scripts, without the catalogue."""
    for file in sorted(STATIC.glob("*.js")):
        if file.name != "arabic.js":
            yield file.read_text()


def used_texts() -> set[str]:
    """Returns all English texts of the page."""
    marked = MarkedTexts()
    marked.feed((STATIC / "index.html").read_text())
    called = {json.loads(text) for script in scripts() for text in CALL.findall(script)}
    return marked.texts | called | DATA


def catalogue(name: str) -> dict[str, str | dict[str, str]]:
    """Returns a table of the catalogue, which is JSON but for comments and trailing commas."""
    source = (STATIC / "arabic.js").read_text()
    table = source.partition(f"export const {name} = ")[2].partition("\n};")[0] + "\n}"
    table = re.sub(r"^\s*//.*$", "", table, flags=re.MULTILINE)
    found: dict[str, str | dict[str, str]] = json.loads(re.sub(r",(\s*})", r"\1", table))
    return found


def test_every_text_has_an_arabic_one() -> None:
    """The catalogue has exactly the texts of the page."""
    assert set(catalogue("ARABIC")) == used_texts()


def test_every_count_has_six_arabic_forms() -> None:
    """A text with a count has one form for each of CLDR's plural categories of Arabic."""
    used = {json.loads(text) for script in scripts() for text in COUNTED.findall(script)}
    forms = catalogue("ARABIC_COUNTS")

    assert set(forms) == used
    assert {text: set(found) for text, found in forms.items()} == dict.fromkeys(used, CATEGORIES)


def test_arabic_texts_keep_their_placeholders() -> None:
    """An Arabic text has the placeholders of the English one."""
    changed = {
        english
        for english, arabic in catalogue("ARABIC").items()
        if sorted(re.findall(r"\{\w+\}", english)) != sorted(re.findall(r"\{\w+\}", str(arabic)))
    }

    assert changed == set()


def test_every_fault_has_words() -> None:
    """The log explains each fault; only rejections are explained by their code."""
    assert set(FAULT_TEXTS) == set(Fault) - {Fault.CODE}
    assert {fault for fault in FAULT_TEXTS if fault_label(fault) == "not accepted"} == BEFORE - {
        Fault.CODE
    }


def test_the_tour_and_the_commands_are_arabic_too() -> None:
    """Each text of the tour, and each command's summary, has its Arabic."""
    shown = guide("/sms", COMMANDS, "en")
    texts = [text for step in STEPS for text in (step.title.en, step.before.en, step.after.en)]
    texts += [step.line for step in shown.steps if " send " in step.line]
    texts += [one.about for one in shown.commands]

    assert [text for text in texts if not ARABIC_LETTER.search(shown.arabic[text])] == []


@pytest.mark.browser
async def test_an_arabic_page_runs_from_right_to_left(page: Page, browser: Browser) -> None:
    """An Arabic page begins as its speaker, in Arabic and from right to left."""
    arabic = Guide(language="ar", speakers={"en": SARA.id, "ar": NOURA.id})
    server = PageServer(gateway=page.gateway, slack=page.slack, guide=arabic)
    async with serve(server.app()) as served:
        await browser.open(served.url)
        await browser.wait_for_text("#people [aria-pressed=true]", NOURA.real_name)

        assert await browser.run("return document.documentElement.dir") == "rtl"
        assert await browser.text("#slack h3") == "التطبيقات"
        assert await browser.style("#composer", "direction") == "rtl"
        phone = await browser.run("return document.getElementById('phones').offsetLeft")
        assert phone < await browser.run("return document.getElementById('slack').offsetLeft")
        assert browser.console_errors() == []


@pytest.mark.browser
async def test_the_language_can_be_switched(shown: Browser) -> None:
    """One click shows the page in Arabic, and another one in English again."""
    await shown.click("#language")
    await shown.wait_for_text("#top-up", "إضافة 100 نقطة")
    await shown.until("document.querySelector('#channels .entry')")
    await shown.click("#language")

    await shown.wait_for_text("#top-up", "Add 100 credits")
    assert await shown.run("return document.documentElement.dir") == "ltr"


@pytest.mark.browser
async def test_counts_are_arabic_too(page: Page, browser: Browser, caller: Caller) -> None:
    """A count has the form that fits it: two pages are a dual."""
    await caller.send(KUWAIT, "x" * 161)
    await browser.open(f"{page.url}/#lang=ar")

    await browser.wait_for_text(".sms .about", "صفحتان")
    await browser.wait_for_text("#log .what", "161 حرفًا")

"""A headless Chromium for tests: Debian's, driven by selenium. Waits are driven by page changes.

The browser has no profile, checks for no updates and reaches only loopback. Without Chromium its
tests are skipped with a reason; with CI=true they fail.
"""

import asyncio
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium.common.exceptions import TimeoutException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By

from support.slack import no_proxy

SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--disable-quic",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
SECONDS = 8.0

# Resolves as soon as the expression is true; it is evaluated again on every change of the page.
_UNTIL = """
const [holds, seconds, ...rest] = [...arguments], done = rest.at(-1);
const look = () => { try { return %s; } catch (error) { return null; } };
const watch = new MutationObserver(check);
const timer = setTimeout(() => finish(["never"]), seconds * 1000);
function finish(answer) { watch.disconnect(); clearTimeout(timer); done(answer); }
function check() { const value = look(); if (value) finish(["yes", value]); }
watch.observe(document, {
  childList: true, subtree: true, attributes: true, characterData: true
});
document.addEventListener("scroll", check, true);
check();
"""


class Browser:
    """A person's actions on a page; async, so that the server in this loop can respond."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    async def open(self, url: str, *, width: int = 1360, height: int = 860) -> None:
        """Opens a URL in a window of this size."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await self._cdp("Emulation.setDeviceMetricsOverride", metrics)
        await asyncio.to_thread(self.driver.get, url)

    async def set_color_scheme(self, scheme: str) -> None:
        """Sets the preferred color scheme, "dark" or "light"."""
        feature = {"name": "prefers-color-scheme", "value": scheme}
        await self._cdp("Emulation.setEmulatedMedia", {"features": [feature]})

    async def run(self, script: str, *args: Any) -> Any:
        """Runs a script and returns its result."""
        return await asyncio.to_thread(self.driver.execute_script, script, *args)

    async def until(self, expression: str, *, timeout: float = SECONDS) -> Any:  # noqa: ASYNC109
        """Waits until a JavaScript expression is true; returns its value."""
        script = _UNTIL % f"({expression})"
        try:
            answer = await asyncio.to_thread(
                self.driver.execute_async_script, script, expression, timeout
            )
        except TimeoutException:
            answer = ["never"]
        assert answer[0] == "yes", f"never true on the page: {expression}"
        return answer[1]

    async def wait_for_text(self, css: str, words: str) -> None:
        """Waits until an element that matches `css` contains these words."""
        await self.until(
            f"[...document.querySelectorAll({css!r})]"
            f".some((one) => one.innerText.includes({words!r}))"
        )

    async def text(self, css: str) -> str:
        """The text of the first element that matches `css`."""
        return str(await self.until(f"document.querySelector({css!r})?.innerText"))

    async def count(self, css: str) -> int:
        """The number of elements that match `css`."""
        return int(await self.run("return document.querySelectorAll(arguments[0]).length", css))

    async def style(self, css: str, name: str) -> str:
        """A computed style of the first element that matches `css`."""
        script = "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
        return str(await self.run(script, css, name))

    async def click(self, css: str) -> None:
        """Clicks the first element that matches `css`, once it exists."""
        await self.until(f"document.querySelector({css!r})")
        await asyncio.to_thread(lambda: self.driver.find_element(By.CSS_SELECTOR, css).click())

    async def click_words(self, css: str, words: str) -> None:
        """Clicks, by mouse, the first element that matches `css` and has exactly this text."""
        find = f"[...document.querySelectorAll({css!r})].find((one) => one.innerText === {words!r})"
        element = await self.until(find)
        await asyncio.to_thread(element.click)

    async def type(self, css: str, keys: str) -> None:
        """Types into the first element that matches `css`, key by key."""
        await self.until(f"document.querySelector({css!r})")
        await asyncio.to_thread(
            lambda: self.driver.find_element(By.CSS_SELECTOR, css).send_keys(keys)
        )

    async def press(self, keys: str) -> None:
        """Presses keys wherever the focus is."""
        await asyncio.to_thread(lambda: self.driver.switch_to.active_element.send_keys(keys))

    async def save_screenshot(self, file: Path) -> None:
        """Saves a screenshot."""
        await asyncio.to_thread(self.driver.save_screenshot, str(file))

    def console_errors(self) -> list[str]:
        """The warnings and errors in the console since the last call."""
        return [
            str(entry["message"])
            for entry in self.driver.get_log("browser")  # type: ignore[no-untyped-call]
            if entry["level"] in ("WARNING", "SEVERE")
        ]

    async def _cdp(self, command: str, arguments: dict[str, Any]) -> None:
        await asyncio.to_thread(self.driver.execute_cdp_cmd, command, arguments)


@contextmanager
def launch(profile: Path) -> Iterator[Chrome]:
    """Launches a browser for the duration of the block; `profile` is an empty folder.

    Raises:
        FileNotFoundError: there is no Chromium, or no driver for it.
    """
    binary, driver_binary = shutil.which("chromium"), shutil.which("chromedriver")
    if not binary or not driver_binary:
        raise FileNotFoundError("Chromium and its driver are missing: make browser")
    options = ChromeOptions()
    options.binary_location = binary
    for switch in (*SWITCHES, f"--user-data-dir={profile}"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with no_proxy():
        driver = Chrome(options, ChromeService(driver_binary))
        try:
            driver.set_script_timeout(SECONDS * 2)
            yield driver
        finally:
            driver.quit()


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """One browser for all tests, with an empty profile."""
    with ExitStack() as stack:
        try:
            driver = stack.enter_context(launch(tmp_path_factory.mktemp("chromium")))
        except FileNotFoundError as missing:
            reason = str(missing)
            pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
        yield driver


@pytest.fixture
def browser(chromium: Chrome) -> Iterator[Browser]:
    """The browser with default settings; resets it after the test."""
    opened = Browser(chromium)
    opened.console_errors()
    yield opened
    chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    chromium.get("about:blank")

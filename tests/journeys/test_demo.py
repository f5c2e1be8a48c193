"""`kwtsms-bridge demo`: its address, its languages, and each step of its tour."""

import asyncio
import json
import os
import signal
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from kwtsms_bot.commands.router import COMMANDS
from kwtsms_bot.demo.environment import LocalEnvironment
from kwtsms_bot.demo.tour import APPROVE_CREDITS, STEPS, config_overrides, guide
from kwtsms_sandbox.http_server import serve
from kwtsms_sandbox.page import PageServer
from kwtsms_sandbox.slack import ALERTS, NOURA, OPS, SARA, YOUSEF, Message, User
from support.bot import local_env, wait_for_text
from support.browser import Browser, browser, chromium
from support.forked import ENVIRONMENT, fork_command

__all__ = ["browser", "chromium"]
ENTER = "\ue007"  # WebDriver's code of the key.


@asynccontextmanager
async def demo_process(*options: str, **variables: str) -> AsyncIterator[asyncio.StreamReader]:
    """Runs the demo for the duration of the block; gives its output."""
    process = await fork_command(
        *("demo", *options),
        folder=Path.cwd(),
        env={**ENVIRONMENT, **variables},
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout
    try:
        yield process.stdout
    finally:
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), timeout=20) == 0


async def address(output: asyncio.StreamReader) -> str:
    """Reads the demo's output up to the page's address."""
    async with asyncio.timeout(20):
        async for line in output:
            if line.strip().startswith(b"http"):
                return line.decode().strip()
    raise AssertionError("the demo printed no address")


async def content(url: str) -> str:
    """Returns the page at a URL."""
    async with ClientSession(trust_env=False) as http, http.get(url) as response:
        return await response.text()


async def test_the_address_has_a_line_of_its_own() -> None:
    """The printed address is that of the page, which is in English unless asked otherwise."""
    async with demo_process() as output:
        page = await content(await address(output))

    assert '<html lang="en">' in page


async def test_open_opens_the_page_in_the_browser(tmp_path: Path) -> None:
    """`--open` gives the user's browser the printed address, and `--language ar` an Arabic page."""
    opened, program = tmp_path / "opened", tmp_path / "browser"
    os.mkfifo(opened)
    program.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    options = ("--open", "--language", "ar")
    async with demo_process(*options, BROWSER=f"{program} %s") as output:
        printed = await address(output)
        url = await asyncio.wait_for(asyncio.to_thread(opened.read_text), timeout=20)
        page = await content(url.strip())

    assert url.strip() == printed
    assert '<html lang="ar" dir="rtl">' in page


async def test_without_a_browser_the_address_is_left_to_the_user() -> None:
    """Where no browser can be started, `--open` says so, and the demo runs on."""
    async with demo_process("--open", BROWSER="/nowhere/browser") as output:
        await address(output)
        rest = await asyncio.wait_for(output.readuntil(b"yourself."), timeout=20)

    assert b"Can't open a browser." in rest


async def test_a_scripted_demo_speaks_arabic() -> None:
    """With `--language ar` a scripted command is Noura's, who reads Arabic."""
    process = await fork_command(
        *("demo", "--language", "ar", "--json"),
        *("--exec", "/sms send 98765432 مرحبا"),
        folder=Path.cwd(),
        env=ENVIRONMENT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), timeout=60)
    result = json.loads(output)

    assert "أُرسلت" in result["replies"][0]
    assert [sms["text"] for sms in result["phone"]] == ["مرحبا"]


@asynccontextmanager
async def demo_environment(folder: Path) -> AsyncIterator[LocalEnvironment]:
    """The demo's bot, with its roles, limits and phone book."""
    async with local_env(folder, **config_overrides("en")) as env:
        yield env


async def type_step(env: LocalEnvironment, step_id: str, person: User = SARA) -> None:
    """Prepares the gateway for a step, and types its line in the person's language."""
    step = next(one for one in STEPS if one.step_id == step_id)
    if step.fault:
        env.gateway.fault(step.fault, endpoint="send")
    if step.credits_left is not None:
        env.gateway.set_credits(step.credits_left)
    line = step.line("/sms")
    text = line.ar if person is NOURA else line.en
    await env.slack.command(person, OPS, "/sms", text.removeprefix("/sms "))


def newest(env: LocalEnvironment, person: User) -> Message | None:
    """The last message that a person sees in #ops."""
    return next(reversed(env.slack.visible(person, OPS)), None)


@pytest.mark.parametrize("author", [SARA, NOURA], ids=["English", "Arabic"])
async def test_the_approval_needs_yousef(tmp_path: Path, author: User) -> None:
    """The text to all branches costs 24 credits, and Yousef's approval sends it."""
    async with demo_environment(tmp_path) as env:
        await type_step(env, "approval", author)
        preview = await env.slack.until(lambda: newest(env, author))
        await env.slack.press(author, preview, "send_confirm")
        request = await env.slack.until(lambda: newest(env, YOUSEF))
        await env.slack.press(YOUSEF, request, "send_approve")
        await env.gateway.until(lambda: bool(env.gateway.ledger))

        assert [entry.points for entry in env.gateway.ledger] == [24]
        assert APPROVE_CREDITS <= 24


@pytest.mark.parametrize("step_id", ["send", "arabic", "lost-answer"])
async def test_a_step_reaches_its_phone(tmp_path: Path, step_id: str) -> None:
    """A step without a preview is sent as soon as its line is."""
    async with demo_environment(tmp_path) as env:
        await type_step(env, step_id)
        await env.gateway.until(lambda: bool(env.gateway.ledger))

        assert [entry.points for entry in env.gateway.ledger] == [1]


async def test_emoji_bring_a_preview(tmp_path: Path) -> None:
    """The step with an emoji sends nothing before it is confirmed."""
    async with demo_environment(tmp_path) as env:
        await type_step(env, "emoji")
        preview = await env.slack.until(lambda: newest(env, SARA))
        assert env.gateway.ledger == []
        await env.slack.press(SARA, preview, "send_confirm")
        await env.gateway.until(lambda: bool(env.gateway.ledger))

        assert [entry.points for entry in env.gateway.ledger] == [1]


async def test_the_low_balance_is_posted_to_alerts(tmp_path: Path) -> None:
    """The step that spends the 200th credit brings a warning in #alerts."""
    async with demo_environment(tmp_path) as env:
        await type_step(env, "low-balance")

        assert await wait_for_text(env, "199 credits left", where=ALERTS)


@pytest.mark.browser
async def test_the_tour_leads_through_the_demo(tmp_path: Path, browser: Browser) -> None:
    """The first two steps: Sara sends in English, then Noura in Arabic, and both arrive."""
    async with demo_environment(tmp_path) as env:
        shown: dict[str, Any] = {"gateway": env.gateway, "slack": env.slack}
        server = PageServer(**shown, guide=guide("/sms", COMMANDS, "en"))
        async with serve(server.app()) as served:
            await browser.open(served.url)
            for step, words in (("send", "Your order is ready"), ("arabic", "تم تأكيد موعدك")):
                await browser.click(f"[data-focus={step}]")
                await browser.until(f"document.activeElement.value?.includes('{words}')")
                await browser.press(ENTER)
                await browser.wait_for_text("#thread .bubble", words)

            await browser.wait_for_text("#people [aria-pressed=true]", "العربية")
            assert await browser.count("#steps .mark.done") == 2
            assert browser.console_errors() == []

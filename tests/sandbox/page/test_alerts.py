"""The panel for alerts asks the app's tools, and shows what they can't do."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest
from aiohttp import ClientSession

from kwtsms_sandbox.http_server import serve
from kwtsms_sandbox.page import AlertButton, AlertsNotSent, Guide, PageServer, Step
from kwtsms_sandbox.slack import OPS
from support.browser import Browser
from support.page import Page, Visitor

BUTTONS = (AlertButton("grafana", "Grafana"), AlertButton("native", "A script"))
STORM = Step(
    step_id="storm", title="Storm", line="/sms x", before="", after="", channel=OPS.id,
    starts_storm=True,
)  # fmt: skip


@dataclass
class RecordingTools:
    """Tools that record what they were asked to do; with `refuses`, the app accepts nothing."""

    refuses: bool = False
    asked: list[str] = field(default_factory=list)

    async def fire(self, kind: str) -> None:
        """Records the kind."""
        self._record(kind)

    def start_storm(self) -> None:
        """Records a storm."""
        self._record("storm")

    async def resolve_all(self) -> None:
        """Records the end."""
        self._record("end")

    def _record(self, what: str) -> None:
        if self.refuses:
            raise AlertsNotSent("The bot didn't accept the alert.")
        self.asked.append(what)


@pytest.fixture
def tools() -> RecordingTools:
    """Tools that every alert is accepted of."""
    return RecordingTools()


@pytest.fixture
async def panel(page: Page, tools: RecordingTools) -> AsyncIterator[Visitor]:
    """A visitor of a page with a panel for alerts."""
    server = PageServer(
        gateway=page.gateway,
        slack=page.slack,
        guide=Guide(alerts=BUTTONS, steps=[STORM]),
        alert_tools=tools,
    )
    async with serve(server.app()) as served, ClientSession(trust_env=False) as http:
        yield Visitor(replace(page, url=served.url), http)


async def test_each_button_asks_for_its_alerts(panel: Visitor, tools: RecordingTools) -> None:
    """A sample, a storm, the step of the tour, and the end of all."""
    answers = [
        await panel.act("alert", kind="native"),
        await panel.act("storm"),
        await panel.act("step", step="storm"),
        await panel.act("resolve-alerts"),
    ]

    assert answers == [(200, None)] * 4
    assert tools.asked == ["native", "storm", "storm", "end"]


async def test_only_offered_kinds_are_sent(panel: Visitor, tools: RecordingTools) -> None:
    """Another kind is refused."""
    assert await panel.act("alert", kind="zabbix") == (
        400,
        "kind: expected one that the page offers",
    )
    assert tools.asked == []


async def test_an_alert_that_is_not_accepted_is_reported(
    panel: Visitor, tools: RecordingTools
) -> None:
    """The page says so in words."""
    tools.refuses = True

    assert await panel.act("alert", kind="grafana") == (409, "The bot didn't accept the alert.")


async def test_without_tools_there_are_no_alerts(visitor: Visitor) -> None:
    """A page of an app without alerts refuses them."""
    assert await visitor.act("storm") == (409, "No tool sends alerts here.")


@pytest.mark.browser
async def test_the_panel_has_a_button_for_each_tool(
    panel: Visitor, tools: RecordingTools, browser: Browser
) -> None:
    """A click on a tool's button sends its alert, and an error is shown."""
    await browser.open(panel.page.url)
    await browser.until("document.querySelector('[data-alert=native]')")
    await browser.click("[data-alert=native]")
    await browser.click("#storm")
    await browser.until("!document.getElementById('storm').disabled")

    assert tools.asked == ["native", "storm"]
    assert await browser.count("#alert-samples button") == len(BUTTONS)
    assert browser.console_errors() == []


@pytest.mark.browser
async def test_without_tools_there_is_no_panel(shown: Browser) -> None:
    """The panel is hidden where no tool sends alerts."""
    assert await shown.style("#alerts", "display") == "none"

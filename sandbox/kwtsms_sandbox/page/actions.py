"""Carries out in the sandbox what a person does on the page. Checks no permissions."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kwtsms_sandbox.page.alert_tools import AlertToolsOfPage
from kwtsms_sandbox.page.suggestions import FAULT_OPTIONS
from kwtsms_sandbox.page.view_model import ViewModel
from kwtsms_sandbox.slack import Interaction, Message, NotPossible, User, View
from kwtsms_sandbox.slack.user_actions import find_element, label

MAX_LINE = 8_000  # Characters typed at once.
MAX_WORD = 300
TOP_UP = Decimal(100)

Blocks = Iterable[Mapping[str, Any]]


class InvalidActionError(ValueError):
    """Action request that is not of the form that the page sends."""


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """User and fields of an action; each field is checked where it is read."""

    view_model: ViewModel
    me: User
    fields: Mapping[str, Any]
    alert_tools: AlertToolsOfPage | None = None

    def text(self, name: str, *, most: int = MAX_WORD) -> str:
        """Returns a required string."""
        value = self.fields.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= most:
            raise InvalidActionError(f"{name}: expected 1 to {most} characters")
        return value

    def values(self) -> Mapping[str, Any]:
        """Returns the values typed into a form, by block id."""
        value = self.fields.get("values", {})
        if not isinstance(value, dict):
            raise InvalidActionError("values: expected an object")
        return value

    def tools(self) -> AlertToolsOfPage:
        """Returns the tools that send alerts."""
        if self.alert_tools is None:
            raise NotPossible("No tool sends alerts here.")
        return self.alert_tools

    def message(self) -> Message:
        """Returns the message that the request names."""
        found = self.view_model.slack.space.timeline.find(self.text("channel"), self.text("ts"))
        if found is None:
            raise NotPossible("This message is not there any more.")
        return found

    def view(self) -> View:
        """Returns the form or Home view that the request names."""
        found = self.view_model.slack.space.modals.find(self.text("view"))
        if found is None:
            raise NotPossible("This form is not open any more.")
        return found


Action = Callable[[ActionRequest], Awaitable[Interaction | None]]


async def enter_line(request: ActionRequest) -> Interaction | None:
    """Enters a line: a command if it begins with a slash, else a message to the channel."""
    slack, line, channel = (
        request.view_model.slack,
        request.text("line", most=MAX_LINE),
        request.text("channel"),
    )
    if not line.startswith("/"):
        slack.say(request.me, channel, line)
        return None
    name, _, text = line.partition(" ")
    if name not in request.view_model.guide.slash_commands:
        raise NotPossible(f"{name} is not a valid command.")
    return await slack.command(request.me, channel, name, text)


async def press(request: ActionRequest) -> Interaction | None:
    """Presses a button, or chooses from a menu."""
    slack, value = request.view_model.slack, request.fields.get("value")
    block_id, action_id = request.text("block_id"), request.text("action_id")
    if "view" not in request.fields:
        message = request.message()
        wanted = element_reference(message.all_blocks, block_id, action_id)
        return await slack.press(request.me, message, wanted, value)
    view = slack.enter(request.me, request.view(), request.values())
    return await slack.press(
        request.me, view, element_reference(view.blocks, block_id, action_id), value
    )


def element_reference(blocks: Blocks, block_id: str, action_id: str) -> str:
    """Returns a name by which `find_element` finds exactly this element: id, value or label."""
    blocks = list(blocks)
    own = [block for block in blocks if block["block_id"] == block_id]
    block, element = find_element(own, action_id)
    for word in (action_id, element.get("value"), label(element)):
        if word and find_element(blocks, word) == (block, element):
            return str(word)
    raise NotPossible("Two elements here have the same names: the sandbox cannot tell them apart.")


async def submit(request: ActionRequest) -> Interaction | None:
    """Submits a form; errors that Slack's own window reports are kept in the form."""
    view = request.view()
    try:
        return await request.view_model.slack.submit(request.me, view, request.values())
    except NotPossible:
        now = request.view_model.slack.space.modals.find(view.id)
        if now is None or not now.errors:
            raise
    return None


async def close(request: ActionRequest) -> Interaction | None:
    """Closes the form on top."""
    return await request.view_model.slack.close(request.me, request.view())


async def open_home(request: ActionRequest) -> Interaction | None:
    """Opens the app's Home tab."""
    return await request.view_model.slack.open_home(request.me)


async def run_shortcut(request: ActionRequest) -> Interaction | None:
    """Runs a shortcut from the composer or from a message's menu."""
    message = request.message() if "ts" in request.fields else None
    return await request.view_model.slack.shortcut(request.me, request.text("callback_id"), message)


async def plan_fault(request: ActionRequest) -> None:
    """Plans this fault, and no other, for the next send."""
    fault = request.text("fault")
    if fault not in {option.fault for option in FAULT_OPTIONS}:
        raise InvalidActionError("fault: expected one that the page offers")
    request.view_model.gateway.faults.clear()
    request.view_model.gateway.fault(fault, endpoint="send")


async def clear_faults(request: ActionRequest) -> None:
    """Removes the planned faults."""
    request.view_model.gateway.faults.clear()
    request.view_model.gateway.configure()  # publishes a change, so that every page updates


async def prepare_step(request: ActionRequest) -> None:
    """Prepares the gateway for a step of the tour: its fault and its credits, and no other."""
    wanted, gateway = request.text("step"), request.view_model.gateway
    step = next((one for one in request.view_model.guide.steps if one.step_id == wanted), None)
    if step is None:
        raise InvalidActionError("step: expected one that the page offers")
    await clear_faults(request)
    if step.fault:
        gateway.fault(step.fault, endpoint="send")
    if step.credits_left is not None:
        gateway.set_credits(step.credits_left)
    if step.starts_storm:
        request.tools().start_storm()


async def top_up(request: ActionRequest) -> None:
    """Adds credits to the gateway's account."""
    request.view_model.gateway.top_up(TOP_UP)


async def send_alert(request: ActionRequest) -> None:
    """Sends a new alert as a tool of this kind would."""
    kind = request.text("kind")
    if kind not in {button.kind for button in request.view_model.guide.alerts}:
        raise InvalidActionError("kind: expected one that the page offers")
    await request.tools().fire(kind)


async def start_storm(request: ActionRequest) -> None:
    """Begins a storm of alerts."""
    request.tools().start_storm()


async def resolve_alerts(request: ActionRequest) -> None:
    """Ends every alert that was sent."""
    await request.tools().resolve_all()


ACTIONS: Mapping[str, Action] = {
    "write": enter_line,
    "press": press,
    "submit": submit,
    "close": close,
    "home": open_home,
    "shortcut": run_shortcut,
    "bad-day": plan_fault,
    "mend": clear_faults,
    "top-up": top_up,
    "step": prepare_step,
    "alert": send_alert,
    "storm": start_storm,
    "resolve-alerts": resolve_alerts,
}

"""What a person does on the page, done in the sandbox. Reads one order, judges no permission."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kwtsms_sandbox.slack import CannotDo, Interaction, Message, User, View
from kwtsms_sandbox.slack.hands import find_element, label

from .offers import BAD_DAYS
from .scene import Scene

MAX_LINE = 8_000  # Characters typed at once.
MAX_WORD = 300
TOP_UP = Decimal(100)

Blocks = Iterable[Mapping[str, Any]]


class BadOrderError(ValueError):
    """The order is not of the form that the page sends."""


@dataclass(frozen=True, slots=True)
class Order:
    """Who does it, and with what: each field is read once, where it is needed."""

    scene: Scene
    me: User
    fields: Mapping[str, Any]

    def text(self, name: str, *, most: int = MAX_WORD) -> str:
        """A string that must be there."""
        value = self.fields.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= most:
            raise BadOrderError(f"{name}: expected 1 to {most} characters")
        return value

    def values(self) -> Mapping[str, Any]:
        """What was typed into a form, by block id."""
        value = self.fields.get("values", {})
        if not isinstance(value, dict):
            raise BadOrderError("values: expected an object")
        return value

    def message(self) -> Message:
        """The message that is meant."""
        found = self.scene.slack.space.timeline.find(self.text("channel"), self.text("ts"))
        if found is None:
            raise CannotDo("This message is not there any more.")
        return found

    def view(self) -> View:
        """The form or Home view that is meant."""
        found = self.scene.slack.space.modals.find(self.text("view"))
        if found is None:
            raise CannotDo("This form is not open any more.")
        return found


Act = Callable[[Order], Awaitable[Interaction | None]]


async def write(order: Order) -> Interaction | None:
    """Enters a line: a command if it begins with a slash, else words for everybody there."""
    slack, line, channel = (
        order.scene.slack,
        order.text("line", most=MAX_LINE),
        order.text("channel"),
    )
    if not line.startswith("/"):
        slack.say(order.me, channel, line)
        return None
    name, _, text = line.partition(" ")
    if name not in order.scene.slashes:
        raise CannotDo(f"{name} is not a valid command.")
    return await slack.command(order.me, channel, name, text)


async def press(order: Order) -> Interaction | None:
    """Presses a button, or chooses in a menu."""
    slack, value = order.scene.slack, order.fields.get("value")
    block_id, action_id = order.text("block_id"), order.text("action_id")
    if "view" not in order.fields:
        message = order.message()
        wanted = handle(message.all_blocks, block_id, action_id)
        return await slack.press(order.me, message, wanted, value)
    view = slack.enter(order.me, order.view(), order.values())
    return await slack.press(order.me, view, handle(view.blocks, block_id, action_id), value)


def handle(blocks: Blocks, block_id: str, action_id: str) -> str:
    """By which word the sandbox's hands find this very element: its id, its value or its label."""
    blocks = list(blocks)
    own = [block for block in blocks if block["block_id"] == block_id]
    block, element = find_element(own, action_id)
    for word in (action_id, element.get("value"), label(element)):
        if word and find_element(blocks, word) == (block, element):
            return str(word)
    raise CannotDo("Two elements here have the same names: the sandbox cannot tell them apart.")


async def submit(order: Order) -> Interaction | None:
    """Submits a form; what its own window complains about stands in the form afterwards."""
    view = order.view()
    try:
        return await order.scene.slack.submit(order.me, view, order.values())
    except CannotDo:
        now = order.scene.slack.space.modals.find(view.id)
        if now is None or not now.errors:
            raise
    return None


async def close(order: Order) -> Interaction | None:
    """Closes the form on top."""
    return await order.scene.slack.close(order.me, order.view())


async def home(order: Order) -> Interaction | None:
    """Opens the app's Home tab."""
    return await order.scene.slack.open_home(order.me)


async def shortcut(order: Order) -> Interaction | None:
    """Takes a shortcut, of the composer's or of a message's menu."""
    message = order.message() if "ts" in order.fields else None
    return await order.scene.slack.shortcut(order.me, order.text("callback_id"), message)


async def bad_day(order: Order) -> None:
    """Lets the next send go wrong, in this way and no other."""
    fault = order.text("fault")
    if fault not in {day.fault for day in BAD_DAYS}:
        raise BadOrderError("fault: expected one that the page offers")
    order.scene.gateway.faults.clear()
    order.scene.gateway.fault(fault, endpoint="send")


async def mend(order: Order) -> None:
    """Takes back what was to go wrong."""
    order.scene.gateway.faults.clear()
    order.scene.gateway.turn()  # Which tells everybody that something changed.


async def top_up(order: Order) -> None:
    """Buys credits."""
    order.scene.gateway.top_up(TOP_UP)


ACTS: Mapping[str, Act] = {
    "write": write,
    "press": press,
    "submit": submit,
    "close": close,
    "home": home,
    "shortcut": shortcut,
    "bad-day": bad_day,
    "mend": mend,
    "top-up": top_up,
}

"""Ids that Slack keeps are written once, and every button that the bot renders has a handler."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from slack_bolt.listener.async_listener import AsyncListener
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from kwtsms_bot.background import BackgroundTasks
from kwtsms_bot.commands import action_ids
from kwtsms_bot.commands.actions import table
from kwtsms_bot.slack import ids as slack_ids
from kwtsms_bot.slack.listeners import SlackListeners, build_app
from kwtsms_bot.slack.users import SlackUserDirectory
from support.command_testbed import CommandTestbed, command_testbed
from support.slack import web_client

ROOT = Path(__file__).parents[3] / "bot" / "kwtsms_bot"
RENDERERS = ("Button", "button", "overflow")  # Each gets the action id first.


def constants(module: ModuleType) -> dict[str, str]:
    """The ids of a module, by their names."""
    return {name: value for name, value in vars(module).items() if name.isupper()}


IDS = constants(action_ids) | constants(slack_ids)
FILES = sorted(
    file
    for file in ROOT.rglob("*.py")
    if str(file) not in (action_ids.__file__, slack_ids.__file__)
)


def nodes(file: Path) -> Iterator[ast.AST]:
    """The parsed nodes of a source file."""
    yield from ast.walk(ast.parse(file.read_text()))


def rendered() -> Iterator[str]:
    """The action id that each button gets in the sources, as an expression."""
    for file in FILES:
        for node in nodes(file):
            if isinstance(node, ast.Call) and node.args:
                called = ast.unparse(node.func).rpartition(".")[2]
                if called in RENDERERS:
                    yield re.sub(r"^(action_)?ids\.", "", ast.unparse(node.args[0]))


# The renderer of a reply's buttons passes on the id that a `Button` was given.
BUTTONS = sorted(set(rendered()) - {"item.action"})


def test_an_id_is_written_once() -> None:
    """No module but the two with the ids contains one, and no two names have the same id."""
    written = [
        f"{file.relative_to(ROOT)}: {node.value}"
        for file in FILES
        for node in nodes(file)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value in IDS.values()
    ]

    assert written == []
    assert len(set(IDS.values())) == len(constants(action_ids)) + len(constants(slack_ids))


def test_commands_have_a_handler_for_each_of_their_ids() -> None:
    """The send form is Slack's; every other id of a reply or card is in the table."""
    assert set(table.HANDLERS) == set(constants(action_ids).values()) - {action_ids.OPEN_FORM}


def test_buttons_are_found() -> None:
    """Every id of the commands is rendered somewhere, and so are those of Slack's own buttons."""
    own = {"HOME_SEND", "HOME_REFRESH", "FORM_PLAINER", "MESSAGE_MENU"}

    assert set(BUTTONS) == set(constants(action_ids)) | own


@pytest.mark.parametrize("name", BUTTONS)
async def test_a_button_that_is_rendered_has_a_handler(tmp_path: Path, name: str) -> None:
    """A press reaches a listener of its own, and not the one for whatever has none."""
    async with command_testbed(tmp_path) as testbed:
        found = await listener_of(testbed, IDS[name])
        without_handler = await listener_of(testbed, "unheard_of")

    assert found != without_handler


async def listener_of(testbed: CommandTestbed, action: str) -> int:
    """The position of the first listener that Bolt finds for a pressed button."""
    body = {"type": "block_actions", "actions": [{"type": "button", "action_id": action}]}
    request = AsyncBoltRequest(body=body, mode="socket_mode")
    for position, listener in enumerate(await registered(testbed)):
        if await listener.async_matches(req=request, resp=BoltResponse(status=200)):
            return position
    raise AssertionError(f"no listener: {action}")


async def registered(testbed: CommandTestbed) -> list[AsyncListener]:
    """The listeners of the bot's own Bolt app, in the order in which it asks them."""
    client, tasks = web_client(testbed.slack), BackgroundTasks()
    directory = SlackUserDirectory(client, (), tasks=tasks)
    listeners = SlackListeners(testbed.context, directory, client)
    app = build_app(listeners, tasks, client=client, identity=await client.auth_test())
    return app._async_listeners

"""Small blocks as plain dicts and as built by slackblocks, which knows Slack's limits."""

from collections.abc import Callable
from typing import Any

import pytest
import slackblocks as sb

from support.blockkit import actions, plain_text

Make = Callable[[int], Any]
Limit = tuple[str, int, Make, Make]
"""A name, the limit, and both builders."""


def letters(count: int) -> str:
    """A text of this length."""
    return "x" * count


def option(text: int = 1, value: int = 1, description: int = 1) -> dict[str, Any]:
    """A choice with texts of these lengths."""
    return {
        "text": plain_text(letters(text)),
        "value": letters(value),
        "description": plain_text(letters(description)),
    }


def sb_option(text: int = 1, value: int = 1, description: int = 1) -> sb.Option:
    """A choice in slackblocks."""
    return sb.Option(
        text=sb.PlainText(letters(text)),
        value=letters(value),
        description=sb.PlainText(letters(description)),
    )


def confirm(title: int = 1, text: int = 1, yes: int = 1) -> dict[str, Any]:
    """A confirm dialog with texts of these lengths."""
    return {
        "title": plain_text(letters(title)),
        "text": plain_text(letters(text)),
        "confirm": plain_text(letters(yes)),
        "deny": plain_text("no"),
    }


def sb_confirm(title: int = 1, text: int = 1, yes: int = 1) -> sb.ConfirmationDialogue:
    """A confirm dialog in slackblocks."""
    return sb.ConfirmationDialogue(
        title=letters(title), text=letters(text), confirm=letters(yes), deny="no"
    )


def sb_button(text: str = "a", **fields: Any) -> sb.ActionsBlock:
    """A row with one button in slackblocks."""
    return sb.ActionsBlock(elements=[sb.Button(text=text, action_id="a", **fields)])


def menu(*options: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A row with one menu."""
    return actions({"type": "static_select", "action_id": "a", "options": list(options), **fields})


def sb_menu(*options: sb.Option, placeholder: str = "a") -> sb.ActionsBlock:
    """A row with one menu in slackblocks."""
    select = sb.StaticSelectMenu(action_id="a", placeholder=placeholder, options=list(options))
    return sb.ActionsBlock(elements=[select])


def cells(rows: int, columns: int) -> dict[str, Any]:
    """A table of this size."""
    cell = {"type": "raw_text", "text": "x"}
    return {"type": "table", "rows": [[cell] * columns] * rows}


def sb_cells(rows: int, columns: int) -> sb.TableBlock:
    """A table in slackblocks."""
    return sb.TableBlock(rows=[[sb.RawText("x")] * columns for _ in range(rows)])


def accepted(make: Make, size: int) -> bool:
    """Whether slackblocks accepts a block of this size."""
    try:
        make(size)
    except sb.InvalidUsageError:
        return False
    return True


def row(table: list[Limit]) -> pytest.MarkDecorator:
    """Parametrizes a test with each limit and one more."""
    cases = [
        pytest.param(ours, theirs, size, size == limit, id=f"{name} {size}")
        for name, limit, ours, theirs in table
        for size in (limit, limit + 1)
    ]
    return pytest.mark.parametrize(("ours", "theirs", "size", "fits"), cases)

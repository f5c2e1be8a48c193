"""Checks whether Slack would accept blocks and views. Renders and repairs nothing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from kwtsms_sandbox.slack.blocks.layout import LAYOUT
from kwtsms_sandbox.slack.blocks.objects import plain
from kwtsms_sandbox.slack.blocks.recent import RECENT
from kwtsms_sandbox.slack.blocks.rules import (
    anything,
    boolean,
    by_type,
    list_of,
    problem,
    shape,
    string,
)

BLOCKS = {**LAYOUT, **RECENT}

_EVERYWHERE = "actions card context divider header image input rich_text section video"
SURFACES: Mapping[str, frozenset[str]] = {
    "message": frozenset(BLOCKS) - {"alert"},
    "modal": frozenset({*_EVERYWHERE.split(), "alert"}),
    # Sources disagree about tables, containers and data on Home: they are refused here.
    "home": frozenset(_EVERYWHERE.split()),
}
"""Block types that each surface accepts."""

MAX_BLOCKS = {"message": 50, "modal": 100, "home": 100}
MAX_MARKDOWN = 12_000  # Together, in one message.
MAX_CHARTS = 2
MAX_TABLE_TEXT = 20_000  # Together, in all data tables of a message.
MAX_VIEW_BYTES = 250_000

_VIEW = {
    "blocks": anything,
    "private_metadata": string(3000),
    "callback_id": string(255),
    "external_id": string(255),
}
_MODAL = shape(
    {"title": plain(24), "blocks": anything},
    {
        **_VIEW,
        "submit": plain(24),
        "close": plain(24),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
    },
)
_HOME = shape({"blocks": anything}, _VIEW)


def check(blocks: Any, surface: str = "message", *, at: str = "/blocks") -> list[str]:
    """Returns what Slack would reject in these blocks on this surface; [] if it accepts them."""
    known = {kind: BLOCKS[kind] for kind in SURFACES[surface]}
    found = list(list_of(by_type(known), most=MAX_BLOCKS[surface])(blocks, at))
    return found or [line for rule in _COMBINED_RULES for line in rule(blocks, at)]


def check_view(view: Any) -> list[str]:
    """Returns what Slack would reject in this modal or Home view; [] if it accepts it."""
    kind = view.get("type") if isinstance(view, Mapping) else None
    if kind not in ("modal", "home"):
        return [problem("must be one of modal, home", "/view/type")]
    found = list((_MODAL if kind == "modal" else _HOME)(view, "/view"))
    found += check(view.get("blocks", []), kind, at="/view/blocks")
    if kind == "modal" and not found:
        found += _missing_submit(view)
    return found


def _missing_submit(view: Mapping[str, Any]) -> Iterator[str]:
    if "submit" not in view and any(block["type"] == "input" for block in view["blocks"]):
        yield problem("submit is required when an input block is used", "/view/submit")


Blocks = Sequence[Mapping[str, Any]]


def _repeated_ids(blocks: Blocks, at: str) -> Iterator[str]:
    yield from _repeated(blocks, "block_id", at)
    for index, block in enumerate(blocks):
        if block["type"] == "actions":
            yield from _repeated(block["elements"], "action_id", f"{at}/{index}/elements")


def _repeated(items: Blocks, name: str, at: str) -> Iterator[str]:
    found: set[str] = set()
    for index, item in enumerate(items):
        one = item.get(name)
        if one and one in found:
            yield problem(f"duplicate {name}: {one}", f"{at}/{index}/{name}")
        found.add(one or "")


def _several_in_focus(blocks: Blocks, at: str) -> Iterator[str]:
    elements = [e for block in blocks for e in (block.get("element"), *_parts(block)) if e]
    if sum(bool(element.get("focus_on_load")) for element in elements) > 1:
        yield problem("only one element may have focus_on_load", at)


def _parts(block: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return block["elements"] if block["type"] == "actions" else ()


def _uneven_rows(blocks: Blocks, at: str) -> Iterator[str]:
    for index, block in enumerate(blocks):
        if len({len(row) for row in block.get("rows", ())}) > 1:
            yield problem("all rows must have the same number of cells", f"{at}/{index}/rows")


def _exceeded_totals(blocks: Blocks, at: str) -> Iterator[str]:
    markdown = sum(len(block["text"]) for block in blocks if block["type"] == "markdown")
    if markdown > MAX_MARKDOWN:
        yield problem(f"markdown must be less than {MAX_MARKDOWN + 1} characters together", at)
    if sum(block["type"] == "data_visualization" for block in blocks) > MAX_CHARTS:
        yield problem(f"no more than {MAX_CHARTS} charts allowed", at)
    tables = [block["rows"] for block in blocks if block["type"] == "data_table"]
    if _characters(tables) > MAX_TABLE_TEXT:
        yield problem(f"tables must be less than {MAX_TABLE_TEXT + 1} characters together", at)


def _characters(cells: Any) -> int:
    if isinstance(cells, Mapping):
        own = cells["text"] if isinstance(cells.get("text"), str) else ""
        return len(own) + _characters(cells.get("elements", ()))
    return sum(map(_characters, cells))


_COMBINED_RULES: tuple[Callable[[Blocks, str], Iterator[str]], ...] = (
    _repeated_ids,
    _several_in_focus,
    _uneven_rows,
    _exceeded_totals,
)

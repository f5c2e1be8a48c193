"""Whether Slack would take these blocks. Draws nothing and repairs nothing."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .layout import BLOCKS, SURFACES
from .objects import plain
from .rules import anything, by_type, flag, listed, problem, shape, string

MAX_BLOCKS = {"message": 50, "modal": 100, "home": 100}
MAX_MARKDOWN = 12_000  # Together, in one message.
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
        "clear_on_close": flag,
        "notify_on_close": flag,
        "submit_disabled": flag,
    },
)
_HOME = shape({"blocks": anything}, _VIEW)


def check(blocks: Any, surface: str = "message", *, at: str = "/blocks") -> list[str]:
    """What Slack would refuse about these blocks on this surface; [] if it takes them."""
    known = {kind: BLOCKS[kind] for kind in SURFACES[surface]}
    found = list(listed(by_type(known), most=MAX_BLOCKS[surface])(blocks, at))
    return found or [*_repeated_ids(blocks, at), *_too_much_markdown(blocks, at)]


def check_view(view: Any) -> list[str]:
    """Everything that Slack would refuse about this modal or Home view."""
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


def _repeated_ids(blocks: Sequence[Mapping[str, Any]], at: str) -> Iterator[str]:
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        block_id = block.get("block_id")
        if block_id and block_id in seen:
            yield problem(f"duplicate block_id: {block_id}", f"{at}/{index}/block_id")
        seen.add(block_id or "")
        yield from _repeated_actions(block, f"{at}/{index}")


def _repeated_actions(block: Mapping[str, Any], at: str) -> Iterator[str]:
    seen: set[str] = set()
    for index, element in enumerate(block.get("elements", ())):
        action_id = element.get("action_id")
        if action_id and action_id in seen:
            yield problem(f"duplicate action_id: {action_id}", f"{at}/elements/{index}/action_id")
        seen.add(action_id or "")


def _too_much_markdown(blocks: Sequence[Mapping[str, Any]], at: str) -> Iterator[str]:
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > MAX_MARKDOWN:
        yield problem(f"markdown text must be less than {MAX_MARKDOWN + 1} characters together", at)

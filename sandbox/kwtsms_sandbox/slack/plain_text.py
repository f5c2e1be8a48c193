"""Renders a message or a view as plain lines, as a person would read it aloud. Pure."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kwtsms_sandbox.slack.messages import Message
from kwtsms_sandbox.slack.models import Json
from kwtsms_sandbox.slack.mrkdwn import Names, emoji, readable
from kwtsms_sandbox.slack.plain_rich_text import inline, rich_lines
from kwtsms_sandbox.slack.view_state import is_fillable
from kwtsms_sandbox.slack.views import View

RULE = "─" * 24


def plain(shown: Message | View, names: Names | None = None) -> str:
    """Returns the whole message or view; blocks replace the text, as in Slack."""
    called = names or {}
    if isinstance(shown, View):
        return "\n".join(_view_lines(shown, called))
    lines = blocks_lines(shown.blocks, called) if shown.blocks else [readable(shown.text, called)]
    lines += [_attachment(one, called) for one in shown.attachments]
    lines += [f"[file {file}]" for file in shown.files]
    return "\n".join(line.rstrip() for line in lines if line is not None).strip("\n")


def blocks_lines(blocks: tuple[Json, ...], names: Names) -> list[str]:
    """Returns the lines of these blocks."""
    lines: list[str] = []
    for block in blocks:
        draw = _BLOCKS.get(block["type"], _unknown)
        lines += draw(block, names)
    return lines


def words(text: Json | None, names: Names) -> str:
    """Returns a text object as a person reads it."""
    if not text:
        return ""
    if text["type"] == "plain_text":
        written = str(text["text"])
        return emoji(written) if text.get("emoji", True) else written
    return readable(str(text["text"]), names)


def _view_lines(view: View, names: Names) -> Iterator[str]:
    if view.title:
        yield f"# {emoji(view.title)}"
    if view.error_text:
        yield f"! {view.error_text}"
    for block in view.blocks:
        yield from _BLOCKS.get(block["type"], _unknown)(_filled(block, view), names)
        if error := view.errors.get(block["block_id"]):
            yield f"! {error}"
    ends = [view.body.get(name) for name in ("close", "submit")]
    if any(ends):
        yield "  ".join(f"[{words(end, names)}]" for end in ends if end)


def _filled(block: Json, view: View) -> Json:
    """Returns the block with the value of its field, ready to be rendered."""
    element = block.get("element")
    if not element:
        return block
    return {**block, "state": view.values[block["block_id"]][element["action_id"]]}


def _header(block: Json, names: Names) -> list[str]:
    return [words(block["text"], names)]


def _section(block: Json, names: Names) -> list[str]:
    lines = words(block.get("text"), names).split("\n") if block.get("text") else []
    lines += [_field(field, names) for field in block.get("fields", ())]
    accessory = block.get("accessory")
    if accessory and accessory["type"] != "image":
        lines.append(element_text(accessory, names))
    return lines


def _field(field: Json, names: Names) -> str:
    """Returns a field on one line; a name above its value becomes "name: value"."""
    first, _, rest = words(field, names).partition("\n")
    return f"{first.rstrip(':')}: {rest}" if rest else first


def _context(block: Json, names: Names) -> list[str]:
    parts = [
        f"({one['alt_text']})" if one["type"] == "image" else words(one, names)
        for one in block["elements"]
    ]
    return " · ".join(parts).split("\n")


def _actions(block: Json, names: Names) -> list[str]:
    return ["  ".join(element_text(element, names) for element in block["elements"])]


def element_text(element: Json, names: Names) -> str:
    """Returns an interactive element in square brackets."""
    kind = element["type"]
    if kind in ("checkboxes", "radio_buttons"):
        return "  ".join(f"( ) {words(option['text'], names)}" for option in element["options"])
    if kind == "overflow":
        return f"[⋯ {' | '.join(words(option['text'], names) for option in element['options'])}]"
    label = words(element.get("text") or element.get("placeholder"), names)
    return f"[{label} ▾]" if is_fillable(element) else f"[{label}]"


def _input(block: Json, names: Names) -> list[str]:
    value = _field_text(block.get("state", {}), names)
    hint = words(block["element"].get("placeholder"), names)
    lines = [f"{words(block['label'], names)}: {value or (f'‹{hint}›' if hint else '‹empty›')}"]
    if block.get("hint"):
        lines.append(f"  {words(block['hint'], names)}")
    return lines


def _field_text(state: Json, names: Names) -> str:
    values = [value for key, value in state.items() if key != "type" and value]
    if not values:
        return ""
    many = values[0] if isinstance(values[0], list) else [values[0]]
    return ", ".join(_choice(one, names) for one in many)


def _choice(value: Any, names: Names) -> str:
    if isinstance(value, Mapping) and "text" in value:
        return words(value["text"], names)
    return names.get(str(value), str(value))


def _rich(block: Json, names: Names) -> list[str]:
    return list(rich_lines(block, names))


def _image(block: Json, names: Names) -> list[str]:
    return [f"[image: {words(block.get('title'), names) or block['alt_text']}]"]


def _divider(block: Json, names: Names) -> list[str]:  # noqa: ARG001  renderers are called alike
    return [RULE]


def _markdown(block: Json, names: Names) -> list[str]:  # noqa: ARG001  the same
    return emoji(str(block["text"])).replace("**", "").split("\n")


def _alert(block: Json, names: Names) -> list[str]:
    return [f"! {words(block['text'], names)}"]


def _card(block: Json, names: Names) -> list[str]:
    parts = ("title", "subtitle", "body", "subtext")
    lines = [words(block[part], names) for part in parts if block.get(part)]
    buttons = [element_text(button, names) for button in block.get("actions", ())]
    return [*lines, "  ".join(buttons)] if buttons else lines


def _table(block: Json, names: Names) -> list[str]:
    rows = [[_cell(cell, names) for cell in row] for row in block["rows"]]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]


def _cell(cell: Json, names: Names) -> str:
    if cell["type"] == "rich_text":
        return " ".join(rich_lines(cell, names))
    return str(cell.get("text") or cell.get("value"))


def _attachment(attachment: Json, names: Names) -> str:
    if attachment.get("blocks"):
        return "\n".join(blocks_lines(attachment["blocks"], names))
    return readable(str(attachment.get("text") or attachment.get("fallback") or ""), names)


def _unknown(block: Json, names: Names) -> list[str]:  # noqa: ARG001  the same
    return [f"[{block['type']}]"]


_BLOCKS: Mapping[str, Callable[[Json, Names], list[str]]] = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "input": _input,
    "rich_text": _rich,
    "image": _image,
    "divider": _divider,
    "markdown": _markdown,
    "alert": _alert,
    "card": _card,
    "table": _table,
}

__all__ = ["Names", "inline", "plain"]

"""Changes values in the text of config.yaml, and nothing else: comments and layout stay.

A change is made only if the edited text reads as the old one does with that change; whatever is
written in a way that this module does not handle is refused. Reads and writes no file.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from kwtsms_bot.config.errors import format_path

INDENT = 2
# Line breaks for YAML, though not for JSON.
_BREAKS = {ord(char): f"\\u{ord(char):04x}" for char in "\x85\u2028\u2029"}
_PLAIN = re.compile(r"[A-Za-z$][\w${}./:@+-]*", re.ASCII)


class NotEditable(Exception):
    """The text cannot be changed safely; it says what a person should write instead."""


@dataclass(frozen=True, slots=True)
class SetValue:
    """Sets a key to a value, whatever it was."""

    path: tuple[str, ...]
    value: str | tuple[str, ...]

    def apply(self, current: Any) -> Any:  # noqa: ARG002 - As for AddItems.
        """The value after the change."""
        return list(self.value) if isinstance(self.value, tuple) else self.value


@dataclass(frozen=True, slots=True)
class AddItems:
    """Adds items to a list, those that it lacks."""

    path: tuple[str, ...]
    items: tuple[str, ...]

    def apply(self, current: Any) -> Any:
        """The value after the change."""
        present = list(current) if isinstance(current, list) else []
        return [*present, *self.missing(present)]

    def missing(self, present: Sequence[Any]) -> tuple[str, ...]:
        """The items that are not there yet, each once."""
        return tuple(one for one in dict.fromkeys(self.items) if one not in present)


Edit = SetValue | AddItems


def read_value(text: str, path: Iterable[str]) -> Any:
    """Returns the value at `path` as it is written, without variables; None if there is none.

    Raises:
        NotEditable: the text is not YAML.
    """
    value = _parse(text)
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Returns the text with the changes made, one after the other.

    Raises:
        NotEditable: a change cannot be made safely.
    """
    for edit in edits:
        text = _apply(text, edit)
    return text


def _apply(text: str, edit: Edit) -> str:
    before = _parse(text)
    after = _changed(before, edit)
    if after == before:
        return text
    newline = "\r\n" if "\r\n" in text else "\n"
    changed = _edit_text(text.replace("\r\n", "\n"), edit)
    try:
        verified = changed is not None and _parse(changed) == after
    except NotEditable:
        verified = False
    if changed is None or not verified:
        value = after
        for part in edit.path:
            value = value[part]
        raise NotEditable(f"Write {format_path(edit.path)} yourself: {_render(value)}")
    return changed.replace("\n", newline)


def _parse(text: str) -> Any:
    try:
        value = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1} is" if mark else "it is"
        raise NotEditable(f"Fix the file first: {where} not YAML.") from error
    if not isinstance(value, dict | None):
        raise NotEditable("Fix the file first: it has no sections.")
    return value or {}


def _changed(data: Mapping[str, Any], edit: Edit) -> dict[str, Any]:
    """The data with the change made."""
    changed = dict(data)
    section = changed
    for part in edit.path[:-1]:
        below = section.get(part)
        section[part] = dict(below) if isinstance(below, dict) else {}
        section = section[part]
    section[edit.path[-1]] = edit.apply(section.get(edit.path[-1]))
    return changed


def _edit_text(text: str, edit: Edit) -> str | None:
    """The text with the change made; None if it is written in a way that is not handled."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    line: tuple[yaml.Node, yaml.Node] | None = None  # The last key on the path, with its value.
    for depth, part in enumerate(edit.path):
        if not isinstance(node, yaml.MappingNode):
            return _fill_empty(text, line, edit, depth)
        line = next((pair for pair in node.value if pair[0].value == part), None)
        if line is None:
            return _add_key(text, node, edit, depth)
        node = line[1]
    if line is None:
        return None
    return _replace_value(text, line[1], edit)


def _replace_value(text: str, node: yaml.Node, edit: Edit) -> str | None:
    begin, end = node.start_mark.index, node.end_mark.index
    if isinstance(node, yaml.SequenceNode) and isinstance(edit, AddItems):
        missing = edit.missing([one.value for one in node.value])
        return _extend(text, node, missing) if node.value else _splice(text, begin, end, missing)
    if isinstance(node, yaml.MappingNode) or begin == end:
        return None if begin != end else _splice(text, begin, end, _wanted(edit), before=" ")
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        return None
    return _splice(text, begin, end, _wanted(edit))


def _extend(text: str, node: yaml.SequenceNode, items: Iterable[str]) -> str:
    """Adds items after the last one, in the style of the list."""
    last = node.value[-1].end_mark.index
    if node.flow_style:
        return _splice_text(text, last, last, "".join(f", {_render(one)}" for one in items))
    at = _line_end(text, last)
    indent = " " * node.start_mark.column
    return _splice_text(text, at, at, "".join(f"\n{indent}- {_render(one)}" for one in items))


def _fill_empty(
    text: str, line: tuple[yaml.Node, yaml.Node] | None, edit: Edit, depth: int
) -> str | None:
    """Writes the first keys of a section that is empty, or of a file that is."""
    if line is None:
        return _append_line(text, _render_keys(edit, depth, 0)) if not _parse(text) else None
    key, value = line
    if value.start_mark.index != value.end_mark.index:
        return None
    at = _line_end(text, key.end_mark.index)
    block = _render_keys(edit, depth, key.start_mark.column + INDENT)
    return _splice_text(text, at, at, "\n" + block)


def _add_key(text: str, node: yaml.MappingNode, edit: Edit, depth: int) -> str | None:
    """Adds the missing rest of the path to a section."""
    if node.flow_style:
        if depth < len(edit.path) - 1:
            return None
        entry = f"{edit.path[depth]}: {_render(_wanted(edit))}"
        if not node.value:
            return _splice_text(text, node.start_mark.index, node.end_mark.index, f"{{{entry}}}")
        last = node.value[-1][1].end_mark.index
        return _splice_text(text, last, last, f", {entry}")
    column = node.value[0][0].start_mark.column
    block = _render_keys(edit, depth, column)
    commented = _commented_default(text, node, edit.path[depth], column)
    if commented is not None and depth == len(edit.path) - 1:
        return _splice_text(text, *commented, block)
    if depth == 0:
        return _append_line(text, ("\n" if text.strip() else "") + block)
    at = _line_end(text, _last_leaf(node).end_mark.index)
    return _splice_text(text, at, at, "\n" + block)


def _commented_default(
    text: str, node: yaml.MappingNode, key: str, column: int
) -> tuple[int, int] | None:
    """Where a section has this key as a comment, such as `# api_url: …`."""
    first = node.value[0][0].start_mark.index
    after = re.compile(rf"^ {{0,{max(column - 1, 0)}}}[^\s#]", re.MULTILINE).search(text, first)
    end = after.start() if after and column else len(text)
    found = re.compile(rf"^ {{{column}}}# {re.escape(key)}:.*$", re.MULTILINE).search(
        text, first, end
    )
    return found.span() if found else None


def _last_leaf(node: yaml.Node) -> yaml.Node:
    """The last value below a node that is written on lines of its own."""
    if not isinstance(node, yaml.CollectionNode) or node.flow_style or not node.value:
        return node
    last = node.value[-1]
    return _last_leaf(last[1] if isinstance(last, tuple) else last)


def _render_keys(edit: Edit, depth: int, column: int) -> str:
    """The keys of the path from `depth` on, each on its line, with the value."""
    *parents, key = edit.path[depth:]
    lines = [
        f"{' ' * (column + INDENT * number)}{part}:" for number, part in enumerate((*parents, key))
    ]
    return "\n".join(lines) + f" {_render(_wanted(edit))}"


def _wanted(edit: Edit) -> str | tuple[str, ...]:
    return edit.value if isinstance(edit, SetValue) else edit.missing(())


def _render(value: Any) -> str:
    """A text or a list of texts as YAML on one line."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_render, value))}]"
    text = str(value)
    is_plain = (
        _PLAIN.fullmatch(text) and not text.endswith(":") and "{" not in text.replace("${", "")
    )
    return text if is_plain and yaml.safe_load(text) == text else _quote(text)


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).translate(_BREAKS)


def _splice(
    text: str, begin: int, end: int, value: str | tuple[str, ...], *, before: str = ""
) -> str:
    return _splice_text(text, begin, end, before + _render(value))


def _splice_text(text: str, begin: int, end: int, new: str) -> str:
    return text[:begin] + new + text[end:]


def _append_line(text: str, line: str) -> str:
    return f"{text}{'' if text.endswith(chr(10)) or not text else chr(10)}{line}\n"


def _line_end(text: str, index: int) -> int:
    """The end of the line that `index` is on; of the line before, if `index` is at its start."""
    if index and text[index - 1 : index] == "\n":
        return index - 1
    found = text.find("\n", index)
    return len(text) if found < 0 else found


def describe(edits: Iterable[Edit]) -> Iterator[str]:
    """Yields each change as a line for people."""
    for edit in edits:
        sign = "=" if isinstance(edit, SetValue) else "+"
        yield f"{format_path(edit.path)} {sign} {_render(_wanted(edit))}"

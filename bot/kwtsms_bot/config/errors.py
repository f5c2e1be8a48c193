"""Problems of a configuration, each with its line and a remedy. Performs no I/O."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

Path = tuple[str | int, ...]
EXAMPLE = "Run kwtsms-bridge config example to see every key."

# Pydantic's messages, reworded for people who edit YAML.
_MESSAGES = {
    "string_pattern_mismatch": "not in the expected format",
    "string_type": "expected text (put it in quotes)",
    "too_long": "longer than {max_length} characters",
    "string_too_long": "longer than {max_length} characters",  # The name in pydantic 2.9.
    "model_type": "expected a section (keys, indented)",
    "model_attributes_type": "expected a section (keys, indented)",
    "tuple_type": "expected a list",
    "decimal_parsing": "expected a number",
    "decimal_type": "expected a number",
    "int_parsing": "expected a whole number",
    "bool_parsing": "expected true or false",
}
SECTION_ERRORS = frozenset({"model_type", "model_attributes_type", "dict_type"})


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Problem of a configuration: where it is, what is wrong, and what to write instead."""

    line: int
    path: str
    message: str
    remedy: str

    def format_line(self, file: str) -> str:
        """The problem as one line, in the form that editors turn into a link."""
        location = f"{file}:{self.line}" if self.line else file
        subject = f"{self.path}: " if self.path else ""
        return f"{location}: {subject}{self.message}. {self.remedy}".rstrip()


class ConfigurationProblems(Exception):
    """The configuration cannot be used; `problems` lists everything that is wrong with it."""

    def __init__(self, file: str, problems: Iterable[Problem]) -> None:
        self.file = file
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(problem.format_line(file) for problem in self.problems))


def format_path(path: Path) -> str:
    """`("access", "sender", "users", 0)` as `access.sender.users[0]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def to_problem(
    error: ErrorDetails,
    model: type[BaseModel],
    lines: Mapping[Path, int],
    printable_values: Mapping[Path, Any],
) -> Problem:
    """Converts a pydantic error to a problem; `printable_values` contains no secrets."""
    path, message = _locate(tuple(error["loc"]), _format_message(error), model)
    line = next((lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in lines), 0)
    if error["type"] == "extra_forbidden":
        return Problem(line, format_path(path), "unknown key", _suggest_key(path, model))
    if error["type"] == "missing":
        return Problem(line, format_path(path), "missing", _suggest_example(path, model))
    # A value in place of a section may be a secret of that section.
    if path in printable_values and error["type"] not in SECTION_ERRORS:
        message += f', got "{str(printable_values[path])[:60]}"'
    return Problem(line, format_path(path), message, _suggest_example(path, model))


def _locate(path: Path, message: str, model: type[BaseModel]) -> tuple[Path, str]:
    """Moves the key that begins a section's own message, such as `lease: …`, into the path."""
    key, colon, rest = message.partition(": ")
    names = key.split(".")
    return (
        ((*path, *names), rest)
        if colon and names[0] in _section_fields(path, model)
        else (path, message)
    )


def _format_message(error: ErrorDetails) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    if error["type"] in _MESSAGES:
        return _MESSAGES[error["type"]].format_map(error.get("ctx", {}))
    text = error["msg"].removeprefix("Input should be ")
    return text[0].lower() + text[1:] if text == error["msg"] else f"expected {text}"


def _section_fields(path: Sequence[str | int], model: type[BaseModel]) -> Mapping[str, Any]:
    """The fields of the section that `path` leads to; names of the user's own are passed over."""
    section: type[BaseModel] | None = model
    own_names = False  # Whether the next part is a key of a mapping or the index of a list.
    for part in path:
        if own_names:
            own_names = False
            continue
        field = _fields(section).get(str(part)) if section else None
        section, own_names = _nested_section(field.annotation) if field else (None, False)
    return _fields(section) if section and not own_names else {}


def _fields(section: type[BaseModel]) -> Mapping[str, Any]:
    """The fields of a section by their keys in config.yaml."""
    return {one.alias or name: one for name, one in section.model_fields.items()}


def _nested_section(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """The section of an annotation, and whether it is within a mapping or a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    found = ((one, _nested_section(one)[0]) for one in get_args(annotation))
    section = next((section for _, section in found if section), None)
    return section, get_origin(annotation) in (Mapping, tuple)


def _suggest_key(path: Path, model: type[BaseModel]) -> str:
    known = list(_section_fields(path[:-1], model))
    close = get_close_matches(str(path[-1]), known, n=1)
    if close:
        return f"Did you mean {close[0]}?"
    return f"Known keys: {', '.join(known)}." if known else "Remove it."


def _suggest_example(path: Path, model: type[BaseModel]) -> str:
    names = [part for part in path if isinstance(part, str)]
    field = _section_fields(names[:-1], model).get(names[-1]) if names else None
    if field is None:
        return EXAMPLE
    example = field.examples[0] if field.examples else None
    if example is None:
        return f"Add the section {names[-1]}:. {EXAMPLE}"
    return f"For example, {names[-1]}: {_format_yaml(example)}"


def _format_yaml(example: Any) -> str:
    if isinstance(example, bool):
        return str(example).lower()
    if isinstance(example, list):
        return f"[{', '.join(map(_format_yaml, example))}]"
    if isinstance(example, dict):
        return (
            "{" + ", ".join(f"{key}: {_format_yaml(value)}" for key, value in example.items()) + "}"
        )
    return str(example)

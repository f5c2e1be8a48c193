"""Changes variables in the text of a .env file, and nothing else. Reads and writes no file."""

import re
from collections.abc import Mapping
from io import StringIO

from dotenv import dotenv_values
from dotenv.parser import Binding, parse_stream

from kwtsms_bot.config.yaml_edits import NotEditable

HEADER = "# Secrets of kwtsms-bridge. Keep this file private: chmod 600 .env\n"
_PLAIN = re.compile(r"[\w./:@%+,=-]+", re.ASCII)
_LINE = re.compile(
    r"(?P<head>\s*(?:export[^\S\n]+)?)(?P<name>[^\s=#]+)[^\S\n]*=[^\S\n]*"
    r"(?:'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|[^\n]*?)"
    r"(?P<tail>(?:[^\S\n]+#[^\n]*)?\s*)",
    re.DOTALL,
)


def set_variables(text: str, values: Mapping[str, str]) -> str:
    """Returns the text with these variables set; lines and comments of others stay.

    Raises:
        NotEditable: the text cannot be read as a .env file, or a value is more than a line.
    """
    wanted = {**_read(text), **values}
    for name, value in values.items():
        text = _set(text or HEADER, name, value)
    if _read(text) != wanted or any(len(value.splitlines()) > 1 for value in values.values()):
        names = ", ".join(values)
        raise NotEditable(f"Write {names} into .env yourself, each as NAME='value'.")
    return text


def _set(text: str, name: str, value: str) -> str:
    bindings = list(parse_stream(StringIO(text)))
    ours = [number for number, one in enumerate(bindings) if one.key == name and not one.error]
    if not ours:
        return f"{text}{'' if text.endswith(chr(10)) else chr(10)}{name}={_quote(value)}\n"
    parts = [one.original.string for one in bindings]
    parts[ours[-1]] = _replaced(bindings[ours[-1]], name, value)  # The last one counts.
    return "".join(parts)


def _replaced(binding: Binding, name: str, value: str) -> str:
    """The line with another value, and with its comment."""
    match = _LINE.fullmatch(binding.original.string)
    head, tail = (match["head"], match["tail"]) if match else ("", "\n")
    return f"{head}{name}={_quote(value)}{tail}"


def _quote(value: str) -> str:
    """The value as all readers of .env files understand it: bare, or in single quotes."""
    if _PLAIN.fullmatch(value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _read(text: str) -> dict[str, str | None]:
    return dict(dotenv_values(stream=StringIO(text), interpolate=False))

"""Loads config.yaml into a `Config`, or reports all of its problems at once."""

import os
import re
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

import yaml
from dotenv import dotenv_values
from pydantic import ValidationError

from kwtsms_bot.config.errors import ConfigurationProblems, Path, Problem, format_path, to_problem
from kwtsms_bot.config.models import Config

EXAMPLE = "config.yaml.example"
MAX_BYTES = 256 * 1024
# A value takes at least two bytes, so only aliases of aliases, which grow without bounds, come to
# more.
MAX_NODES = MAX_BYTES // 2
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_TOKEN = re.compile(r"\bx(?:ox[a-z]|app|wfp)-")  # A token may be in the wrong line.
_SECRET_KEYS = frozenset(
    {"bot_token", "app_token", "signing_secret", "password", "apprise", "database", "heartbeat"}
)


def load(file: str, environ: Mapping[str, str] | None = None) -> Config:
    """Loads `file`; `${NAME}` comes from the environment, or the .env file beside it.

    If only NAME_FILE is set, the value is the content of that file, as for Docker's secrets.

    Raises:
        ConfigurationProblems: the file is missing, unreadable or wrong; has all problems.
    """
    variables = _read_env_file(FilePath(file).parent / ".env")
    variables.update(os.environ if environ is None else environ)
    return parse(_read_file(file), file, variables)


def read_example() -> str:
    """Reads config.yaml.example, from the installed package or else from the repository."""
    package = FilePath(__file__).parents[1]
    candidates = (package / EXAMPLE, package.parents[1] / EXAMPLE)
    return next(one for one in candidates if one.is_file()).read_text(encoding="utf-8")


def parse(text: str, file: str, environ: Mapping[str, str]) -> Config:
    """Parses the configuration in `text`; problems name it as `file`.

    Raises:
        ConfigurationProblems: the configuration is wrong.
    """
    builder = _YamlBuilder(environ, file)
    data = builder.build(_parse_yaml(text, file))
    problems = builder.problems
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        reported_paths = {problem.path for problem in problems}
        found = (
            to_problem(one, Config, builder.lines, builder.printable_values)
            for one in error.errors()
        )
        problems += [problem for problem in found if problem.path not in reported_paths]
        raise ConfigurationProblems(file, problems) from None
    if problems:
        raise ConfigurationProblems(file, problems)
    return config


def _read_file(file: str) -> str:
    try:
        data = FilePath(file).read_bytes()
    except OSError as error:
        message = f"cannot be read ({(error.strerror or 'unknown error').lower()})"
        remedy = "Make it by kwtsms-bridge config example, or name another file with -c."
        raise ConfigurationProblems(file, [Problem(0, "", message, remedy)]) from error
    if len(data) > MAX_BYTES:
        message = f"larger than {MAX_BYTES // 1024} KiB"
        raise ConfigurationProblems(file, [Problem(0, "", message, "Is it the right file?")])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigurationProblems(
            file, [Problem(line, "", "not UTF-8 text", "Save the file as UTF-8.")]
        ) from error


def _read_env_file(file: FilePath) -> dict[str, str]:
    if not file.is_file():
        return {}
    try:
        values = dotenv_values(file, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        message = f"cannot be read ({type(error).__name__})"
        problem = Problem(0, "", message, "Mend or remove it.")
        raise ConfigurationProblems(str(file), [problem]) from error
    return {name: value for name, value in values.items() if value is not None}


def _parse_yaml(text: str, file: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        message = getattr(error, "problem", None) or "nested too deeply or unreadable"
        line = mark.line + 1 if mark else 0
        remedy = "Check the indentation and quotes there."
        raise ConfigurationProblems(
            file, [Problem(line, "", f"not YAML: {message}", remedy)]
        ) from None


class _YamlBuilder:
    """Builder of plain data from YAML's nodes, which remembers the line of each key."""

    def __init__(self, environ: Mapping[str, str], file: str) -> None:
        self.lines: dict[Path, int] = {(): 1}
        self.printable_values: dict[Path, Any] = {}
        self.problems: list[Problem] = []
        self._environ, self._file = environ, file
        self._scalars = yaml.SafeLoader("")
        self._node_count = 0
        self._parents: list[yaml.Node] = []  # The parents of the current node.

    def build(self, node: yaml.Node | None, path: Path = ()) -> Any:
        """Returns the plain data below `node`, and adds what is wrong to `problems`.

        Raises:
            ConfigurationProblems: aliases make the data endless, or nearly so.
        """
        if node is None:
            return {}
        line = node.start_mark.line + 1
        self._node_count += 1
        if self._node_count > MAX_NODES or any(node is one for one in self._parents):
            remedy = "Write out what & and * stand for."
            message = "its aliases refer to each other, or to themselves"
            raise ConfigurationProblems(
                self._file, [Problem(line, format_path(path), message, remedy)]
            )
        self.lines.setdefault(path, line)
        self._parents.append(node)
        built = self._build_node(node, path)
        self._parents.pop()
        return built

    def _build_node(self, node: yaml.Node, path: Path) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self._build_mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*path, n)) for n, item in enumerate(node.value)]
        return self._build_scalar(node, path)

    def _build_mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
            line = key.start_mark.line + 1
            if name in data:
                first = self.lines[(*path, name)]
                message = f"written twice (first in line {first})"
                self.problems.append(
                    Problem(line, format_path((*path, name)), message, "Keep one.")
                )
                continue
            self.lines[(*path, name)] = line
            built = self.build(value, (*path, name))
            if built is not None:  # `access:` with nothing below it means the defaults.
                data[name] = built
        return data

    def _build_scalar(self, node: yaml.Node, path: Path) -> Any:
        if isinstance(node.value, str) and _REFERENCE.search(node.value):
            return self._expand_references(node.value, path)
        try:
            value = self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError):
            value = node.value
        if not _SECRET_KEYS.intersection(path) and not _TOKEN.search(str(value)):
            self.printable_values[path] = value
        return value

    def _expand_references(self, text: str, path: Path) -> str:
        return _REFERENCE.sub(lambda match: self._read_variable(match[1], path), text)

    def _read_variable(self, name: str, path: Path) -> str:
        if name in self._environ:
            return self._environ[name]
        file = self._environ.get(f"{name}_FILE")
        if file is None:
            message = f"the environment variable {name} is not set"
            remedy = f"Set it, or write {name}=… into the file .env beside the configuration."
            self._add_problem(path, message, remedy)
            return ""
        try:
            return FilePath(file).read_text(encoding="utf-8-sig").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            message = f"{name}_FILE cannot be read ({type(error).__name__})"
            self._add_problem(path, message, "Name a text file that the bot's user may read.")
            return ""

    def _add_problem(self, path: Path, message: str, remedy: str) -> None:
        self.problems.append(Problem(self.lines[path], format_path(path), message, remedy))

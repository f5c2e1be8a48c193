"""Loads config.yaml into a `Config`, or reports all of its problems at once."""

import os
import re
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

import yaml
from pydantic import ValidationError

from kwtsms_bot.config.errors import ConfigurationProblems, Path, Problem, format_path, to_problem
from kwtsms_bot.config.fields import AmbiguousNumber, is_ambiguous_number
from kwtsms_bot.config.models import FLAWED_VALUES, Config
from kwtsms_bot.config.placeholders import find_placeholders
from kwtsms_bot.config.sending_defaults import SendingDefaults, SendingFile
from kwtsms_bot.config.text_files import MAX_BYTES, read_config_file, read_env_file
from kwtsms_bot.config.value_flaws import FlawedValue, explain
from kwtsms_bot.secret_flaws import find_flaw

EXAMPLE = "config.yaml.example"
# A value takes at least two bytes, so only aliases of aliases, which grow without bounds, come to
# more.
MAX_NODES = MAX_BYTES // 2
SENDING_PATHS = tuple(("kwtsms", name) for name in SendingDefaults.model_fields)
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_TOKEN = re.compile(r"\bx(?:ox[a-z]|app|wfp)-")  # A token may be in the wrong line.
_SECRET_KEYS = frozenset(
    {"bot_token", "app_token", "signing_secret", "password", "apprise", "database", "heartbeat"}
    | {"token", "hmac", "calendar"}
)


def load(file: str, environ: Mapping[str, str] | None = None) -> Config:
    """Loads `file`; `${NAME}` comes from the environment, or the .env file beside it.

    If only NAME_FILE is set, the value is the content of that file, as for Docker's secrets.

    Raises:
        ConfigurationProblems: the file is missing, unreadable or wrong, or has placeholders of an
            example; has all problems.
    """
    text = read_config_file(file)
    variables = read_env_file(FilePath(file).parent / ".env")
    variables.update(os.environ if environ is None else environ)
    return _build(text, file, variables, with_placeholders=False)


def load_sending_defaults(file: str, environ: Mapping[str, str] | None = None) -> SendingDefaults:
    """Loads the sender ID and the country code of `file`, whatever the rest of it says.

    Raises:
        ConfigurationProblems: the file is missing, unreadable or no YAML, or one of the two is
            wrong; has all problems.
    """
    text = read_config_file(file)
    variables = read_env_file(FilePath(file).parent / ".env")
    variables.update(os.environ if environ is None else environ)
    builder = _YamlBuilder(variables, file)
    data = builder.build(_parse_yaml(text, file))
    paths = {format_path(path) for path in SENDING_PATHS}
    problems = [one for one in builder.problems if one.path in paths]
    try:
        found = SendingFile.model_validate(data)
    except ValidationError as error:
        problems += [
            to_problem(one, Config, builder.lines, builder.printable_values)
            for one in error.errors()
        ]
        raise ConfigurationProblems(file, problems) from None
    if problems:
        raise ConfigurationProblems(file, problems)
    return found.kwtsms


def read_example() -> str:
    """Reads config.yaml.example, from the installed package or else from the repository."""
    package = FilePath(__file__).parents[1]
    candidates = (package / EXAMPLE, package.parents[1] / EXAMPLE)
    return next(one for one in candidates if one.is_file()).read_text(encoding="utf-8")


def parse(text: str, file: str, environ: Mapping[str, str]) -> Config:
    """Parses the configuration in `text`, an example's too; problems name it as `file`.

    Raises:
        ConfigurationProblems: the configuration is wrong.
    """
    return _build(text, file, environ, with_placeholders=True)


def _build(text: str, file: str, environ: Mapping[str, str], *, with_placeholders: bool) -> Config:
    builder = _YamlBuilder(environ, file)
    data = builder.build(_parse_yaml(text, file))
    problems = builder.problems
    if not with_placeholders:
        problems += find_placeholders(builder.texts, builder.lines)
    try:
        config = Config.model_validate(data, context={FLAWED_VALUES: tuple(builder.flawed)})
    except ValidationError as error:
        reported_paths = {problem.path for problem in problems}
        found = (
            to_problem(one, Config, builder.lines, builder.printable_values)
            for one in error.errors()
        )
        problems += [
            explain(problem, builder.flawed)
            for problem in found
            if problem.path not in reported_paths
        ]
        raise ConfigurationProblems(file, problems) from None
    if problems:
        raise ConfigurationProblems(file, problems)
    return config


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
        self.texts: dict[Path, str] = {}  # All values, also secret ones.
        self.flawed: list[FlawedValue] = []
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
            remedy = "Replace & and * aliases with their values."
            message = "its aliases refer to each other or to themselves"
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
                message = f"appears twice (first in line {first})"
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
            return self._keep_text(self._expand_references(node.value, path), path)
        try:
            value = self._read_scalar(node)
        except (yaml.YAMLError, ValueError):
            value = node.value
        is_secret = bool(_SECRET_KEYS.intersection(path))
        if not is_secret and not _TOKEN.search(str(value)):
            self.printable_values[path] = node.value
        if isinstance(value, str):
            self._keep_text(value, path, check=is_secret)
        return value

    def _keep_text(self, value: str, path: Path, *, check: bool = True) -> str:
        self.texts[path] = value
        flaw = find_flaw(value) if check else None
        if flaw:
            self.flawed.append(FlawedValue(path, flaw))
        return value

    def _read_scalar(self, node: yaml.Node) -> Any:
        """Returns the value as YAML reads it, except for numbers that people read otherwise."""
        if isinstance(node, yaml.ScalarNode) and node.style is None:  # Without quotes.
            if ":" in node.value:  # YAML 1.1 reads 12:30 as the number 750.
                return node.value
            if is_ambiguous_number(node.value):
                return AmbiguousNumber(node.value)
        return self._scalars.construct_object(node)

    def _expand_references(self, text: str, path: Path) -> str:
        return _REFERENCE.sub(lambda match: self._read_variable(match[1], path), text)

    def _read_variable(self, name: str, path: Path) -> str:
        if name in self._environ:
            return self._environ[name].strip("\r\n")
        file = self._environ.get(f"{name}_FILE")
        if file is None:
            message = f"the environment variable {name} is not set"
            remedy = f"Set it, or add {name}=… to the .env file next to config.yaml."
            self._add_problem(path, message, remedy)
            return ""
        try:
            return FilePath(file).read_text(encoding="utf-8-sig").strip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it isn't UTF-8 text"
            message = f"{name}_FILE can't be read ({reason.lower()})"
            self._add_problem(path, message, "Use a text file that the bot's user can read.")
            return ""

    def _add_problem(self, path: Path, message: str, remedy: str) -> None:
        self.problems.append(Problem(self.lines[path], format_path(path), message, remedy))

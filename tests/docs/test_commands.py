"""The commands in the pages exist, with their options, and the pages have every command."""

import re
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
import pytest

from kwtsms_bot.cli import main
from kwtsms_bot.commands.router import COMMANDS
from support.documents import PAGES, ROOT, inline_code, name_of, shell_lines, text_of

CALL = re.compile(r"(?:^|[\s/(|;&])(?<!-[ug] )kwtsms-bridge ([a-z][^|;&>)]*)")
COMPOSE_CALL = re.compile(r"compose run --rm bridge ([a-z][^|;&>)]*)")
USER_COMMANDS = {command.name for command in COMMANDS.values()}
EXAMPLES = {"CONTRIBUTING.md": {"pages"}}  # The command that the page shows how to write.
FROM_AN_INDEX = re.compile(r"\b(pip3?|pipx|uv|uvx)\b[^`]*[ '\"]kwtsms-bridge\b(?! is|/)")


def calls(lines: Iterable[str]) -> Iterator[str]:
    """The arguments of each `kwtsms-bridge …` in lines of code."""
    for line in lines:
        for pattern in (CALL, COMPOSE_CALL):
            yield from (match.strip() for match in pattern.findall(line))


def words(call: str) -> list[str]:
    """The words of a shell line; an open quote ends at the end of the line."""
    try:
        return shlex.split(call)
    except ValueError:
        return call.split()


def resolve(call: str) -> tuple[click.Command | None, list[str]]:
    """The command of a call and the words behind it; None if there is no such command."""
    command: click.Command | None = main
    rest = words(call)
    with click.Context(main) as context:
        while isinstance(command, click.Group) and rest and rest[0][0].islower():
            command = command.get_command(context, rest.pop(0))
    return command, rest


def unknown_name(call: str) -> str | None:
    """A command or an option of a call that does not exist."""
    command, rest = resolve(call)
    if command is None:
        return f"no such command: {call}"
    known = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
    known |= {"--help", "-h", "--version"}
    used = {word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)}
    return f"no such option: {call}" if used - known else None


def missing_argument(call: str) -> str | None:
    """An argument that a whole command line lacks; values, such as files, may be made up."""
    command, rest = resolve(call)
    if command is None or isinstance(command, click.Group):
        return None  # `unknown_name` reports it.
    try:
        command.make_context("", rest)
    except (click.MissingParameter, click.NoSuchOption) as error:
        return f"{error.format_message()} ({call})"
    except (click.ClickException, click.exceptions.Exit):
        return None
    return None


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_in_a_page_exists(page: Path) -> None:
    """Each `kwtsms-bridge …` names a command and options that it has."""
    found = calls((*shell_lines(page), *inline_code(page)))

    assert [problem for call in found if (problem := unknown_name(call))] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_line_is_complete(page: Path) -> None:
    """A line to copy has all that its command requires."""
    found = calls(shell_lines(page))

    assert [problem for call in found if (problem := missing_argument(call))] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_slash_command_in_a_page_exists(page: Path) -> None:
    """Each `/sms …` names a command of the bot."""
    typed = [re.match(r"/sms ([a-z-]+)", code) for code in inline_code(page)]
    names = {match[1] for match in typed if match}

    assert names - USER_COMMANDS == EXAMPLES.get(name_of(page), set())


def leaves(command: click.Command, path: str) -> Iterator[str]:
    """The whole name of each command that does something."""
    if not isinstance(command, click.Group):
        yield path
        return
    with click.Context(command) as context:
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from leaves(found, f"{path} {name}")


def test_every_command_is_in_a_page() -> None:
    """The pages show each command as it is typed, or docs/cli.md lists it."""
    pages = "\n".join(text_of(page) for page in PAGES if page.name != "CHANGELOG.md")
    listed = {f"kwtsms-bridge {code}" for code in inline_code(ROOT / "docs" / "cli.md")}
    missing = [one for one in leaves(main, "kwtsms-bridge") if one not in pages]

    assert [one for one in missing if one not in listed] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_page_installs_what_is_not_released(page: Path) -> None:
    """Until a package index has it, an install is from a checkout or from a wheel."""
    assert [line for line in text_of(page).splitlines() if FROM_AN_INDEX.search(line)] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_exists(page: Path) -> None:
    """A page names no target that the Makefile doesn't have."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"(?:^    |`)make ([a-z]+)\b", text_of(page), re.MULTILINE)

    assert set(named) <= targets

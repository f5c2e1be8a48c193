"""`--help`, suggestions and completion of `kwtsms-bridge`."""

import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator

import click
import pytest

from kwtsms_bot.cli import COMMANDS, SECTIONS, main
from support.forked import COMMAND, ENVIRONMENT
from support.shell import run_in_process


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of each command, groups included."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = sorted(commands(main))
SHORT_OPTIONS = {
    "-V": "--version",
    "-c": "--config",
    "-e": "--env",
    "-f": "--from",
    "-h": "--help",
    "-j": "--json",
    "-k": "--kind",
    "-n": "--dry-run",
    "-o": "--output",
    "-p": "--port",
    "-s": "--skip-bad",
    "-t": "--text",
    "-u": "--user",
    "-v": "--verbose",
    "-y": "--yes",
}


def options(path: tuple[str, ...]) -> Iterator[list[str]]:
    """The spellings of each option of a command."""
    command: click.Command = main
    for name in path:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), name)
        assert found is not None
        command = found
    for one in command.params:
        if isinstance(one, click.Option):
            yield one.opts


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_has_an_example(path: tuple[str, ...]) -> None:
    """The help of a command shows how it is typed, on lines of their own."""
    done = run_in_process(*path, "--help")
    example = done.out.partition("Example")[2]

    assert done.code == 0
    assert any(f"kwtsms-bridge {' '.join(path)}" in line for line in example.splitlines()[1:]), (
        done.out
    )
    assert "\\b" not in done.out


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_short_options_mean_the_same_everywhere(path: tuple[str, ...]) -> None:
    """A letter means one option, and an option has its letter in every command."""
    for spellings in options(path):
        (long,) = [one for one in spellings if one.startswith("--")]
        short = [one for one in spellings if not one.startswith("--")]

        assert short == [letter for letter, name in SHORT_OPTIONS.items() if name == long]


def test_the_commands_are_shown_in_their_sections() -> None:
    """Each command has one line, below the heading of its section."""
    out = run_in_process("--help").out
    shown = defaultdict(list)
    section = ""
    for line in out.splitlines():
        if line.endswith(":") and not line.startswith(" "):
            section = line[:-1]
        elif line.startswith("  ") and line.split()[0] in COMMANDS:
            shown[section].append(line.split()[0])

    assert list(SECTIONS) == ["Send", "Account", "Bot", "Maintenance"]
    assert shown == {title: list(rows) for title, rows in SECTIONS.items()}
    assert sum(map(len, SECTIONS.values())) == len(COMMANDS)


@pytest.mark.parametrize("path", [(), *ALL], ids=lambda path: " ".join(path) or "itself")
def test_piped_help_is_not_wrapped_and_has_no_colour(path: tuple[str, ...]) -> None:
    """Where no person reads it in a terminal, each option and paragraph is one line."""
    out = run_in_process(*path, "--help").out
    names = [line.split()[0] for line in out.splitlines() if line.startswith("  -")]

    assert "\x1b" not in out
    assert len(names) == len(list(options(path))) + 1
    assert not [line for line in out.splitlines() if line.startswith(" " * 20) and line.strip()]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("snd",), "Unknown command 'snd'. Did you mean send?"),
        (("Balances",), "Unknown command 'Balances'. Did you mean balance?"),
        (("config", "chek"), "Unknown command 'chek'. Did you mean check?"),
        (("apprise", "instal"), "Unknown command 'instal'. Did you mean install?"),
        (("xyzzy",), "Unknown command 'xyzzy'. See kwtsms-bridge --help."),
        (("send", "--jsn"), "--json"),
        (("bulk", "x.csv", "--txt", "a"), "--text"),
    ],
)
def test_what_is_misspelt_is_suggested(words: tuple[str, ...], said: str) -> None:
    """A misspelt command or option gives exit code 2, and the one that was probably meant."""
    done = run_in_process(*words)

    assert done.code == 2
    assert said in done.err.replace("main ", "kwtsms-bridge ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_says_how_to_install_it(shell: str) -> None:
    """The script begins with its installation as a comment, and calls the command to complete."""
    done = run_in_process("completion", shell)
    comment = "".join(line for line in done.out.splitlines() if line.startswith("#"))

    assert done.code == 0
    assert f"kwtsms-bridge completion {shell}" in comment
    assert f"_KWTSMS_BRIDGE_COMPLETE={shell}_complete" in done.out


def test_bash_completes_by_its_script() -> None:
    """In bash, the installed script completes the names of commands and of options."""
    lines = (
        'eval "$(kwtsms-bridge completion bash)"',
        "COMP_WORDS=(kwtsms-bridge se) COMP_CWORD=1",
        "_kwtsms_bridge_completion kwtsms-bridge; echo ${COMPREPLY[@]}; COMPREPLY=()",
        "COMP_WORDS=(kwtsms-bridge bulk --d) COMP_CWORD=2",
        "_kwtsms_bridge_completion kwtsms-bridge; echo ${COMPREPLY[@]}",
    )
    path = {"PATH": f"{COMMAND.parent}:{ENVIRONMENT['PATH']}"}
    done = subprocess.run(
        ["bash", "--norc", "-c", "\n".join(lines)],
        env={**ENVIRONMENT, **path},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.stdout.splitlines() == ["send senders", "--dry-run"]


@pytest.mark.parametrize(("typed", "found"), [("se", "send"), ("re", "restored"), ("", "doctor")])
def test_completion_loads_no_command(typed: str, found: str) -> None:
    """Names are completed from the table: nothing that is slow to load is loaded."""
    program = (
        "import sys\n"
        "from click.shell_completion import BashComplete\n"
        "from kwtsms_bot.cli import COMMANDS, main\n"
        "found = BashComplete(main, {}, 'x', 'X').get_completions([], sys.argv[1])\n"
        "print(*(one.value for one in found))\n"
        "ours = {where.split(':')[0] for where, _ in COMMANDS.values()}\n"
        "sys.exit(', '.join(ours & sys.modules.keys()) or 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, typed], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert found in done.stdout.split()

"""The group that every command belongs to: suggestions, help in sections, subcommands on demand.

Loads a subcommand only when it is called, so that --help and completion stay quick.
"""

import os
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

from kwtsms_bot.cli.extras import MissingExtra

PIPED_WIDTH = 100_000  # No line is as wide, so that none is wrapped for programs to read.
EXTRA = {"kwtsms_bot": "bot", "kwtsms_sandbox": "sandbox"}

Sections = Mapping[str, Mapping[str, tuple[str, str]]]


class CommandGroup(click.Group):
    """A group that suggests a command for a misspelt one, and wraps help in a terminal only."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Makes the context; its width and colour follow from where the output goes."""
        if parent is None:
            if sys.stdout is None or not sys.stdout.isatty():
                extra.setdefault("terminal_width", PIPED_WIDTH)
            if os.environ.get("NO_COLOR"):
                extra.setdefault("color", False)
        return super().make_context(info_name, args, parent, **extra)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolves the subcommand.

        Raises:
            click.UsageError: there is none of that name; it suggests the one that was meant.
        """
        name = args[0]
        known = self.list_commands(ctx)
        if not name.startswith("-") and name not in known and not ctx.resilient_parsing:
            close = get_close_matches(name.lower(), known, n=1)
            hint = f"Did you mean {close[0]}?" if close else f"See {ctx.command_path} --help."
            ctx.fail(f"Unknown command '{name}'. {hint}")
        return super().resolve_command(ctx, args)


class LazyGroup(CommandGroup):
    """A group whose subcommands are named in a table, by the sections that --help shows."""

    def __init__(self, sections: Sections, **settings: Any) -> None:
        super().__init__(**settings)
        self.sections = sections
        self.table = {name: row for rows in sections.values() for name, row in rows.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature.
        """Returns the names, in the order of the table."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Imports and returns the subcommand; None if the name is unknown.

        Raises:
            MissingExtra: a library that it needs is not installed.
        """
        if cmd_name not in self.table:
            return None
        module, name = self.table[cmd_name][0].split(":")
        try:
            command: click.Command = getattr(import_module(module), name)
        except ModuleNotFoundError as error:
            if error.name and error.name.startswith("kwtsms"):
                raise
            raise MissingExtra(cmd_name, error, EXTRA[module.partition(".")[0]]) from error
        _mark_unwrapped_lines(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Writes the sections that --help shows, without loading a subcommand."""
        width = max(map(len, self.table))
        for title, rows in self.sections.items():
            with formatter.section(title):
                formatter.write_dl([(f"{name:<{width}}", what) for name, (_, what) in rows.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Completes options, and the names of subcommands without loading one."""
        names = [
            CompletionItem(name, help=what)
            for name, (_, what) in self.table.items()
            if name.startswith(incomplete)
        ]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]


def _mark_unwrapped_lines(command: click.Command) -> None:
    """Sets click's mark for lines that are not rewrapped; a raw docstring has two characters."""
    command.help = (command.help or "").replace(r"\b", "\b")
    if isinstance(command, click.Group):
        for below in command.commands.values():
            _mark_unwrapped_lines(below)

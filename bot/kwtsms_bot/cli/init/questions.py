"""Questions at a terminal: asked until the answer is good, kept or skipped. Knows no service."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import click

from kwtsms_bot.cli.output import strip_control_characters

SKIP = "-"
MAX_ANSWER = 1000  # Longer is a file that was pasted.
T = TypeVar("T")


class AnswerRefused(Exception):
    """An answer that cannot be used; the text says why, and what to answer instead."""


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """A question, and how its answer is read.

    `read` raises `AnswerRefused`. Enter gives the `suggestion`, which is shown unless it is secret.
    """

    label: str
    read: Callable[[str], T]
    suggestion: str = ""
    secret: bool = False

    @property
    def prompt(self) -> str:
        """The line before the cursor."""
        if not self.suggestion:
            return f"{self.label} ({'hidden, ' if self.secret else ''}Enter skips)"
        if self.secret:
            return f"{self.label} (hidden, Enter keeps the saved one)"
        return f"{self.label} [{strip_control_characters(self.suggestion)}]"


@dataclass(frozen=True, slots=True)
class Prompter:
    """Asks and informs a person; where nobody can be asked, whatever isn't given is skipped."""

    interactive: bool
    to_stderr: bool = False  # Standard output is for a program.

    def say(self, text: str = "") -> None:
        """Prints a line."""
        click.echo(strip_control_characters(text), err=self.to_stderr)

    def answer(self, question: Question[T], given: str | None = None) -> T | None:
        """Returns the answer; None if it is skipped.

        Raises:
            AnswerRefused: the `given` answer cannot be used, and nobody can be asked.
            click.Abort: Ctrl-C, or the end of the input.
        """
        if given is not None:
            try:
                return question.read(given)
            except AnswerRefused as error:
                if not self.interactive:
                    raise
                self.say(f"✗ {error}")
        return self._ask(question) if self.interactive else None

    def confirm(self, label: str) -> bool:
        """Asks for consent, which is given where nobody can be asked."""
        return not self.interactive or click.confirm(label, default=True, err=self.to_stderr)

    def _ask(self, question: Question[T]) -> T | None:
        while True:
            answer = self._read_line(question) or question.suggestion
            if answer in ("", SKIP):
                return None
            try:
                return question.read(answer)
            except AnswerRefused as error:
                self.say(f"✗ {error}")
            if answer == question.suggestion:  # What is saved is of no use.
                question = replace(question, suggestion="")

    def _read_line(self, question: Question[T]) -> str:
        line: str = click.prompt(
            question.prompt,
            default="",
            show_default=False,
            hide_input=question.secret,
            err=self.to_stderr,
        )
        return line.strip()[:MAX_ANSWER]

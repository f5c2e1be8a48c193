"""Quotes, blanks and line breaks that came along with a secret. Never shows the value. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from kwtsms_bot.config.errors import Path, Problem, format_path
from kwtsms_bot.i18n.translator import Language

_QUOTES = ('""', "''", "“”", "``")


class Flaw(StrEnum):
    """Kind of characters that are probably not part of a secret."""

    QUOTES = "quotes around it"
    BLANKS = "blanks around it"
    LINE_BREAK = "a line break in it"


@dataclass(frozen=True, slots=True)
class FlawedValue:
    """A value with such characters, by its key."""

    path: Path
    flaw: Flaw

    def warning(self, say: Language) -> str:
        """Returns the warning about a value that can be used nevertheless."""
        key = format_path(self.path)
        if self.flaw is Flaw.QUOTES:
            return say(
                "{key}: the value has quotes around it, and they count as part of it. Remove them "
                "unless you mean them; docker run --env-file keeps quotes.",
                key=key,
            )
        if self.flaw is Flaw.BLANKS:
            return say(
                "{key}: the value has blanks around it, and they count as part of it. Remove them "
                "unless you mean them.",
                key=key,
            )
        return say(
            "{key}: the value has a line break in it. Check that it's one line, as you copied it.",
            key=key,
        )


def find_flaw(value: str) -> Flaw | None:
    """Returns the first kind of such characters in `value`, if there are any."""
    if value != value.strip():
        return Flaw.BLANKS
    if len(value) > 1 and value[0] + value[-1] in _QUOTES:
        return Flaw.QUOTES
    return Flaw.LINE_BREAK if "\n" in value or "\r" in value else None


def explain(problem: Problem, flawed: Iterable[FlawedValue]) -> Problem:
    """Returns `problem` with the flaw of its value as the cause, if it has one."""
    for one in flawed:
        if format_path(one.path) == problem.path:
            remedy = "Remove them: docker run --env-file keeps quotes, and blanks after the value."
            if one.flaw is Flaw.LINE_BREAK:
                remedy = "Write it in one line."
            return replace(problem, message=f"the value has {one.flaw}", remedy=remedy)
    return problem

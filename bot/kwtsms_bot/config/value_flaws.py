"""Values of config.yaml with quotes, blanks or line breaks. Never shows the value. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from kwtsms_bot.config.errors import Path, Problem, format_path
from kwtsms_bot.i18n.translator import Language
from kwtsms_bot.secret_flaws import Flaw


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
                "{key}: the value has quotes around it, and they count as part of it. Remove "
                "them unless you need them. docker run --env-file keeps quotes.",
                key=key,
            )
        if self.flaw is Flaw.BLANKS:
            return say(
                "{key}: the value has spaces around it, and they count as part of it. Remove "
                "them unless you need them.",
                key=key,
            )
        return say(
            "{key}: the value has a line break in it. Check that it's one line, as you copied it.",
            key=key,
        )


def explain(problem: Problem, flawed: Iterable[FlawedValue]) -> Problem:
    """Returns `problem` with the flaw of its value as the cause, if it has one."""
    for one in flawed:
        if format_path(one.path) == problem.path:
            remedy = "Remove them: docker run --env-file keeps quotes and trailing spaces."
            if one.flaw is Flaw.LINE_BREAK:
                remedy = "Put it on one line."
            return replace(problem, message=f"the value has {one.flaw}", remedy=remedy)
    return problem

"""The commands that people typed, which Slack itself shows to nobody, and how the app took them."""

from collections import deque
from dataclasses import dataclass, replace

from kwtsms_sandbox.slack import Interaction

MAX_LINES = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One line somebody typed; `took` is None until the app acknowledged it, or did not."""

    number: int
    ts: str
    user: str
    channel: str
    text: str
    took: float | None = None
    error: str | None = None


class TypedLines:
    """The last lines, oldest first."""

    def __init__(self) -> None:
        self._lines: deque[Line] = deque(maxlen=MAX_LINES)
        self._count = 0

    def add(self, ts: str, subject: tuple[str, str, str]) -> Line:
        """A line was typed; `subject` is who, where and what."""
        self._count += 1
        line = Line(self._count, ts, *subject)
        self._lines.append(line)
        return line

    def acknowledge(self, interaction: Interaction) -> Line | None:
        """The app answered a command: the first such line still open is done."""
        told = interaction.payload
        where = (told.get("user_id"), told.get("channel_id"))
        for index, line in enumerate(self._lines):
            same = (line.user, line.channel) == where and _verb(line.text) == told.get("command")
            if same and line.took is None:
                done = replace(line, took=interaction.took, error=interaction.error)
                self._lines[index] = done
                return done
        return None

    def of(self, user: str) -> list[Line]:
        """What this person typed."""
        return [line for line in self._lines if line.user == user]

    def find(self, number: int) -> Line | None:
        """The line with this number, while it is kept."""
        return next((line for line in self._lines if line.number == number), None)


def _verb(text: str) -> str:
    return text.partition(" ")[0]

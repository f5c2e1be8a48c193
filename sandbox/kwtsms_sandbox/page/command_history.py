"""The commands that people typed, which Slack itself shows to nobody, and how the app took them."""

from collections import deque
from dataclasses import dataclass, replace

from kwtsms_sandbox.slack import Interaction

MAX_LINES = 200


@dataclass(frozen=True, slots=True)
class TypedLine:
    """One line somebody typed; `took` is None until the app acknowledged it, or did not."""

    number: int
    ts: str
    user: str
    channel: str
    text: str
    duration: float | None = None
    error: str | None = None


class CommandHistory:
    """The last lines, oldest first."""

    def __init__(self) -> None:
        self._lines: deque[TypedLine] = deque(maxlen=MAX_LINES)
        self._count = 0

    def add(self, ts: str, subject: tuple[str, str, str]) -> TypedLine:
        """A line was typed; `subject` is who, where and what."""
        self._count += 1
        line = TypedLine(self._count, ts, *subject)
        self._lines.append(line)
        return line

    def acknowledge(self, interaction: Interaction) -> TypedLine | None:
        """The app answered a command: the first such line still open is done."""
        payload = interaction.payload
        where = (payload.get("user_id"), payload.get("channel_id"))
        for index, line in enumerate(self._lines):
            same = (line.user, line.channel) == where and _verb(line.text) == payload.get("command")
            if same and line.duration is None:
                done = replace(line, duration=interaction.duration, error=interaction.error)
                self._lines[index] = done
                return done
        return None

    def of(self, user: str) -> list[TypedLine]:
        """What this person typed."""
        return [line for line in self._lines if line.user == user]

    def find(self, number: int) -> TypedLine | None:
        """The line with this number, while it is kept."""
        return next((line for line in self._lines if line.number == number), None)


def _verb(text: str) -> str:
    return text.partition(" ")[0]

"""History of typed commands, which Slack itself shows to nobody, with their acknowledgements."""

from collections import deque
from dataclasses import dataclass, replace

from kwtsms_sandbox.slack import Interaction

MAX_LINES = 200


@dataclass(frozen=True, slots=True)
class TypedLine:
    """Line that a person typed; `duration` is None until the app acknowledged it or failed to."""

    number: int
    ts: str
    user: str
    channel: str
    text: str
    duration: float | None = None
    error: str | None = None


class CommandHistory:
    """Last lines, oldest first."""

    def __init__(self) -> None:
        self._lines: deque[TypedLine] = deque(maxlen=MAX_LINES)
        self._count = 0

    def add(self, ts: str, subject: tuple[str, str, str]) -> TypedLine:
        """Adds a typed line; `subject` is its user, channel and text."""
        self._count += 1
        line = TypedLine(self._count, ts, *subject)
        self._lines.append(line)
        return line

    def acknowledge(self, interaction: Interaction) -> TypedLine | None:
        """Marks the first open line of the acknowledged command as done, and returns it."""
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
        """Returns the lines that this person typed."""
        return [line for line in self._lines if line.user == user]

    @property
    def texts(self) -> frozenset[str]:
        """The lines that anybody typed."""
        return frozenset(line.text for line in self._lines)

    def find(self, number: int) -> TypedLine | None:
        """Returns the line with this number, while it is kept."""
        return next((line for line in self._lines if line.number == number), None)


def _verb(text: str) -> str:
    return text.partition(" ")[0]

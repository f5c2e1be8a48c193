"""Checks that Slack cards agree with the database. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from chaos.evidence import Row
from kwtsms_bot.commands.status_text import STATE_TEXTS
from kwtsms_bot.outbox.states import State


def stale_cards(rows: Sequence[Row]) -> Iterator[str]:
    """Yields a finding for each card that disagrees with the states of its message's recipients."""
    messages: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        messages[row.message].append(row)
    for numbers in messages.values():
        first, expected = numbers[0], heading([row.state for row in numbers])
        if expected not in first.card or first.text not in first.card:
            actual = first.card.partition("\n")[0]
            yield f"{first.text!r}: its card says {actual!r}, and the database {expected!r}"


def heading(states: Sequence[State]) -> str:
    """The heading of a card whose recipients are in these states."""
    counts = Counter(states)
    if len(counts) == 1:
        meaning = STATE_TEXTS[states[0]]
        return meaning[0].upper() + meaning[1:]
    return " · ".join(f"{counts[state]} {STATE_TEXTS[state]}" for state in State if state in counts)

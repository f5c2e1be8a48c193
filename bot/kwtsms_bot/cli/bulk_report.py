"""What `kwtsms-bridge bulk` shows: what is to be sent, what is wrong, and what became of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from kwtsms_bot.cli.campaign import OF_FATE, Fate, RowResult
from kwtsms_bot.cli.output import UNKNOWN, facts, show_json, table, tell, worst
from kwtsms_bot.cli.rows import Sheet
from kwtsms_client import mask

MAX_SHOWN = 20
AGAIN = "Run the same command again: it goes on from there and sends no row twice."
LOOK_UP = (
    "No such row is sent again: look it up in the archive at kwtsms.com. To send it again, put it "
    "into a file of its own."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended: its rows, and the lines that are unknown from this run or an earlier one."""

    rows: tuple[RowResult, ...]
    unknown: tuple[int, ...]
    charged: Decimal
    balance: Decimal | None
    why: str  # Why the rest was not tried.
    trouble: str | None  # Why the journal could not be written.

    @property
    def code(self) -> int:
        """The exit code: of the row to be most careful with, in this run or before."""
        codes = [OF_FATE[row.outcome] for row in self.rows]
        return worst([*codes, UNKNOWN] if self.unknown else codes)

    @property
    def counts(self) -> dict[Fate, int]:
        """How many rows of this run came to what."""
        found = Counter(row.outcome for row in self.rows)
        return {fate: found[fate] for fate in Fate}


def counted(number: int, name: str) -> str:
    """How many of what: `2 rows`."""
    return f"{number:,} {name}{'' if number == 1 else 's'}"


def refusal(found: Sheet, file: Path, *, as_json: bool) -> None:
    """The rows that cannot be sent, because of which none was."""
    if as_json:
        show_json({"mistakes": found.mistakes})
        return
    _mistakes(found, file)
    remedy = "Mend them, or send the others with --skip-bad." if found.rows else "Mend them."
    tell(f"{counted(len(found.mistakes), 'bad row')}; nothing was sent. {remedy}", err=True)


def preview(
    found: Sheet,
    *,
    file: Path,
    already: int = 0,
    balance: Decimal | None = None,
    as_json: bool = False,
) -> None:
    """What would be sent, and what it costs."""
    if as_json:
        counts = {"messages": len(found.rows), "credits": found.credits, "cleaned": found.cleaned}
        show_json({**counts, "repeated": found.repeated, "mistakes": found.mistakes})
        return
    _mistakes(found, file)
    shown = [(row.line, mask(row.number), row.pages, row.text[:60]) for row in found.rows[:3]]
    if shown:
        table(("Line", "Number", "Pages", "Text"), shown)
    facts(
        [
            ("Messages", f"{len(found.rows):,}"),
            ("Credits", f"{found.credits:,} (one a page in Kuwait, more elsewhere)"),
            ("Balance", None if balance is None else _enough(balance, found.credits)),
            ("Cleaned", found.cleaned),
            ("Written twice", f"{found.repeated:,}, sent once" if found.repeated else None),
            ("Bad rows", f"{len(found.mistakes):,}, not sent" if found.mistakes else None),
            ("Not again", f"{already:,}, by {file.name}.journal" if already else None),
        ]
    )


def show(ended: Ended, found: Sheet, file: Path, *, as_json: bool) -> None:
    """What became of each row."""
    counts = {fate.value: count for fate, count in ended.counts.items()}
    if as_json:
        show_json(
            {
                **counts,
                "unknown_in_all": len(ended.unknown),
                "unknown_lines": ended.unknown,
                "points_charged": ended.charged,
                "balance_after": ended.balance,
                "rows": ended.rows,
                "mistakes": found.mistakes,
                "why": ended.why if ended.counts[Fate.NOT_TRIED] else None,
                "trouble": ended.trouble,
            }
        )
        return
    _failures(ended.rows, file)
    facts([(name.replace("_", " ").capitalize(), n) for name, n in counts.items() if n])
    facts([("Charged", ended.charged), ("Balance", ended.balance)])
    _remedies(ended)


def _failures(rows: Sequence[RowResult], file: Path) -> None:
    for row in rows:
        if row.outcome not in (Fate.ACCEPTED, Fate.NOT_TRIED):
            told = (row.outcome.replace("_", " "), row.code, row.reason)
            tell(f"{file}:{row.line}: {' '.join(filter(None, told))}", err=True)


def _remedies(ended: Ended) -> None:
    if ended.trouble:
        tell(ended.trouble, err=True)
    if untried := ended.counts[Fate.NOT_TRIED]:
        tell(f"{counted(untried, 'row')} not tried. {ended.why} {AGAIN}", err=True)
    if ended.unknown:
        lines = ", ".join(map(str, ended.unknown[:MAX_SHOWN]))
        more = ", …" if len(ended.unknown) > MAX_SHOWN else ""
        rows = counted(len(ended.unknown), "row")
        tell(f"{rows} may or may not have been sent, by line: {lines}{more}. {LOOK_UP}", err=True)


def _mistakes(found: Sheet, file: Path) -> None:
    for mistake in found.mistakes[:MAX_SHOWN]:
        tell(f"{file}:{mistake.line}: {mistake.reason}", err=True)
    more = len(found.mistakes) - MAX_SHOWN
    if more > 0:
        tell(f"… and {more:,} more.", err=True)


def _enough(balance: Decimal, cost: int) -> str:
    """Credits that do not suffice are told before they run out in the middle."""
    return f"{balance:,f}" if cost <= balance else f"{balance:,f}, which does not suffice"

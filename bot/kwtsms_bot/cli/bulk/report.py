"""Output of `kwtsms-bridge bulk`: the invalid rows, the preview and the summary."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from kwtsms_bot.cli.bulk.recorder import EXIT_CODE_OF_ROW, RowOutcome, RowResult
from kwtsms_bot.cli.bulk.rows import BulkBatch
from kwtsms_bot.cli.output import UNKNOWN, echo, echo_facts, echo_table, most_severe, show_json
from kwtsms_client import mask
from kwtsms_client.text_report import BORDERLINE

MAX_SHOWN = 20
RESUME_HINT = "Run the same command again to continue. No row is sent twice."
ARCHIVE_HINT = (
    "Check them in your kwtsms.com archive: they won't be sent again. To send one again, put it in "
    "a new file."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkSummary:
    """Result of a run: its rows, and the lines that are unknown from this run or an earlier one."""

    rows: tuple[RowResult, ...]
    unknown: tuple[int, ...]
    charged: Decimal
    balance: Decimal | None
    not_tried_reason: str  # The reason why the remaining rows were not tried.
    journal_error: str | None  # The reason why the journal could not be written.

    @property
    def exit_code(self) -> int:
        """The most severe exit code of the rows, including unknown rows of earlier runs."""
        codes = [EXIT_CODE_OF_ROW[row.outcome] for row in self.rows]
        return most_severe([*codes, UNKNOWN] if self.unknown else codes)

    @property
    def counts(self) -> dict[RowOutcome, int]:
        """The number of rows of this run with each outcome."""
        counter = Counter(row.outcome for row in self.rows)
        return {outcome: counter[outcome] for outcome in RowOutcome}


def format_count(number: int, name: str) -> str:
    """The number with its noun: `2 rows`."""
    return f"{number:,} {name}{'' if number == 1 else 's'}"


def show_refusal(batch: BulkBatch, file: Path, *, as_json: bool) -> None:
    """Shows the invalid rows, because of which nothing was sent."""
    if as_json:
        show_json({"mistakes": batch.invalid_rows})
        return
    _echo_invalid_rows(batch, file)
    count = format_count(len(batch.invalid_rows), "invalid row")
    remedy = "Fix them, or use --skip-bad to skip them." if batch.rows else "Fix them."
    echo(f"Nothing was sent: {count}. {remedy}", err=True)


def show_preview(
    batch: BulkBatch,
    *,
    file: Path,
    already_sent: int = 0,
    balance: Decimal | None = None,
    as_json: bool = False,
) -> None:
    """Shows the messages to be sent, and their cost."""
    if as_json:
        counts = {"messages": len(batch.rows), "credits": batch.credits, "cleaned": batch.cleaned}
        rows = {"mistakes": batch.invalid_rows, "borderline_lines": batch.borderline_lines}
        show_json({**counts, "repeated": batch.repeated, **rows})
        return
    _echo_invalid_rows(batch, file)
    invalid, repeated = len(batch.invalid_rows), batch.repeated
    shown = [(row.line, mask(row.number), row.pages, row.text[:60]) for row in batch.rows[:3]]
    if shown:
        echo_table(("Line", "Number", "Pages", "Text"), shown)
    echo_facts(
        [
            ("Messages", f"{len(batch.rows):,}"),
            ("Credits", f"{batch.credits:,} (1 per page in Kuwait, more abroad)"),
            ("Balance", None if balance is None else _format_balance(balance, batch.credits)),
            ("Cleaned", batch.cleaned),
            ("Duplicates", f"{repeated:,}, sent once" if repeated else None),
            ("Invalid rows", f"{invalid:,}, skipped" if invalid else None),
            (
                "Already sent",
                f"{already_sent:,} (see {file.name}.journal)" if already_sent else None,
            ),
        ]
    )
    if batch.borderline_lines:
        echo(f"{_list_lines(batch.borderline_lines)}: {BORDERLINE}", err=True)


def show_summary(summary: BulkSummary, batch: BulkBatch, file: Path, *, as_json: bool) -> None:
    """Shows the outcome of the rows, and what to do about those that failed."""
    counts = {outcome.value: count for outcome, count in summary.counts.items()}
    if as_json:
        show_json(
            {
                **counts,
                "unknown_in_all": len(summary.unknown),
                "unknown_lines": summary.unknown,
                "points_charged": summary.charged,
                "balance_after": summary.balance,
                "rows": summary.rows,
                "mistakes": batch.invalid_rows,
                "why": summary.not_tried_reason if summary.counts[RowOutcome.NOT_TRIED] else None,
                "trouble": summary.journal_error,
            }
        )
        return
    _echo_failures(summary.rows, file)
    echo_facts([(name.replace("_", " ").capitalize(), n) for name, n in counts.items() if n])
    echo_facts([("Charged", summary.charged), ("Balance", summary.balance)])
    _echo_remedies(summary)


def _echo_failures(rows: Sequence[RowResult], file: Path) -> None:
    for row in rows:
        if row.outcome not in (RowOutcome.ACCEPTED, RowOutcome.NOT_TRIED):
            details = (row.outcome.replace("_", " "), row.code, row.reason)
            echo(f"{file}:{row.line}: {' '.join(filter(None, details))}", err=True)


def _echo_remedies(summary: BulkSummary) -> None:
    if summary.journal_error:
        echo(summary.journal_error, err=True)
    if untried := summary.counts[RowOutcome.NOT_TRIED]:
        echo(
            f"{format_count(untried, 'row')} not tried. {summary.not_tried_reason} {RESUME_HINT}",
            err=True,
        )
    if summary.unknown:
        rows, lines = format_count(len(summary.unknown), "row"), _list_lines(summary.unknown)
        echo(f"{rows} may have been sent ({lines.lower()}). {ARCHIVE_HINT}", err=True)


def _list_lines(lines: Sequence[int]) -> str:
    """The lines of the file as words: `Lines 2, 5`; not more than MAX_SHOWN."""
    more = ", …" if len(lines) > MAX_SHOWN else ""
    noun = "Line" if len(lines) == 1 else "Lines"
    return f"{noun} {', '.join(map(str, lines[:MAX_SHOWN]))}{more}"


def _echo_invalid_rows(batch: BulkBatch, file: Path) -> None:
    for row in batch.invalid_rows[:MAX_SHOWN]:
        echo(f"{file}:{row.line}: {row.reason}", err=True)
    more = len(batch.invalid_rows) - MAX_SHOWN
    if more > 0:
        echo(f"… and {more:,} more invalid rows.", err=True)


def _format_balance(balance: Decimal, cost: int) -> str:
    """The balance, with a warning if it does not cover the cost."""
    return f"{balance:,f}" if cost <= balance else f"{balance:,f}, not enough"

"""Runs a bulk: checks the coverage, asks for confirmation, sends the rest and reports."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import NoReturn

import click

from kwtsms_bot.cli.bulk import report
from kwtsms_bot.cli.bulk.journal import Journal
from kwtsms_bot.cli.bulk.recorder import RunRecorder
from kwtsms_bot.cli.bulk.rows import BulkBatch, Row, group_calls
from kwtsms_bot.cli.interrupt import InterruptibleResult, run_interruptible
from kwtsms_bot.cli.output import USAGE, echo, exit_with
from kwtsms_client import Client, Coverage, NotSent, Outcome, SendResult, UnknownOutcome
from kwtsms_client.flow import check_sender, split_by_coverage, warnings
from kwtsms_client.results import NOT_TRIED

RETRIES = 3  # Of ERR028, after 16 s each: a number's second message may follow its first closely.
STOPPED = "You stopped the run."


@dataclass(frozen=True, slots=True)
class BulkOptions:
    """Options of a bulk."""

    file: Path
    skip_bad: bool
    yes: bool
    as_json: bool


def refuse(batch: BulkBatch, options: BulkOptions) -> None:
    """Exits if there are invalid rows, unless `skip_bad` is set and there are valid rows."""
    if batch.invalid_rows and not (options.skip_bad and batch.rows):
        exit_with(USAGE, partial(report.show_refusal, batch, options.file, as_json=options.as_json))


class BulkRunner:
    """Run of a bulk, with the client that sends it and the journal of earlier runs."""

    def __init__(self, sms: Client, journal: Journal, sender: str, options: BulkOptions) -> None:
        self.sms, self.journal, self.options = sms, journal, options
        self.sender = check_sender(sender)
        # With another sender ID, gateway or mode, the same row is another message.
        self.scope = "\0".join((sms.base_url, "test" if sms.test_mode else "live", self.sender))

    def send(self, batch: BulkBatch) -> NoReturn:
        """Sends the remaining rows, shows the summary, and exits."""
        if any(map(self._may_be_sent, batch.rows)):
            batch = self._with_coverage(batch)
            refuse(batch, self.options)
        rest = batch.with_rows(filter(self._may_be_sent, batch.rows))
        self._confirm(rest, already_sent=len(batch.rows) - len(rest.rows))
        with _progress(len(rest.rows), quiet=self.options.as_json) as on_progress:
            recorder = RunRecorder(self.journal, rest.rows, self.scope, on_progress)
            done = run_interruptible(self.sms, partial(self._send_calls, recorder, rest.rows))
        summary = report.BulkSummary(
            rows=tuple(recorder.results()),
            unknown=tuple(row.line for row in batch.rows if self._is_unknown(row)),
            charged=recorder.charged,
            balance=recorder.balance,
            not_tried_reason=_not_tried_reason(done),
            journal_error=recorder.journal_error,
        )
        options = self.options
        show = partial(report.show_summary, summary, batch, options.file, as_json=options.as_json)
        exit_with(summary.exit_code, show, at_once=done.result is None)

    def _may_be_sent(self, row: Row) -> bool:
        """Whether a row is still to be sent."""
        return self.journal.may_be_sent(row.key(self.scope))

    def _is_unknown(self, row: Row) -> bool:
        """Whether a row may or may not have been sent, in this run or before."""
        return self.journal.is_unknown(row.key(self.scope))

    def _with_coverage(self, batch: BulkBatch) -> BulkBatch:
        """Returns the batch with rows to countries that are not active as invalid ones."""
        coverage = _coverage(self.sms)
        if coverage is None:
            return batch
        left = [row for row in batch.rows if self._may_be_sent(row)]
        _, refused = split_by_coverage([row.number for row in left], coverage)
        reasons = {one.input: one.reason for one in refused}
        return batch.without({row: reasons[row.number] for row in left if row.number in reasons})

    def _confirm(self, rest: BulkBatch, *, already_sent: int) -> None:
        """Shows the preview, and asks for confirmation unless `--yes` was given."""
        must_confirm = bool(rest.rows) and not self.options.yes
        balance = _balance(self.sms) if must_confirm else None
        if not self.options.as_json:
            report.show_preview(
                rest, already_sent=already_sent, balance=balance, file=self.options.file
            )
        if rest.rows:
            for warning in warnings(self.sender, test=self.sms.test_mode):
                echo(warning, err=True)
        if must_confirm:
            kind = "test message" if self.sms.test_mode else "message"
            question = f"Send {report.format_count(len(rest.rows), kind)} from {self.sender}?"
            click.confirm(question, abort=True, err=True)

    def _send_calls(self, recorder: RunRecorder, rows: Sequence[Row]) -> list[SendResult]:
        messages = [([row.number for row in group], group[0].text) for group in group_calls(rows)]
        return self.sms.send_many(messages, sender=self.sender, retries=RETRIES, watch=recorder)


def _coverage(sms: Client) -> Coverage | None:
    """The active countries; None if only this reply of kwtSMS is unreadable.

    Raises:
        NotSent: kwtSMS does not answer other requests either; nothing was sent.
    """
    try:
        return sms.coverage()
    except UnknownOutcome:
        _balance(sms)
        return None


def _balance(sms: Client) -> Decimal:
    try:
        return sms.balance().available
    except UnknownOutcome as error:
        raise NotSent(f"Nothing was sent. {error}") from error


def _not_tried_reason(done: InterruptibleResult[list[SendResult]]) -> str:
    """The reason why the remaining rows were not tried."""
    if done.stopped:
        return STOPPED
    results = (one for result in done.result or () for one in result.recipients)
    reasons = (one.reason or "" for one in results if one.outcome is Outcome.NOT_SENT)
    return next(reasons, "").removeprefix(NOT_TRIED)


@contextmanager
def _progress(total: int, *, quiet: bool) -> Iterator[Callable[[int], object]]:
    """Shows a progress bar on a terminal; yields a function that takes the number of rows done."""
    if quiet or not total or sys.stderr is None or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 - loaded only when something is drawn.
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("Sending", total=total)
        yield lambda count: bar.update(task, completed=count)

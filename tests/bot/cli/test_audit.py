"""`kwtsms-bridge audit export`: the audit log as CSV or JSON lines, in the documented format."""

import csv
import io
import json
import os
import stat
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from kwtsms_bot.cli.audit import COLUMNS
from kwtsms_bot.outbox.store import Audit, AuditEntry
from support.database import AT, new_message, opened, outbox_in
from support.operator_cli import run_command, write_config

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "＝1")


async def ledger(folder: Path, url: str, details: Sequence[str]) -> None:
    """Writes an audit log with one entry for each of these details, a minute apart."""
    write_config(folder, url)
    async with opened(url) as database:
        for minute, detail in enumerate(details):
            at = AT + timedelta(minutes=minute)
            line = AuditEntry(at, "U1", "send", "refused", "send", detail, team="T1")
            await Audit(database).record(line)


async def test_both_formats_have_the_same_content(tmp_path: Path, database_url: str) -> None:
    """CSV and JSON lines have the same columns in the same order, and the same entries."""
    await ledger(tmp_path, database_url, ["first", 'a "quoted", second', "third\nwith a line"])
    table = await run_command(tmp_path, "audit", "export")
    lines = await run_command(tmp_path, "audit", "export", "--format", "jsonl")

    header, *rows = csv.reader(io.StringIO(table.out, newline=""))
    objects = [json.loads(line) for line in lines.out.splitlines()]
    assert header == list(COLUMNS) == list(objects[0])
    assert rows == [[str(value) for value in one.values()] for one in objects]
    assert [one["detail"] for one in objects][2] == "third\nwith a line"
    assert objects[0]["at"] == "2026-11-23T12:00:00.000000+00:00"
    assert objects[0]["id"] == 1


@pytest.mark.parametrize("form", ["csv", "jsonl"])
async def test_an_empty_ledger_is_no_error(tmp_path: Path, form: str) -> None:
    """An empty log gives a header (CSV) or nothing (JSON lines), and exit code 0."""
    await ledger(tmp_path, f"sqlite:///{tmp_path / 'bridge.sqlite3'}", [])
    done = await run_command(tmp_path, "audit", "export", "--format", form)

    assert (done.code, done.err) == (0, "")
    assert len(done.out.splitlines()) == (form == "csv")


async def test_a_spreadsheet_runs_no_cell(tmp_path: Path) -> None:
    """CSV has an apostrophe before a cell that looks like a formula; JSON is unchanged."""
    await ledger(tmp_path, f"sqlite:///{tmp_path / 'bridge.sqlite3'}", FORMULAS)
    table = await run_command(tmp_path, "audit", "export")
    lines = await run_command(tmp_path, "audit", "export", "--format", "jsonl")

    rows = list(csv.DictReader(io.StringIO(table.out, newline="")))
    assert [row["detail"] for row in rows] == [f"'{one}" for one in FORMULAS]
    assert [json.loads(line)["detail"] for line in lines.out.splitlines()] == list(FORMULAS)


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (("--since", "2026-11-23T12:01Z"), ["1", "2"]),
        (("--since", "2026-11-23T15:01"), ["1", "2"]),
        (("--until", "2026-11-23T15:01:00"), ["0"]),
        (("--since", "2026-11-23", "--until", "2026-11-24"), ["0", "1", "2"]),
        (("--since", "2026-11-24"), []),
    ],
    ids=" ".join,
)
async def test_times_are_kuwaits_unless_they_say_where(
    tmp_path: Path, options: tuple[str, ...], found: list[str]
) -> None:
    """A time without a zone is Kuwait's (UTC+3); `--until` excludes its own time."""
    await ledger(tmp_path, f"sqlite:///{tmp_path / 'bridge.sqlite3'}", ["0", "1", "2"])
    done = await run_command(tmp_path, "audit", "export", "--format", "jsonl", *options)

    assert [json.loads(line)["detail"] for line in done.out.splitlines()] == found


async def test_a_file_is_the_operators_alone(tmp_path: Path) -> None:
    """--output replaces symbolic links and writes a complete private file, or none."""
    await ledger(tmp_path, f"sqlite:///{tmp_path / 'bridge.sqlite3'}", ["0"])
    victim = tmp_path / "victim"
    victim.write_text("as it was")
    for name in ("ledger.csv", "ledger.csv.part"):  # Created by another user beforehand.
        (tmp_path / name).symlink_to(victim)
    done = await run_command(tmp_path, "audit", "export", "--output", "ledger.csv")
    lost = await run_command(tmp_path, "audit", "export", "--output", "missing/ledger.csv")

    nowhere = await run_command(tmp_path, "audit", "export", "--output", ".")

    file = tmp_path / "ledger.csv"
    assert victim.read_text() == "as it was"
    assert not file.is_symlink()
    assert (nowhere.code, nowhere.err.splitlines()[0][:22]) == (1, "Error: Can't write .: ")
    assert (done.code, done.out, done.err) == (0, "", "Exported 1 entry to ledger.csv.\n")
    assert len(file.read_text().splitlines()) == 2
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert lost.code == 1
    assert "Can't write missing/ledger.csv: No such file or directory." in lost.err
    assert {one.name for one in os.scandir(tmp_path)} == {
        "bridge.sqlite3",
        "config.yaml",
        "ledger.csv.part",
        "victim",
        file.name,
    }


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--since", "yesterday"), "'yesterday' isn't a date or time. Use 2026-11-24"),
        (("-c", "missing.yaml"), "missing.yaml: can't be read"),
        ((), "bridge.sqlite3 does not exist"),
    ],
    ids=["time", "configuration", "database"],
)
async def test_an_error_names_its_remedy(
    tmp_path: Path, words: tuple[str, ...], expected: str
) -> None:
    """An error gives exit code 2 and one sentence, and no database is created."""
    write_config(tmp_path, "sqlite:///bridge.sqlite3")
    done = await run_command(tmp_path, "audit", "export", *words)

    assert done.code == 2
    assert expected in done.err
    assert "Traceback" not in done.err
    assert not (tmp_path / "bridge.sqlite3").exists()


async def test_the_export_has_neither_number_nor_text(tmp_path: Path) -> None:
    """Like the audit log, the export contains masked numbers and no text."""
    url = f"sqlite:///{tmp_path / 'bridge.sqlite3'}"
    write_config(tmp_path, url)
    async with outbox_in(url) as outbox:
        await outbox.intake.accept(new_message(text="the-secret-text"), AT)
    done = await run_command(tmp_path, "audit", "export")

    assert "965•••••432" in done.out
    assert "98765432" not in done.out
    assert "the-secret-text" not in done.out

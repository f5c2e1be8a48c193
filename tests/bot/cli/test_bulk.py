"""`kwtsms-bridge bulk`: judged before, sent once, resumed after an interruption."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwtsms_bot.cli.journal import IN_FLIGHT, Journal
from kwtsms_bot.cli.rows import calls, fill, sheet, table
from kwtsms_client import InvalidInput
from kwtsms_sandbox.gateway import Fault
from support.shell import shell

GUESTS = "name,phone\nSara,96598765432\nNoura,+965 5123 4567\nSara,0096598765432\n"
TEXT = "Dear {name}, welcome."


def file(folder: Path, text: str = GUESTS) -> str:
    """A CSV file; its path."""
    path = folder / "guests.csv"
    path.write_text(text)
    return str(path)


async def test_each_row_gets_its_text_once(tmp_path: Path) -> None:
    """Columns fill the text; a row that stands there twice is sent once."""
    async with shell(tmp_path) as (running, run):
        done = await run("bulk", file(tmp_path), "--text", TEXT, "--yes", "--json")

        assert done.code == 0, done.err
        assert done.json["accepted"] == 2
        inboxes = running.gateway.inboxes()
        assert {number: [sms.text for sms in got] for number, got in inboxes.items()} == {
            "96598765432": ["Dear Sara, welcome."],
            "96551234567": ["Dear Noura, welcome."],
        }


async def test_bad_rows_are_told_before_anything_is_sent(tmp_path: Path) -> None:
    """Each with its line and its reason; nothing leaves."""
    text = GUESTS + "Tim,123\n,96598765433\n"
    async with shell(tmp_path) as (running, run):
        done = await run("bulk", file(tmp_path, text), "--text", TEXT, "--yes")

        assert done.code == 2
        assert "guests.csv:5: '123' is too short" in done.err
        assert "guests.csv:6: The column 'name' is empty" in done.err
        assert running.gateway.requests == []


async def test_a_dry_run_counts_and_sends_nothing(tmp_path: Path) -> None:
    """Messages and credits are known without an account."""
    async with shell(tmp_path) as (running, run):
        done = await run("bulk", file(tmp_path), "--text", TEXT, "--dry-run", "--json")

        assert (done.json["messages"], done.json["credits"], done.json["repeated"]) == (2, 2, 1)
        assert running.gateway.requests == []


async def test_a_second_run_sends_nothing_again(tmp_path: Path) -> None:
    """What was accepted is not sent a second time by the same command."""
    async with shell(tmp_path) as (running, run):
        words = ("bulk", file(tmp_path), "--text", TEXT, "--yes", "--json")
        await run(*words)
        again = await run(*words)

        assert again.json["accepted"] == 0
        assert len(running.gateway.ledger) == 2


async def test_what_is_unknown_is_not_sent_again(tmp_path: Path) -> None:
    """After a cut answer the rest goes out, and a second run leaves the unknown row alone."""
    async with shell(tmp_path) as (running, run):
        running.gateway.fault(Fault.RESET_AFTER, endpoint="send")
        words = ("bulk", file(tmp_path), "--text", TEXT, "--yes", "--json")
        first = await run(*words)
        second = await run(*words)

        assert (first.code, first.json["unknown"], first.json["accepted"]) == (5, 1, 1)
        assert (second.json["accepted"], second.json["unknown_in_all"]) == (0, 1)
        assert len(running.gateway.ledger) == 2


async def test_a_refusal_that_concerns_all_stops_the_rest(tmp_path: Path) -> None:
    """No credits: the rest is not tried, and goes out with the same command when there are some."""
    async with shell(tmp_path) as (running, run):
        words = ("bulk", file(tmp_path), "--text", TEXT, "--yes", "--json")
        running.gateway.set_credits(0)
        first = await run(*words)
        asked = len(running.gateway.requests)
        running.gateway.set_credits(10)
        second = await run(*words)

        assert (first.code, asked) == (3, 1)
        assert "run the same command again" in first.err
        assert second.json["accepted"] == 2


def test_a_row_in_flight_at_an_interruption_is_unknown(tmp_path: Path) -> None:
    """What was written down as in flight, and nothing after it, is never sent again."""
    path = tmp_path / "x.journal"
    with Journal(path) as journal:
        journal.note(["a", "b"], IN_FLIGHT)
        journal.note(["a"], "accepted")
        journal.note(["c"], "not_sent")
    path.write_text(path.read_text() + '{"row": "d", "sta')  # Torn: its call never left.
    with Journal(path) as journal:
        assert [journal.done(key) for key in "abcd"] == [True, True, False, False]
        assert journal.unknown("abcd") == 1


def test_a_journal_holds_no_number_and_is_nobodys_business(tmp_path: Path) -> None:
    """Hashes only, and no other user reads them."""
    found = sheet(table(GUESTS)[1], "phone", TEXT, None)
    with Journal(tmp_path / "x.journal") as journal:
        journal.note((row.key("MY-APP") for row in found.rows), IN_FLIGHT)

    assert "96598765432" not in journal.path.read_text()
    assert journal.path.stat().st_mode & 0o077 == 0


def test_a_damaged_journal_is_an_error(tmp_path: Path) -> None:
    """Not knowing what was sent, nothing is."""
    path = tmp_path / "x.journal"
    path.write_text('{"row": "a", "state": "accepted"}\nnonsense\n{"row": "b", "state": "x"}\n')

    with pytest.raises(InvalidInput, match=r"x\.journal:2 is damaged"):
        Journal(path)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_any_usual_delimiter_is_understood(delimiter: str) -> None:
    """Excel writes semicolons in many countries."""
    columns, rows = table(f"name{delimiter}phone\nSara{delimiter}96598765432\n")

    assert (columns, rows[0][1]["phone"]) == (["name", "phone"], "96598765432")


def test_a_call_has_one_text_and_at_most_200_numbers() -> None:
    """Equal texts go together."""
    lines = "phone\n" + "".join(f"965{90000000 + n}\n" for n in range(450))
    found = sheet(table(lines)[1], "phone", "hello", None)

    assert [len(group) for group in calls(found.rows)] == [200, 200, 50]


@given(st.text())
def test_no_file_raises_anything_else(text: str) -> None:
    """Whatever stands in it, it is rows or InvalidInput."""
    with suppress(InvalidInput):
        columns, rows = table(text)
        sheet(rows, columns[0], "{" + columns[0] + "}", None)


@given(st.text(), st.dictionaries(st.text(), st.text()))
def test_no_template_raises_anything_else(template: str, cells: dict[str, str]) -> None:
    """Braces in a text are a column or a mistake, never a format of Python's."""
    with suppress(InvalidInput):
        fill(template, cells)

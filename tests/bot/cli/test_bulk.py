"""`kwtsms-bridge bulk`, run as a command: checked, sent once, resumed after an interruption."""

import asyncio
import signal
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from kwtsms_bot.cli.bulk.journal import Journal
from kwtsms_bot.cli.bulk.runner import BulkOptions, BulkRunner
from kwtsms_client import Client, Credentials
from kwtsms_sandbox.gateway import Fault, Gateway, RunningGateway
from support.shell import RunningCommand, Shell, run_in_process, shell

GUESTS = "name,phone\nSara,96598765432\nNoura,+965 5123 4567\nSara,0096598765432\n"
TEXT = "Dear {name}, welcome."
DELIVERED = {"Dear Sara, welcome.", "Dear Noura, welcome."}


def file(folder: Path, text: str = GUESTS) -> str:
    """Writes a CSV file and returns its path."""
    path = folder / "guests.csv"
    path.write_text(text)
    return str(path)


def many(folder: Path, count: int) -> str:
    """Writes a CSV file of so many rows, each with its own text, and returns its path."""
    rows = [f"9659876{row:04},text {row}" for row in range(2, count + 2)]
    return file(folder, "\n".join(["to,text", *rows]))


def texts(gateway: Gateway) -> Counter[str]:
    """The texts that kwtSMS has accepted, and how often."""
    return Counter(entry.text for entry in gateway.ledger)


def sends(running: RunningGateway) -> int:
    """The number of send requests that the gateway has received."""
    return sum(request.endpoint == "send" for request in running.gateway.requests)


async def in_flight(running: RunningGateway, run: Shell, *words: str) -> RunningCommand:
    """Starts a bulk; returns while its first request is accepted but not answered."""
    running.gateway.withhold_responses()
    started = await run.start(*words)
    await running.gateway.until(lambda: len(running.gateway.ledger) > 0, timeout=20)
    return started


async def written(folder: Path, state: str) -> None:
    """Waits until the journal contains `state`."""
    journal = folder / "guests.csv.journal"
    while not (journal.exists() and state in journal.read_text()):
        await asyncio.to_thread(threading.Event().wait, 0.01)


def test_rows_that_a_seam_makes_too_long_are_named(tmp_path: Path) -> None:
    """The preview names the lines that kwtSMS may refuse for an eighth page by seams alone."""
    long = "a" * 152 + "€" + "b" * 917
    name = file(tmp_path, f"to,text\n96598765432,hello\n96598765432,{long}\n96551234567,{long}\n")
    shown = run_in_process("bulk", name, "--dry-run")
    found = run_in_process("bulk", name, "--dry-run", "--json").json

    assert shown.code == 0
    assert "Lines 3, 4: kwtSMS may refuse it (ERR012)" in shown.err
    assert (found["borderline_lines"], found["mistakes"]) == ([3, 4], [])


async def test_each_row_gets_its_text_once(tmp_path: Path) -> None:
    """Columns fill the text, a repeated row is sent once, and each row is reported."""
    async with shell(tmp_path) as (running, run):
        words = ("bulk", file(tmp_path), "--text", TEXT, "--from", "KWT-SMS", "--yes", "--json")
        done = await run(*words)
        ledger = running.gateway.ledger

        assert done.code == 0, done.err
        assert (done.json["accepted"], done.json["points_charged"]) == (2, 2)
        assert {entry.numbers: entry.text for entry in ledger} == {
            ("96598765432",): "Dear Sara, welcome.",
            ("96551234567",): "Dear Noura, welcome.",
        }
        assert {entry.sender for entry in ledger} == {"KWT-SMS"}
        assert "shared sender ID" in done.err
        assert [(row["line"], row["message_id"]) for row in done.json["rows"]] == [
            (line, entry.message_id) for line, entry in enumerate(ledger, 2)
        ]


def test_bad_rows_are_reported_before_anything_is_sent(tmp_path: Path) -> None:
    """Each bad row is reported with its line and reason, and no credentials are needed."""
    text = GUESTS + "Tim,123\n,96598765433\n"
    done = run_in_process("bulk", file(tmp_path, text), "--text", TEXT, "--yes")

    assert done.code == 2
    assert "guests.csv:5: '123' is too short" in done.err
    assert "guests.csv:6: The column 'name' is empty" in done.err
    assert "Nothing was sent: 2 invalid rows." in done.err


def test_where_all_rows_are_bad_there_is_nothing_to_skip_to(tmp_path: Path) -> None:
    """A file in which all rows are bad is an error, even with --skip-bad."""
    done = run_in_process("bulk", file(tmp_path, "to,text\n12,hello\n"), "--skip-bad", "--yes")

    assert done.code == 2
    assert "Nothing was sent: 1 invalid row. Fix them." in done.err


def test_a_dry_run_counts_and_sends_nothing(tmp_path: Path) -> None:
    """A dry run needs no credentials and creates no journal."""
    words = ("bulk", file(tmp_path), "--text", TEXT, "--dry-run")
    done, as_text = run_in_process(*words, "--json"), run_in_process(*words)

    assert (done.json["messages"], done.json["credits"], done.json["repeated"]) == (2, 2, 1)
    assert "Messages:   2" in as_text.out
    assert (done.code, as_text.code) == (0, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["guests.csv"]


def test_the_text_comes_from_standard_input(tmp_path: Path) -> None:
    """A text of `-` is read from standard input."""
    words = ("bulk", file(tmp_path), "--text", "-", "--dry-run")

    assert "Dear Sara, welcome." in run_in_process(*words, stdin=f"{TEXT}\r\n".encode()).out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Can't ask for confirmation without a terminal. Use --yes."),
        (("--yes", "--from", "MORE-THAN-ELEVEN"), "sender ID"),
        (("--yes", "--text", "Dear {nmae}"), "No column named 'nmae'"),
        (("--yes", "--to", "nobody"), "No column for phone numbers"),
        (("--yes", "--text", "\udcff{name}"), "isn't UTF-8"),
        (("--yes",), "KWTSMS_USERNAME is not set"),
    ],
)
def test_an_impossible_bulk_is_refused_before_anything_is_sent(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    """The command exits with 2 and leaves no journal."""
    done = run_in_process("bulk", file(tmp_path), "--text", TEXT, *words)

    assert (done.code, said in done.err) == (2, True)
    assert not (tmp_path / "guests.csv.journal").exists()


async def test_a_country_that_is_not_active_is_a_bad_row(tmp_path: Path) -> None:
    """Such a row is bad: kwtSMS would skip its number silently. --skip-bad sends the others."""
    text = "to,text\n96598765432,hello\n447911123456,hello\n96551234567,hello\n"
    async with shell(tmp_path) as (running, run):
        refused = await run("bulk", file(tmp_path, text), "--yes")
        sent = await run("bulk", file(tmp_path, text), "--yes", "--skip-bad")

        assert (refused.code, sent.code) == (2, 0)
        assert "guests.csv:3: This country is not active" in refused.err
        assert "guests.csv:3: This country is not active" in sent.err
        assert [len(entry.numbers) for entry in running.gateway.ledger] == [2]


async def test_a_second_run_sends_nothing_again(tmp_path: Path) -> None:
    """Accepted rows are not sent again, even if the file has another name."""
    async with shell(tmp_path) as (running, run):
        (tmp_path / "link.csv").symlink_to(file(tmp_path))
        words = ("--text", TEXT, "--yes", "--json")
        await run("bulk", "guests.csv", *words)
        again = await run("bulk", "link.csv", *words)

        assert (again.code, again.json["accepted"]) == (0, 0)
        assert texts(running.gateway) == Counter(DELIVERED)


async def test_a_kill_in_the_middle_sends_no_row_twice_and_loses_none(tmp_path: Path) -> None:
    """The rows in flight stay unknown, and the same command sends all others."""
    async with shell(tmp_path) as (running, run):
        words = ("bulk", many(tmp_path, 4), "--yes", "--json")
        killed = await in_flight(running, run, *words)
        killed.send_signal(signal.SIGKILL)
        await killed.end()
        left = texts(running.gateway)
        running.gateway.release_responses()
        done = await run(*words)

        assert done.code == 5
        assert 0 < done.json["unknown_in_all"] == len(left) < 4
        assert texts(running.gateway) == Counter(f"text {row}" for row in range(2, 6))
        assert [f"text {line}" for line in done.json["unknown_lines"]] == list(left)


async def test_ctrl_c_waits_for_what_has_left(tmp_path: Path) -> None:
    """The answer is awaited, no new call begins, and the same command sends the rest."""
    async with shell(tmp_path) as (running, run):
        words = ("bulk", many(tmp_path, 6), "--yes", "--json")
        stopped = await in_flight(running, run, *words)
        stopped.send_signal()
        await stopped.wait_for_output("Stopping")
        running.gateway.release_responses()
        first = await stopped.end()
        rest = await run(*words)

        assert (first.code, first.json["unknown"]) == (4, 0)
        assert 0 < first.json["accepted"] == 6 - first.json["not_tried"] < 6
        assert (rest.code, rest.json["accepted"]) == (0, first.json["not_tried"])
        assert texts(running.gateway) == Counter(f"text {row}" for row in range(2, 8))


async def test_ctrl_c_while_a_refused_row_waits_leaves_it_refused(tmp_path: Path) -> None:
    """A row refused by ERR028 is retried after 16 s; after Ctrl-C, the next run can send it."""
    async with shell(tmp_path) as (running, run):
        words = ("bulk", many(tmp_path, 1), "--yes", "--json")
        running.gateway.fault("ERR028", endpoint="send")
        stopped = await run.start(*words)
        await written(tmp_path, "rejected")
        stopped.send_signal()
        await stopped.wait_for_output("Stopping")
        first = await stopped.end()
        rest = await run(*words)

        assert (first.code, [row["code"] for row in first.json["rows"]]) == (3, ["ERR028"])
        assert (rest.code, rest.json["accepted"]) == (0, 1)


async def test_a_second_ctrl_c_waits_for_nothing(tmp_path: Path) -> None:
    """Rows in flight are reported as unknown, with their lines."""
    async with shell(tmp_path) as (running, run):
        words = ("bulk", many(tmp_path, 6), "--yes", "--json")
        stopped = await in_flight(running, run, *words)
        stopped.send_signal()
        await stopped.wait_for_output("Stopping")
        stopped.send_signal()
        done = await stopped.end()

        assert (done.code, done.json["accepted"]) == (5, 0)
        left = Counter(f"text {line}" for line in done.json["unknown_lines"])
        assert texts(running.gateway) == left
        assert 0 < done.json["unknown"] == 6 - done.json["not_tried"] < 6


async def test_two_runs_at_once_send_no_row_twice(tmp_path: Path) -> None:
    """The second run is refused while the first is running."""
    async with shell(tmp_path) as (running, run):
        words = ("bulk", file(tmp_path), "--text", TEXT, "--yes")
        first = await in_flight(running, run, *words)
        second = await run(*words)
        running.gateway.release_responses()

        assert (second.code, (await first.end()).code) == (2, 0)
        assert "Another run is sending guests.csv" in second.err
        assert texts(running.gateway) == Counter(DELIVERED)


async def test_a_full_disk_ends_the_run_and_the_next_one_sends_the_rest(tmp_path: Path) -> None:
    """A full disk gives one sentence without a traceback, and no unrecorded row is sent."""
    async with shell(tmp_path) as (running, run):
        words = ("bulk", many(tmp_path, 4), "--yes", "--json")
        full = await run(*words, at_most=500)
        before = texts(running.gateway)
        rest = await run(*words)

        assert (full.code, rest.code) == (4, 0)
        assert "Can't write" in full.json["trouble"]
        assert "Traceback" not in full.err
        assert 0 < before.total() < 4
        assert texts(running.gateway) == Counter(f"text {row}" for row in range(2, 6))


async def test_an_outage_ends_the_run(tmp_path: Path) -> None:
    """Only three rows become unknown; the next run sends the others."""
    async with shell(tmp_path) as (running, run):
        words = ("bulk", many(tmp_path, 6), "--yes", "--json")
        running.gateway.fault(Fault.HTML_502, endpoint="send", times=None)
        down = await run(*words)
        asked = sends(running)
        running.gateway.faults.clear()
        up = await run(*words)

        assert (down.code, asked) == (5, 3)
        assert (down.json["unknown"], down.json["not_tried"]) == (3, 3)
        assert "got no clear answer" in down.json["why"]
        assert (up.code, up.json["accepted"], up.json["unknown_in_all"]) == (5, 3, 3)


@pytest.mark.parametrize(
    ("options", "sender", "same"),
    [
        ({}, "MY-APP", True),
        ({"credentials": Credentials("another", "password")}, "MY-APP", True),
        ({"test_mode": True}, "MY-APP", False),
        ({"base_url": "http://127.0.0.1:2/API/"}, "MY-APP", False),
        ({}, "KWT-SMS", False),
    ],
)
def test_what_was_only_tried_out_is_still_to_be_sent(
    tmp_path: Path, options: dict[str, Any], sender: str, *, same: bool
) -> None:
    """Test mode, a sandbox or another sender ID makes a new message; another account does not."""
    settings: dict[str, Any] = {
        "credentials": Credentials("user", "password"),
        "base_url": "http://127.0.0.1:1",
    }
    bulk_options = BulkOptions(tmp_path / "x.csv", skip_bad=False, yes=True, as_json=True)
    with Journal(tmp_path / "x.csv.journal") as journal:
        scopes = [
            BulkRunner(Client(**settings), journal, "MY-APP", bulk_options).scope,
            BulkRunner(Client(**{**settings, **options}), journal, sender, bulk_options).scope,
        ]

    assert (scopes[0] == scopes[1]) == same


async def test_an_outage_before_anything_is_sent_makes_nothing_unknown(tmp_path: Path) -> None:
    """The coverage request fails first, so that the command can be repeated safely."""
    async with shell(tmp_path) as (running, run):
        running.gateway.fault(Fault.HTML_502, times=None)
        done = await run("bulk", file(tmp_path), "--text", TEXT, "--yes")

        assert (done.code, sends(running)) == (4, 0)
        assert "Nothing was sent." in done.err


async def test_a_refused_text_concerns_its_own_row(tmp_path: Path) -> None:
    """The rejected row is reported with its line and reason, and the others are sent."""
    text = "to,text\n96598765432,hello\n96598765433,badword\n96598765434,bye\n"
    async with shell(tmp_path) as (running, run):
        done = await run("bulk", file(tmp_path, text), "--yes")

        assert done.code == 3
        assert "guests.csv:3: rejected ERR031 " in done.err
        assert texts(running.gateway) == Counter(["hello", "bye"])


async def test_a_refusal_that_concerns_all_stops_the_rest(tmp_path: Path) -> None:
    """Without credits, the rest is not tried, and the output explains how to continue."""
    async with shell(tmp_path) as (running, run):
        words = ("bulk", file(tmp_path), "--text", TEXT, "--yes")
        running.gateway.set_credits(0)
        first = await run(*words)
        asked = sends(running)

        assert (first.code, asked) == (3, 1)
        assert "1 row not tried. Your balance is zero. Run the same command again" in first.err


@pytest.mark.parametrize(("keys", "sent"), [(b"y\n", 2), (b"n\n", 0)])
async def test_a_person_is_asked_first(tmp_path: Path, keys: bytes, sent: int) -> None:
    """The question shows the number of messages, the sender ID, test mode and the balance."""
    async with shell(tmp_path) as (running, run):
        words = ("bulk", file(tmp_path), "--text", TEXT)
        done = await run.run_at_terminal(*words, keys=keys, KWTSMS_TEST_MODE="1")

        assert (done.code, len(running.gateway.ledger)) == (0 if sent else 4, sent)
        assert "Send 2 test messages from MY-APP?" in done.err
        assert "Test mode: nothing is delivered" in done.err
        assert "Balance: 1,000" in " ".join(done.out.split())


def test_bad_rows_are_shown_although_nobody_can_be_asked(tmp_path: Path) -> None:
    """Without a terminal the preview comes first, then the word that --yes is missing."""
    guests = tmp_path / "mixed.csv"
    guests.write_text("to,text\n96598765432,hello\n12,hello\n")
    done = run_in_process("bulk", str(guests), "--skip-bad")

    assert done.code == 2
    assert "mixed.csv:3: '12' is too short" in done.err
    assert "Invalid rows: 1, skipped" in done.out
    assert done.err.index("'12'") < done.err.index("Use --yes")

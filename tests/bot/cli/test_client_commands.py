"""The client's commands, run in a shell against the gateway sandbox."""

import signal
from decimal import Decimal
from pathlib import Path

import pytest

from kwtsms_bot.cli.output import show_json
from kwtsms_bot.cli.validate import _gateway_verdicts
from kwtsms_client import Outcome, RecipientResult, Validation
from kwtsms_sandbox.gateway import Fault, Gateway
from support.gateway import KUWAIT
from support.shell import run_in_process, shell

ABROAD = "447911123456"  # Not active on the account.
SEVEN_PAGES = "a" * 152 + "€" + "b" * 917  # Eight with the seam at €.


def texts(gateway: Gateway) -> list[str]:
    """The texts that the phone has received."""
    return [sms.text for sms in gateway.inbox(KUWAIT)]


async def test_send_sends(tmp_path: Path) -> None:
    """The text is delivered, the exit code is 0, and removed characters are reported."""
    async with shell(tmp_path) as (running, run):
        done = await run("send", KUWAIT, "Backup failed 🎉", "--json", KWTSMS_SENDER_ID="KWT-SMS")

        assert done.code == 0
        assert texts(running.gateway) == ["Backup failed"]
        assert done.json["recipients"][0]["outcome"] == "accepted"
        assert done.json["points_charged"] == 1
        assert done.json["cleaned"] == "Removed 1 emoji."
        assert "shared sender ID" in done.json["warnings"][0]


async def test_a_test_says_that_it_is_one(tmp_path: Path) -> None:
    """The output says that test mode delivers nothing, so that nobody waits for the message."""
    async with shell(tmp_path) as (running, run):
        done = await run("send", KUWAIT, "<b>hello", KWTSMS_TEST_MODE="1")

        assert (done.code, texts(running.gateway)) == (0, [])
        assert "Test mode: nothing is delivered" in done.err
        assert "Cleaned: Removed 1 HTML tag." in done.out


async def test_the_text_comes_from_standard_input(tmp_path: Path) -> None:
    """A text may come from a pipe, with any line ending."""
    async with shell(tmp_path) as (running, run):
        done = await run("send", KUWAIT, stdin="انقطع الاتصال\r\n".encode())

        assert done.code == 0, done.err
        assert texts(running.gateway) == ["انقطع الاتصال"]


def test_a_dry_run_sends_nothing() -> None:
    """A dry run shows the recipients and credits without credentials."""
    numbers = f"{KUWAIT},0501234567,12"
    done = run_in_process("send", numbers, "🔴 down", "--dry-run", "--skip-bad")
    local = run_in_process("send", "98765432", "down", "--dry-run", "--country", "+965", "--json")

    assert done.code == 0
    assert "1 emoji" in done.out
    assert "looks like a local number" in " ".join(done.out.split())
    assert "'12' is too short" in done.out
    assert "Credits: 1 (" in " ".join(done.out.split())
    assert (local.json["recipients"], local.json["credits"]) == (["96598765432"], 1)


@pytest.mark.parametrize("dry", [(), ("--dry-run",)], ids=["for real", "dry run"])
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("abc", "hello"), "not a phone number"),
        ((KUWAIT, "🎉"), "empty"),
        ((KUWAIT, "م" * 470), "8 pages"),
        ((KUWAIT, "hello", "--from", "MORE-THAN-ELEVEN"), "sender ID"),
        ((f"{KUWAIT},abc", "hello"), "Fix the numbers, or use --skip-bad to skip them"),
        ((KUWAIT, "caf\udce9"), "isn't UTF-8"),
        ((KUWAIT, "hello", "--country", "xyz"), "isn't a known country code"),
        ((KUWAIT, "hello", "--country", "999"), "isn't a known country code"),
        (("98765432", "hello", "--country", "none"), "Did you mean 965 9876 5432 (Kuwait)?"),
        (("123", "hello"), "3 digits"),
        (("Server 192.168.10.200 down", KUWAIT), "Put the number first."),
        (("Order 55667788 is ready", KUWAIT), "Put the number first."),
        (("9,65988E+10", "hello"), "A spreadsheet wrote it as a decimal"),
        ((f"{KUWAIT},9,65988e10", "hello"), "'9,65988e10' isn't a phone number."),
        (("9.65988E+10", "hello"), "A spreadsheet wrote it as a decimal"),
    ],
)
def test_wrong_input_is_refused_with_a_reason(
    words: tuple[str, ...], said: str, dry: tuple[str, ...]
) -> None:
    """Wrong input gives exit code 2 and a reason, in a dry run too."""
    done = run_in_process("send", *words, *dry)

    assert (done.code, said in done.err) == (2, True)


async def test_a_bad_number_blocks_the_others_until_it_is_skipped(tmp_path: Path) -> None:
    """No number is skipped silently: `send` refuses the list unless --skip-bad is given."""
    async with shell(tmp_path) as (running, run):
        refused = await run("send", f"{KUWAIT},abc", "hello")
        asked = len(running.gateway.requests)
        sent = await run("send", f"{KUWAIT},abc", "hello", "--skip-bad")

        assert (refused.code, asked, sent.code) == (2, 0, 0)
        assert "not a phone number" in sent.out
        assert texts(running.gateway) == ["hello"]


@pytest.mark.parametrize(
    ("file", "environment", "words", "numbers"),
    [
        ("", {}, ("98765432",), ["96598765432"]),
        ("", {}, ("+98765432",), None),
        ("KWTSMS_COUNTRY=966", {}, ("0501234567",), ["966501234567"]),
        ("KWTSMS_COUNTRY=966", {"KWTSMS_COUNTRY": "+971"}, ("0501234567",), ["971501234567"]),
        ("", {"KWTSMS_COUNTRY": "966"}, ("98765432", "--country", "00965"), ["96598765432"]),
        ("", {"KWTSMS_COUNTRY": "966"}, ("98765432",), None),
        ("", {"KWTSMS_COUNTRY": "none"}, ("98765432",), None),
        ("", {}, ("98765432", "--country", "none"), None),
    ],
)
def test_a_local_number_is_one_of_the_default_country(
    file: str,
    environment: dict[str, str],
    words: tuple[str, ...],
    numbers: list[str] | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The country is that of the option, the environment, the file, or else Kuwait."""
    (tmp_path / "x.env").write_text(file)
    monkeypatch.delenv("KWTSMS_COUNTRY", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    done = run_in_process(
        "send",
        words[0],
        "hello",
        *words[1:],
        *("--dry-run", "--json", "--env", str(tmp_path / "x.env")),
    )

    assert done.code == (0 if numbers else 2)
    assert done.json.get("recipients") == numbers


def test_an_unknown_country_in_the_environment_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A misspelt country would complete no number, unnoticed."""
    monkeypatch.setenv("KWTSMS_COUNTRY", "Kuwait")

    done = run_in_process("validate", "98765432", "--offline")

    assert done.code == 2
    assert "KWTSMS_COUNTRY: 'Kuwait' isn't a known country code" in done.err


async def test_a_local_number_is_sent_to(tmp_path: Path) -> None:
    """A number without country code is one in Kuwait, as for the bot and Apprise."""
    async with shell(tmp_path) as (running, run):
        refused = run_in_process("send", "98765432", "hello", "--country", "none")
        sent = await run("send", "98765432", "hello")

        assert (refused.code, sent.code) == (2, 0)
        assert "Did you mean 965 9876 5432 (Kuwait)?" in refused.err
        assert [sms.text for sms in running.gateway.inbox("96598765432")] == ["hello"]


@pytest.mark.parametrize(
    ("fault", "code"),
    [("ERR031", 3), (Fault.HTML_502, 5), (None, 4)],
    ids=["rejected", "unknown", "not sent"],
)
async def test_the_exit_code_shows_the_outcome(
    tmp_path: Path, fault: Fault | str | None, code: int
) -> None:
    """Exit codes 3 (rejected), 5 (unknown) and 4 (not sent) tell a script if it may repeat."""
    async with shell(tmp_path) as (running, run):
        if fault is None:
            await running.stop()
        else:
            running.gateway.fault(fault, endpoint="send")
        done = await run("send", KUWAIT, "hello")

        assert done.code == code


async def test_numbers_that_were_left_out_are_reported(tmp_path: Path) -> None:
    """The outcome is unknown, because kwtSMS does not say which numbers it took."""
    async with shell(tmp_path) as (running, run):
        done = await run("send", f"{KUWAIT},{ABROAD}", "hello")

        assert done.code == 5
        assert "took 1 of 2 numbers" in " ".join(done.out.split())
        assert [entry.numbers for entry in running.gateway.ledger] == [(KUWAIT,)]


@pytest.mark.parametrize("output", ["| true", "> /dev/full", ">&-"])
async def test_a_sent_message_is_sent_though_nobody_reads_the_output(
    tmp_path: Path, output: str
) -> None:
    """If the output cannot be written, the exit code still says that the message was sent."""
    async with shell(tmp_path) as (running, run):
        done = await run.script(f"kwtsms-bridge send {KUWAIT} hello {output}")

        assert (done.code, done.err) == (0, "")
        assert texts(running.gateway) == ["hello"]


async def test_an_answer_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """A command that only queries fails if its answer cannot be written."""
    async with shell(tmp_path) as (_, run):
        done = await run.script("kwtsms-bridge balance > /dev/full")

        assert done.code == 1
        assert done.err == "Error: Can't write the output: No space left on device.\n"


async def test_ctrl_c_waits_for_the_answer(tmp_path: Path) -> None:
    """After one Ctrl-C, the command waits for the answer and reports the outcome as usual."""
    async with shell(tmp_path) as (running, run):
        running.gateway.withhold_responses()
        stopped = await run.start("send", KUWAIT, "hello", "--json")
        await running.gateway.until(lambda: len(running.gateway.ledger) > 0, timeout=20)
        stopped.send_signal()
        await stopped.wait_for_output("Stopping")
        running.gateway.release_responses()
        done = await stopped.end()

        assert (done.code, done.json["recipients"][0]["outcome"]) == (0, "accepted")


async def test_a_second_ctrl_c_says_that_it_may_have_been_sent(tmp_path: Path) -> None:
    """The command stops waiting, and exit code 5 keeps a script from repeating it."""
    async with shell(tmp_path) as (running, run):
        running.gateway.withhold_responses()
        stopped = await run.start("send", KUWAIT, "hello", "--json")
        await running.gateway.until(lambda: len(running.gateway.ledger) > 0, timeout=20)
        stopped.send_signal()
        await stopped.wait_for_output("Stopping")
        stopped.send_signal()
        done = await stopped.end()

        assert (done.code, done.json["exit_code"]) == (5, 5)
        assert "may have been sent" in done.json["error"]


def test_missing_credentials_are_named() -> None:
    """The error names the missing variable."""
    done = run_in_process("balance")

    assert done.code == 2
    assert "KWTSMS_USERNAME is not set" in done.err


@pytest.mark.parametrize(
    "words",
    [
        ("balance",),
        ("senders",),
        ("coverage",),
        ("validate", KUWAIT),
        ("send", KUWAIT, "hello"),
        ("status", "0" * 32),
        ("dlr", "0" * 32),
        ("doctor",),
    ],
    ids=lambda words: words[0],
)
async def test_quotes_around_credentials_are_warned_about(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    """The warning names the variable and shows no value: `docker run --env-file` keeps quotes."""
    async with shell(tmp_path) as (_, run):
        done = await run(*words, KWTSMS_PASSWORD="'secret-word'")

    assert "KWTSMS_PASSWORD has quotes around it" in done.err + done.out
    assert "KWTSMS_USERNAME has" not in done.err + done.out
    assert "secret-word" not in done.err + done.out


def test_a_text_that_a_seam_makes_too_long_is_shown_first() -> None:
    """A dry run says that kwtSMS may refuse an eighth page by the seams alone."""
    done = run_in_process("send", KUWAIT, SEVEN_PAGES, "--dry-run")

    assert done.code == 0
    assert "kwtSMS may refuse it (ERR012)" in done.out


async def test_a_lost_terminal_lets_the_message_finish(tmp_path: Path) -> None:
    """SIGHUP is a stop as Ctrl-C is: the answer is waited for and decides the exit code."""
    async with shell(tmp_path) as (running, run):
        running.gateway.withhold_responses()
        stopped = await run.start("send", KUWAIT, "hello", "--json")
        await running.gateway.until(lambda: len(running.gateway.ledger) > 0, timeout=20)
        stopped.send_signal(signal.SIGHUP)
        await stopped.wait_for_output("Stopping")
        running.gateway.release_responses()
        done = await stopped.end()

        assert (done.code, done.json["recipients"][0]["outcome"]) == (0, "accepted")


async def test_the_questions_are_answered(tmp_path: Path) -> None:
    """Balance, senders, coverage, validate, status and dlr all answer."""
    async with shell(tmp_path) as (running, run):
        # Commands that people type come further apart.
        running.gateway.configure(requests_per_second=None)
        message_id = (await run("send", KUWAIT, "hello", "--json")).json["recipients"][0][
            "message_id"
        ]

        assert (await run("balance", "--json")).json["available"] == 999
        assert "MY-APP" in (await run("senders")).out
        assert "Kuwait" in (await run("coverage")).out
        assert (await run("status", message_id, "--json")).json["status"] == "sent"
        dlr = await run("dlr", message_id)
        assert (dlr.code, "ERR021" in dlr.err) == (3, True)


async def test_numbers_are_judged_by_form_and_by_kwtsms(tmp_path: Path) -> None:
    """The exit code is 2 if a number is malformed, else 3 if kwtSMS refuses one."""
    async with shell(tmp_path) as (_, run):
        refused = await run("validate", f"{KUWAIT},{ABROAD}", "--json")
        malformed = await run("validate", "-", "--json", stdin=f"{KUWAIT}\n{ABROAD}\nabc".encode())

        assert (refused.code, malformed.code) == (3, 2)
        assert refused.json == {
            KUWAIT: "ok",
            ABROAD: "rejected: this country isn't enabled on your account",
        }
        assert malformed.json.items() > refused.json.items()
        assert "not a phone number" in malformed.json["abc"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("abc",), 2, "not a phone number"),
        (("-",), 2, "Add at least one phone number."),
        ((f"{KUWAIT},{KUWAIT}", "--offline"), 0, "valid"),
        ((KUWAIT, "12", "--offline"), 2, "'12' is too short"),
        ((KUWAIT, "9876\udcff5432", "--offline"), 2, "isn't UTF-8"),
        (("\x1b]0,\x07", "--offline"), 2, "\\x1b]0"),
    ],
)
def test_what_is_no_number_is_not_asked_about(words: tuple[str, ...], code: int, said: str) -> None:
    """An invalid number is not sent to kwtSMS, and its control characters are not printed."""
    done = run_in_process("validate", *words)

    assert done.code == code
    assert said in done.out + done.err
    assert "\x1b" not in done.out


def test_what_kwtsms_says_nothing_of_is_unknown() -> None:
    """An unanswered number has its reason and exit code 5, a refused one exit code 3."""
    left_out = RecipientResult(KUWAIT, Outcome.UNKNOWN, reason="The reply says nothing of it.")
    refused = RecipientResult(ABROAD, Outcome.REJECTED, reason="The balance is zero.")

    assert _gateway_verdicts(Validation((), (), (), unanswered=(left_out, refused))) == {
        KUWAIT: ("The reply says nothing of it.", 5),
        ABROAD: ("The balance is zero.", 3),
    }


def test_pages_are_counted_offline() -> None:
    """The page count needs no gateway and no account."""
    report = run_in_process("pages", "It’s down", "--json").json

    assert (report["pages"], report["encoding"], report["forcing"]) == (1, "ucs2", ["’"])


async def test_standard_input_may_be_closed(tmp_path: Path) -> None:
    """Closed standard input gives one sentence and no traceback."""
    async with shell(tmp_path) as (_, run):
        done = await run.script("kwtsms-bridge pages <&-")

        assert done.code == 2
        assert done.err == "Error: The message is missing: standard input is closed.\n"


async def test_no_output_contains_the_password(tmp_path: Path) -> None:
    """No output shows the password, whether the command succeeds or fails."""
    async with shell(tmp_path) as (running, run):
        account = running.gateway.account
        running.gateway.change_account(password="another")
        done = [await run("balance"), await run("send", KUWAIT, "hello", "--json")]

        assert [one.code for one in done] == [3, 3]
        assert account.password not in "".join(one.out + one.err for one in done)


def test_a_piped_table_has_a_line_for_each_row() -> None:
    """Nothing is folded where no person reads it in a terminal."""
    numbers = ",".join([KUWAIT, "98765432123456789012", "0501234567"])
    done = run_in_process("send", numbers, "hello", "--dry-run", "--skip-bad")
    rows = [line for line in done.out.splitlines() if line[:1].isdigit()]

    assert [row.split()[0] for row in rows] == numbers.split(",")
    assert max(map(len, rows)) > 80


async def test_the_shared_sender_is_named_before_anything_is_charged(tmp_path: Path) -> None:
    """The warning is on the screen even if the request then fails, and only once."""
    async with shell(tmp_path) as (running, run):
        running.gateway.fault(Fault.RESET_AFTER, endpoint="send")
        failed = await run("send", KUWAIT, "hello", KWTSMS_SENDER_ID="KWT-SMS")
        sent = await run("send", KUWAIT, "hello", KWTSMS_SENDER_ID="KWT-SMS")

    assert failed.code != 0
    assert [done.err.count("shared sender ID") for done in (failed, sent)] == [1, 1]


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        ("999", "999"),
        ("1E+2", "100"),
        ("0.1", "0.1"),
        ("-12.50", "-12.5"),
        ("0.12345678901234567891", "0.12345678901234568"),
        ("NaN", "null"),
    ],
)
def test_every_amount_in_json_is_a_number(
    amount: str, written: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A program never has to parse a string to calculate with an amount."""
    show_json({"amounts": [Decimal(amount)]})

    assert capsys.readouterr().out == f'{{"amounts": [{written}]}}\n'


async def test_people_read_words_and_programs_read_numbers(tmp_path: Path) -> None:
    """No name of a state is in a table, and amounts are numbers in JSON."""
    async with shell(tmp_path) as (running, run):
        running.gateway.configure(partial_acceptance=True)
        refused = await run("send", KUWAIT, "hello", KWTSMS_BASE_URL="http://127.0.0.1:9/API/")
        balance = await run("balance", "--json")

    assert "not sent" in refused.out
    assert "not_sent" not in refused.out
    assert balance.json["available"] == 1000

"""`kwtsms-bridge forget`: confirms first, erases, and lists what it cannot erase."""

from pathlib import Path

import pytest

from kwtsms_bot.cli.forget import ELSEWHERE
from support.database import NUMBER, OTHER, opened, outbox_in
from support.leak_search import cells, on_disk, traces
from support.message_states import Secret, deferred, sent
from support.operator_cli import PASSWORD, run_command, write_config
from support.shell import CommandResult

MASKED = "965•••••432"


def url(folder: Path) -> str:
    """The URL of this folder's database."""
    return f"sqlite:///{folder / 'bridge.sqlite3'}"


async def prepare(folder: Path, **sections: object) -> None:
    """Stores one message to the number and one to another number."""
    write_config(folder, url(folder), **sections)
    async with outbox_in(url(folder)) as outbox:
        await sent(outbox, Secret(NUMBER, "the-secret-text"))
        await sent(outbox, Secret(OTHER, "the-other-text"))


async def left(folder: Path, *secrets: str) -> set[str]:
    """The places where the database still contains one of these."""
    async with opened(url(folder)) as database:
        return await traces(database, *secrets)


@pytest.mark.parametrize(
    "written", ["96598765432", "+965 9876-5432", "0096598765432", "98765432", "٩٨٧٦٥٤٣٢"]
)
async def test_a_number_in_any_form_is_forgotten(tmp_path: Path, written: str) -> None:
    """The number is erased from tables and files, and the other number's message is unchanged."""
    await prepare(tmp_path)
    done = await run_command(tmp_path, "forget", written, "--yes")

    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"{MASKED} was erased:")
    assert on_disk(tmp_path, NUMBER, "98765432", "the-secret-text") == set()
    assert await left(tmp_path, "the-other-text") == {"message.text", "attempt.status"}


async def test_it_can_be_read_from_standard_input(tmp_path: Path) -> None:
    """The number can be read from standard input, to keep it out of the shell's history."""
    await prepare(tmp_path)
    done = await run_command(tmp_path, "forget", "-", "--yes", stdin=b"98765432\n")

    assert done.code == 0
    assert await left(tmp_path, NUMBER) == set()


async def test_a_dry_run_and_a_question_change_nothing(tmp_path: Path) -> None:
    """--dry-run only reports, and without a terminal the command needs --yes."""
    await prepare(tmp_path)
    async with opened(url(tmp_path)) as database:
        before = await cells(database)
    rehearsal = await run_command(tmp_path, "forget", NUMBER, "--dry-run")
    asked = await run_command(tmp_path, "forget", NUMBER)
    async with opened(url(tmp_path)) as database:
        after = await cells(database)

    assert rehearsal.code == 0
    assert f"{MASKED} would be erased:\nMessages:" in rehearsal.out
    assert asked.code == 2
    assert "Use --yes or --dry-run." in asked.err
    assert before == after


async def test_queued_messages_are_kept_or_cancelled(tmp_path: Path) -> None:
    """A queued message gives exit code 1 unless --cancel is given."""
    write_config(tmp_path, url(tmp_path))
    async with outbox_in(url(tmp_path)) as outbox:
        await deferred(outbox, Secret(NUMBER, "the-secret-text"))
        (message,) = await outbox.messages.recent("U1", 1)
    kept = await run_command(tmp_path, "forget", NUMBER, "--yes")
    done = await run_command(tmp_path, "forget", NUMBER, "--yes", "--cancel", "--json")

    assert kept.code == 1
    assert f"Kept: {message.ref} is queued." in kept.out
    assert "--cancel" in kept.out
    assert done.code == 0
    assert done.json | {"elsewhere": []} == {
        "phone": MASKED,
        "messages": 1,
        "texts": 1,
        "unknown": 0,
        "named": 0,
        "alerts": 0,
        "answers": 0,
        "drafts": 0,
        "cancelled": 1,
        "kept": [],
        "done": True,
        "phonebook": [],
        "elsewhere": [],
    }


async def test_it_says_what_it_cannot_erase(tmp_path: Path) -> None:
    """The output lists Slack, kwtSMS, phones, backups, files and the name in the phone book."""
    await prepare(tmp_path, phonebook={"contacts": {"sara": "98765432", "ali": OTHER}})
    done = await run_command(tmp_path, "forget", NUMBER, "--yes")
    again = await run_command(tmp_path, "forget", NUMBER, "--yes")

    for one in (done, again):
        assert [where for where in ELSEWHERE if where not in one.out] == []
        assert "Remove it from the phonebook in config.yaml: sara." in one.out
    assert f"Nothing is stored about {MASKED}." in again.out


async def test_nothing_that_it_says_has_the_number(tmp_path: Path) -> None:
    """The output may be kept in a log, so it contains no number, text or secret."""
    await prepare(tmp_path)
    said: list[CommandResult] = [
        await run_command(tmp_path, "forget", NUMBER, "--dry-run"),
        await run_command(tmp_path, "forget", NUMBER, "--yes", "--json"),
        await run_command(tmp_path, "audit", "export"),
    ]
    out = "".join(one.out + one.err for one in said)

    assert [
        one for one in (NUMBER, "98765432", "the-secret-text", PASSWORD, "xoxb") if one in out
    ] == []


@pytest.mark.parametrize(
    ("words", "expected"),
    [(("123",), "'123' is too short"), ((NUMBER,), "bridge.sqlite3 does not exist")],
    ids=["number", "database"],
)
async def test_an_error_names_its_remedy(
    tmp_path: Path, words: tuple[str, ...], expected: str
) -> None:
    """An error gives exit code 2 and no traceback."""
    write_config(tmp_path, url(tmp_path))
    done = await run_command(tmp_path, "forget", *words, "--yes")

    assert done.code == 2
    assert expected in done.err
    assert "Traceback" not in done.err

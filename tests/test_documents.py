"""The documents agree with the code."""

import importlib
import importlib.util
import re
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import click
import pytest

from kwtsms_bot import cli
from kwtsms_bot.balance import forecast
from kwtsms_bot.balance.rules import NoticeKind
from kwtsms_bot.balance.store import digest, own_usage
from kwtsms_bot.cli.audit import COLUMNS as AUDIT_COLUMNS
from kwtsms_bot.cli.bulk.journal import TRANSITIONS as JOURNAL
from kwtsms_bot.cli.bulk.journal import RowState as BulkState
from kwtsms_bot.cli.bulk.recorder import RowOutcome
from kwtsms_bot.commands.policy import ROLES, Permission
from kwtsms_bot.commands.router import COMMANDS
from kwtsms_bot.commands.status_text import STATE_TEXTS
from kwtsms_bot.config import BalanceAlertSettings
from kwtsms_bot.outbox.delivery import rules
from kwtsms_bot.outbox.dispatch import retry
from kwtsms_bot.outbox.flow_control import circuit_breaker
from kwtsms_bot.outbox.states import TRANSITIONS, State
from kwtsms_bot.slack.manifest import OPTIONAL_SCOPES, SCOPES

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/*.md")])


def rows(page: str, first: str) -> dict[str, list[str]]:
    """Returns the rows of a page's table whose first column is `first`, by their first cell."""
    text = (ROOT / page).read_text()
    table = text[text.index(f"| {first} |") :].split("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return {row[0].strip("`"): row[1:] for row in cells}


def test_every_state_is_explained_with_its_steps() -> None:
    """The table of states in docs/outbox.md is the one in the code."""
    written = {
        state: {word.strip() for word in row[1].split(",")} - {"–"}
        for state, row in rows("docs/outbox.md", "state").items()
    }

    assert written == {
        state.value: {after.value for after in following}
        for state, following in TRANSITIONS.items()
    }


def test_every_state_has_words_for_people() -> None:
    """Every state has a text, so none is shown by its bare name."""
    assert set(STATE_TEXTS) == set(State)


@pytest.mark.parametrize(
    ("what", "delays"),
    [
        ("no connection", retry.NO_CONNECTION_DELAYS),
        ("ERR013 (queue full)", retry.QUEUE_FULL_DELAYS),
        ("ERR028 (same number within 15 s)", (retry.TOO_SOON_SECONDS,)),
        ("no readable answer, three times in a row", circuit_breaker.PROBE_DELAYS),
    ],
)
def test_the_delays_are_those_of_the_code(what: str, delays: tuple[int, ...]) -> None:
    """docs/outbox.md lists the retry delays."""
    (written,) = rows("docs/outbox.md", "what happened")[what]

    assert [int(number) for number in re.findall(r"\d+", written)] == list(delays)


def test_every_command_has_its_row_and_its_role() -> None:
    """docs/commands.md lists each command as typed, with the lowest role that may use it."""
    written = {form: row[1] for form, row in rows("docs/commands.md", "command").items()}

    assert written == {
        command.command_line("/sms", command.usage): ROLES.get(command.permission, ("–",))[0]
        for command in COMMANDS.values()
    }


def shell_options(command: click.Command, path: str) -> Iterator[tuple[str, set[str]]]:
    """Each command of the shell with the spellings of its options, without --help."""
    yield (
        path,
        {name for one in command.params if one.param_type_name == "option" for name in one.opts},
    )
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from shell_options(below, f"{path} {name}".strip())


def test_every_command_and_option_is_in_the_shells_page() -> None:
    """docs/cli.md has a heading for each command, in its section, and a row for each option."""
    introduction, *sections = (ROOT / "docs/cli.md").read_text().split("\n### ")
    written = {
        name: set(re.findall(r"(?<=[`\s])--?[a-zA-Z][a-z-]*", "".join(rows_of_options(text))))
        for name, _, text in (section.partition("\n") for section in sections)
    }
    main_options = set(re.findall(r"--?[a-zA-Z][a-z-]*", "".join(rows_of_options(introduction))))

    assert {"": main_options - {"-h", "--help"}, **written} == dict(shell_options(cli.main, ""))


def rows_of_options(text: str) -> list[str]:
    """The first cells of a table of options."""
    return [f"{cell} " for cell in re.findall(r"^\| (`-.*?`) \|", text, re.MULTILINE)]


def test_the_shells_page_has_the_sections_of_the_help() -> None:
    """docs/cli.md groups the commands as --help does."""
    page = (ROOT / "docs/cli.md").read_text()
    groups = {
        title: [name for name in re.findall(r"^### (.*)", text, re.MULTILINE) if " " not in name]
        for title, _, text in (one.partition("\n") for one in page.split("\n## ")[1:])
        if "\n### " in text
    }

    assert groups == {title: list(names) for title, names in cli.SECTIONS.items()}


def test_every_column_of_the_ledger_is_explained() -> None:
    """docs/privacy.md lists the columns of an export in order."""
    assert list(rows("docs/privacy.md", "column")) == list(AUDIT_COLUMNS)


def test_every_action_in_the_ledger_is_named() -> None:
    """docs/privacy.md names every action; requests for help are not in the audit log."""
    (meaning,) = rows("docs/privacy.md", "column")["action"]
    wanted = {action.value for action in Permission if action is not Permission.HELP}

    assert set(re.findall(r"`(\w+)`", meaning)) == {*wanted, "forget"}


def test_every_kind_of_notice_is_explained() -> None:
    """docs/balance.md explains when each kind of notice is sent."""
    assert set(rows("docs/balance.md", "kind")) == set(NoticeKind)


def test_every_setting_of_the_balance_watch_is_explained() -> None:
    """docs/balance.md lists the settings with their defaults."""
    written = {name: row[0] for name, row in rows("docs/balance.md", "setting").items()}
    used = {name: value for name, value in written.items() if value != "–"}

    assert written.keys() == BalanceAlertSettings.model_fields.keys()
    assert BalanceAlertSettings.model_validate(used) == BalanceAlertSettings()


@pytest.mark.parametrize(
    ("pattern", "figure"),
    [
        (r"balances of the last (\d+) days", forecast.WINDOW.days),
        (r"longer than (\d+) days", forecast.HORIZON_DAYS),
        (r"within (\d+) seconds of its end", own_usage.MAX_CLOCK_SKEW.seconds),
        (r"those of the last (\d+) days", own_usage.GATEWAY_QUEUE_MAX_AGE.days),
        (r"each of the last (\d+) days", digest.CHART_DAYS),
    ],
)
def test_the_figures_of_the_balance_watch_are_those_of_the_code(pattern: str, figure: int) -> None:
    """docs/balance.md gives the periods of the history and the forecast."""
    found = re.search(pattern, (ROOT / "docs" / "balance.md").read_text())

    assert found
    assert int(found[1]) == figure


def test_every_dependency_has_its_reason() -> None:
    """docs/architecture.md names each package in pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"], *(one for group in extras.values() for one in group)]
    names = {re.split(r"[\[<>=]", one)[0].lower() for one in asked} - {"kwtsms-bridge"}
    page = (ROOT / "docs" / "architecture.md").read_text().lower()

    assert [name for name in sorted(names) if name not in page] == []


def test_every_scope_has_its_reason() -> None:
    """docs/slack.md gives the same reasons as the manifest's code."""
    required, optional = (rows("docs/slack.md", kind) for kind in ("scope", "optional scope"))

    assert {scope: row[0] for scope, row in required.items()} == SCOPES
    assert {scope: row[0] for scope, row in optional.items()} == OPTIONAL_SCOPES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_named_pages_exist(page: Path) -> None:
    """Every docs/ page named in a text exists."""
    named = set(re.findall(r"\bdocs/[a-z-]+\.md", page.read_text()))
    missing = [name for name in sorted(named) if not (ROOT / name).exists()]

    assert missing == []


def test_the_times_of_the_status_checks_are_documented() -> None:
    """docs/outbox.md says when kwtSMS is asked for a message's status."""
    soon, *then = map(in_words, rules.CHECK_DELAYS)
    said = " ".join((ROOT / "docs/outbox.md").read_text("utf-8").split())

    assert f"status {soon} after" in said
    assert f"again {', '.join(then[:-1])} and {then[-1]} after" in said
    assert f"from {in_words(rules.REPORT_DELAY)} on for the delivery report" in said


def in_words(time: timedelta) -> str:
    """The duration in the largest unit that gives a whole number."""
    seconds = int(time.total_seconds())
    units = {"hour": 3600, "minute": 60, "second": 1}
    unit, size = next((unit, size) for unit, size in units.items() if seconds % size == 0)
    return f"{seconds // size} {unit}{'' if seconds == size else 's'}"


def test_every_outcome_of_a_bulks_row_is_explained() -> None:
    """docs/cli.md says how the next run of the same command treats each outcome."""
    written = rows("docs/cli.md", "outcome")
    again = {name for name, row in written.items() if row[1] == "sent"}

    assert set(written) == set(RowOutcome)
    assert again - {RowOutcome.NOT_TRIED} == {
        state for state, after in JOURNAL.items() if state and BulkState.IN_FLIGHT in after
    }


NAMED = ("docs/glossary.md", "CONTRIBUTING.md", *map(str, sorted(ROOT.glob("docs/adr/*.md"))))


@pytest.mark.parametrize("page", NAMED, ids=lambda page: Path(page).name)
def test_every_code_name_in_the_glossary(page: str) -> None:
    """A module, class or function that the glossary, an ADR or CONTRIBUTING names is there."""
    names = re.findall(r"`((?:kwtsms|apprise)_\w+(?:\.\w+)+)`", (ROOT / page).read_text())

    assert [name for name in names if not _exists(name)] == []


def _exists(name: str) -> bool:
    """Whether `name` is a module, or something in one."""
    module, _, attribute = name.rpartition(".")
    try:
        return importlib.util.find_spec(name) is not None or hasattr(
            importlib.import_module(module), attribute
        )
    except ModuleNotFoundError:
        return "." in module and hasattr(_import_owner(module), attribute)


def _import_owner(name: str) -> object:
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute, None)

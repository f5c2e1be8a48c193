"""docs/operations.md agrees with the code: endpoints, metrics, log events and exit codes."""

import ast
import re
from collections.abc import Iterator

from kwtsms_bot.cli.bot_process import CRASHED, FORCED_EXIT, UNAVAILABLE
from kwtsms_bot.cli.context import USAGE
from kwtsms_bot.monitoring.metrics import COUNTERS, GAUGES, HISTOGRAMS, PREFIX
from support.deployment import ROOT, paths

PAGE = (ROOT / "docs" / "operations.md").read_text()
LEVELS = ("debug", "info", "warning", "error", "critical")
ALWAYS = {"request"}  # Bound to the task, so not named in the logging calls.


def rows(first: str) -> dict[str, list[str]]:
    """Returns the rows of the table whose first column is called `first`, by their first cell."""
    table = PAGE[PAGE.index(f"| {first} |") :].split("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return {row[0]: row[1:] for row in cells}


def logged() -> Iterator[ast.Call]:
    """Yields every call in the bot that logs an event."""
    for file in (ROOT / "bot" / "kwtsms_bot").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in LEVELS
                and ast.unparse(node.func.value) == "log"
            ):
                yield node


def test_every_metric_is_in_the_table_with_its_labels() -> None:
    """Names and labels are those that Prometheus sees."""
    counters = {f"{PREFIX}_{name}_total": labels for name, (_, labels) in COUNTERS.items()}
    gauges = {f"{PREFIX}_{name}": labels for name, (_, labels) in GAUGES.items()}
    histograms: dict[str, tuple[str, ...]] = {f"{PREFIX}_{name}": () for name in HISTOGRAMS}

    assert {name.strip("`"): row[0] for name, row in rows("metric").items()} == {
        name: ", ".join(labels) or "–"
        for name, labels in {**counters, **gauges, **histograms}.items()
    }


def test_every_page_is_in_the_table() -> None:
    """The table has exactly the bot's HTTP endpoints."""
    assert {name.strip("`") for name in rows("page")} == paths()


def test_what_is_said_of_the_log_is_logged() -> None:
    """Each event and field of the tables occurs in the code."""
    calls = list(logged())
    events = {ast.literal_eval(call.args[0]) for call in calls if _is_literal(call)}
    fields = {keyword.arg for call in calls for keyword in call.keywords} | ALWAYS

    assert {name.strip("`") for name in rows("event")} <= events
    assert set(re.findall(r"`(\w+)`", " ".join(rows("field")))) <= fields


def test_every_exit_code_of_the_bot_is_in_the_table() -> None:
    """The unit does not restart the bot after a configuration error."""
    written = {int(code): row[1] for code, row in rows("exit code").items()}
    (left,) = re.findall(
        r"^RestartPreventExitStatus=(\d+)$",
        (ROOT / "deploy/systemd/kwtsms-bridge.service").read_text(),
        re.MULTILINE,
    )

    assert set(written) == {0, FORCED_EXIT, USAGE, UNAVAILABLE, CRASHED}
    assert int(left) == USAGE
    assert written[USAGE] == "leaves it"


def _is_literal(call: ast.Call) -> bool:
    return bool(call.args) and isinstance(call.args[0], ast.Constant)


def test_the_files_that_are_named_are_there() -> None:
    """Every path below deploy/ exists, except the one that the reader creates."""
    made = {"deploy/kubernetes/secret.yaml"}
    named = set(re.findall(r"deploy/[\w./-]+\w", PAGE)) - made

    assert len(named) >= 6
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []

"""Imports between the layers go downwards only, and third-party libraries stay in their folders."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    file
    for root in ("bot", "plugins", "sandbox")
    for file in (ROOT / root).rglob("*.py")
    if "__pycache__" not in file.parts
)

# The layers from the top down: a module imports only from lower lines or from its own.
LAYERS = (
    ("kwtsms_bot.cli", "kwtsms_bot.demo"),
    ("kwtsms_bot.service",),
    ("kwtsms_bot.slack",),
    ("kwtsms_bot.commands",),
    ("kwtsms_bot.doctor",),
    # Monitoring reads the outbox from outside. Slack and the commands are above it, so that they
    # can add an HTTP endpoint or count something.
    ("kwtsms_bot.monitoring",),
    ("kwtsms_bot.balance",),
    ("kwtsms_bot.outbox",),
    ("kwtsms_bot.config", "kwtsms_bot.database", "kwtsms_bot.i18n"),
    (
        "kwtsms_bot.background",
        "kwtsms_bot.csv_escape",
        "kwtsms_bot.http_server",
        "kwtsms_bot.kuwait_time",
        "kwtsms_bot.logs",
    ),
    ("kwtsms_client",),
)

# The modules that write SQL outside of `database`.
SQL_MODULES = (
    "kwtsms_bot.balance.store",
    "kwtsms_bot.outbox.audit",
    "kwtsms_bot.outbox.delivery.store",
    "kwtsms_bot.outbox.dispatch.claim_store",
    "kwtsms_bot.outbox.dispatch.lease_store",
    "kwtsms_bot.outbox.dispatch.settlement_store",
    "kwtsms_bot.outbox.flow_control",
    "kwtsms_bot.outbox.intake",
    "kwtsms_bot.outbox.queries",
    "kwtsms_bot.outbox.quota.usage_store",
    "kwtsms_bot.outbox.retention",
    "kwtsms_bot.outbox.sql",
    "kwtsms_bot.outbox.unknown",
)

# A library, and the only modules that may import it (prefixes of their names).
ALLOWED_IMPORTERS = {
    "slack_bolt": ("kwtsms_bot.slack",),
    "slack_sdk": ("kwtsms_bot.slack",),
    "sqlalchemy": ("kwtsms_bot.database", *SQL_MODULES),
    "alembic": ("kwtsms_bot.database",),
    "apscheduler": ("kwtsms_bot.service",),
    "prometheus_client": ("kwtsms_bot.monitoring",),
    "yaml": ("kwtsms_bot.config",),
    "pydantic": ("kwtsms_bot.config",),
    # The heartbeat is the only request that goes neither to kwtSMS nor to Slack.
    "httpx": ("kwtsms_client.client", "kwtsms_bot.monitoring.heartbeat"),
    "requests": ("apprise_kwtsms",),
    "apprise": ("apprise_kwtsms", "kwtsms_bot.balance"),
    "kwtsms_sandbox": ("kwtsms_sandbox", "kwtsms_bot.demo"),
}


def module(file: Path) -> str:
    """The dotted name of a source file."""
    parts = file.relative_to(ROOT).with_suffix("").parts[1:]
    return ".".join(part for part in parts if part != "__init__")


def imports(file: Path) -> Iterator[str]:
    """Every absolute module that `file` imports, at any nesting."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def within(name: str, package: str) -> bool:
    """Whether the module `name` is `package` or below it."""
    return name == package or name.startswith(package + ".")


def layer(name: str) -> int | None:
    """The index of the line of LAYERS that `name` belongs to."""
    for number, packages in enumerate(LAYERS):
        if any(within(name, package) for package in packages):
            return number
    return None


EDGES = [(module(file), name) for file in SOURCES for name in imports(file)]


def test_no_module_imports_from_a_higher_layer() -> None:
    """No module imports from a layer above its own."""
    upward = []
    for source, target in EDGES:
        above, below = layer(source), layer(target)
        if above is not None and below is not None and below < above:
            upward.append(f"{source} → {target}")

    assert upward == []


@pytest.mark.parametrize("library", sorted(ALLOWED_IMPORTERS))
def test_a_library_is_imported_only_where_it_is_allowed(library: str) -> None:
    """Slack, SQL, YAML and the rest are imported in their own folder and nowhere else."""
    violations = [
        f"{source} imports {target}"
        for source, target in EDGES
        if within(target, library)
        and not within(source, library)
        and not any(within(source, importer) for importer in ALLOWED_IMPORTERS[library])
    ]

    assert violations == []


def test_the_client_knows_nothing_above_it() -> None:
    """kwtsms_client imports none of our other packages."""
    violations = [
        f"{source} imports {target}"
        for source, target in EDGES
        if within(source, "kwtsms_client") and target.startswith(("kwtsms_bot", "kwtsms_sandbox"))
    ]

    assert violations == []


def test_the_sandbox_imports_nothing_of_what_it_tests() -> None:
    """The sandbox imports none of the packages that are tested with it."""
    violations = [
        f"{source} imports {target}"
        for source, target in EDGES
        if within(source, "kwtsms_sandbox")
        and target.startswith(("kwtsms_bot", "kwtsms_client", "apprise_kwtsms"))
    ]

    assert violations == []


def test_the_client_loads_without_httpx() -> None:
    """`import kwtsms_client` loads no HTTP library: the plugin needs only its pure part."""
    script = "import sys, kwtsms_client; sys.exit('httpx' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_help_loads_nothing_heavy() -> None:
    """`kwtsms-bridge --help` shows every command and imports none of them."""
    script = (
        "import sys; from kwtsms_bot.cli import COMMANDS, main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'slack_bolt', 'sqlalchemy', 'pydantic', 'apprise', 'httpx', 'aiohttp', 'rich'}\n"
        "heavy |= {'asyncio', 'ssl', 'yaml', 'structlog', 'kwtsms_client.text'}\n"
        "ours = {where.split(':')[0] for where, _ in COMMANDS.values()}\n"
        "sys.exit(', '.join((heavy | ours) & sys.modules.keys()) or 0)"
    )

    result = subprocess.run(
        [sys.executable, "-c", script], check=False, capture_output=True, text=True
    )

    assert result.stderr == ""
    assert "demo" in result.stdout


@pytest.mark.parametrize("file", SOURCES, ids=module)
def test_a_module_says_what_it_does(file: Path) -> None:
    """Every module begins with a docstring."""
    assert ast.get_docstring(ast.parse(file.read_text()))


def test_files_stay_short() -> None:
    """A file is at most 350 lines long; migrations are exempt."""
    files = [file for file in SOURCES if file.parent.name != "versions"]
    long = {module(file): count for file in files if (count := lines(file)) > 350}

    assert long == {}


def lines(file: Path) -> int:
    """The number of lines of a file."""
    return len(file.read_text().splitlines())


def test_no_machine_and_no_registry_is_named() -> None:
    """No file names a path of the build machine or the host of a package registry."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    # Assembled here so that this file does not contain what it forbids.
    paths = "|".join(f"/{top}/[a-z]" for top in ("work", "root", "farm"))
    hosts = "|".join(("files.pythonhosted", "registry.npmjs", "deb.debian")) + r")\.org"
    forbidden = re.compile(f"{paths}|({hosts}".encode())
    names = [ROOT / name.decode() for name in listed.stdout.split(b"\0") if name]
    found = [str(name.relative_to(ROOT)) for name in names if forbidden.search(name.read_bytes())]

    assert found == []

"""Imports between the layers go downwards only, and third-party libraries stay in their folders."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    file
    for root in ("bot", "plugins", "sandbox")
    for file in (ROOT / root).rglob("*.py")
    if "__pycache__" not in file.parts
)

# The layers from the top down: a module imports only from lower lines or from its own. Every module
# belongs to a layer.
LAYERS = (
    ("kwtsms_bot.cli", "kwtsms_bot.demo"),
    ("kwtsms_bot.service",),
    ("kwtsms_bot.slack",),
    ("kwtsms_bot.commands",),
    ("kwtsms_bot.bridge", "kwtsms_bot.doctor"),
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
        "kwtsms_bot.secret_flaws",
    ),
    ("apprise_kwtsms",),
    ("kwtsms_client",),
)

# The rooms inside a layer, likewise. What is not listed may be imported by all of its layer.
ROOMS = {
    "kwtsms_bot.outbox": (
        ("store",),
        ("retention",),
        ("intake",),
        ("queries",),
        ("delivery",),
        ("dispatch",),
        ("unknown",),
        ("flow_control",),
        ("quota", "audit", "dedupe"),
        ("sql", "rows"),
        ("message", "outcome"),
        ("states", "decision", "evidence"),
    ),
    "kwtsms_bot.bridge": (
        ("incident_control",),
        ("drills", "overdue"),
        ("activity_recorder", "alert_tester"),
        ("explanation", "bundler", "webhooks", "send_api"),
        ("store",),
        ("intake_plan", "bundling"),
        ("incidents",),
        ("notification_rules", "hooks"),
        ("reports", "summary", "sns"),
        ("escalation", "silences"),
        ("routing", "render", "records"),
        ("integrations", "authentication", "episodes", "pace", "references", "refusals", "states"),
        ("activity",),
        ("on_call", "models", "guarded_http"),
    ),
    "kwtsms_bot.commands": (
        ("router",),
        ("actions",),
        ("account", "balance", "control", "dlr", "doctor", "help", "history", "status"),
        ("send",),
        ("bridge",),
        ("message_lookup", "error_replies", "status_text"),
        ("mentions",),
        ("base",),
        ("policy", "action_ids", "tokens"),
    ),
    "kwtsms_bot.slack": (
        ("connection",),
        ("listeners", "http_endpoint", "doctor", "workspace"),
        ("manifest",),
        ("app_home",),
        ("modals", "workflow_step"),
        ("cards",),
        ("error_boundary", "quoted_message"),
        ("payloads", "replies", "users"),
        ("markup",),
        ("blocks", "errors", "ids", "socket_client"),
    ),
    "kwtsms_bot.cli": (
        ("init",),
        ("bulk", "send", "validate", "account", "run", "doctor", "config", "slack", "apprise"),
        ("bridge",),
        ("audit", "forget", "restore", "completion"),
        ("bot_process", "account_client"),
        ("interrupt", "context", "stop_signals"),
        ("sending_settings",),
        ("output",),
        ("command_group", "extras"),
        ("options",),
    ),
}
MAX_MODULES = 22  # In a folder, without its `__init__`.
# A loop, and its file: none of them gets the whole outbox.
LOOPS = {
    "Worker": "outbox/dispatch/worker.py",
    "LeaseReaper": "outbox/dispatch/lease_reaper.py",
    "DeliveryPoller": "outbox/delivery/poller.py",
    "UnknownReconciler": "outbox/unknown/reconciler.py",
    "BreakerProbe": "outbox/flow_control/breaker_probe.py",
    "RetentionJob": "outbox/retention/jobs.py",
    "CardPublisher": "slack/cards/card_publisher.py",
    "IncidentPublisher": "slack/cards/incident_publisher.py",
    "BalanceNotifier": "slack/cards/balance_notifier.py",
    "AppriseNotifier": "balance/apprise_notifier.py",
    "BalanceMonitor": "balance/monitor.py",
    "DigestJob": "balance/digest.py",
}

# The modules that write SQL outside of `database`.
SQL_MODULES = (
    "kwtsms_bot.balance.store",
    "kwtsms_bot.bridge.store",
    "kwtsms_bot.bridge.drills.store",
    "kwtsms_bot.bridge.on_call.store",
    "kwtsms_bot.bridge.overdue.store",
    "kwtsms_bot.bridge.send_api.store",
    "kwtsms_bot.outbox.audit",
    "kwtsms_bot.outbox.dedupe",
    "kwtsms_bot.outbox.delivery.store",
    "kwtsms_bot.outbox.dispatch.claim_store",
    "kwtsms_bot.outbox.dispatch.lease_store",
    "kwtsms_bot.outbox.dispatch.settlement_store",
    "kwtsms_bot.outbox.flow_control",
    "kwtsms_bot.outbox.intake",
    "kwtsms_bot.outbox.queries",
    "kwtsms_bot.outbox.quota.usage_store",
    "kwtsms_bot.outbox.retention",
    "kwtsms_bot.outbox.rows",
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
    # Only the heartbeat, and what `bridge replay` posts to the bot itself, go neither to kwtSMS nor
    # to Slack.
    "httpx": (
        "kwtsms_client.client",
        "kwtsms_bot.monitoring.heartbeat",
        "kwtsms_bot.cli.bridge.endpoint_client",
    ),
    "requests": ("apprise_kwtsms",),
    "cryptography": ("kwtsms_bot.bridge.sns.signature", "kwtsms_bot.demo.sns"),
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


@cache
def edges() -> list[tuple[str, str]]:
    """The imports of all modules, as pairs; read once, and not while tests are collected."""
    return [(module(file), name) for file in SOURCES for name in imports(file)]


def test_no_module_imports_from_a_higher_layer() -> None:
    """No module imports from a layer above its own."""
    upward = []
    for source, target in edges():
        above, below = layer(source), layer(target)
        if above is not None and below is not None and below < above:
            upward.append(f"{source} → {target}")

    assert upward == []


def test_every_module_belongs_to_a_layer() -> None:
    """No module of the bot, the plugin or the client escapes the rule."""
    names = [module(file) for file in SOURCES if "kwtsms_sandbox" not in file.parts]

    assert [name for name in names if layer(name) is None and name != "kwtsms_bot"] == []


def room(package: str, name: str) -> int | None:
    """The index of the line of ROOMS that the module `name` belongs to."""
    below = name.removeprefix(package + ".").split(".")[0] if within(name, package) else ""
    for number, rooms in enumerate(ROOMS[package]):
        if below in rooms:
            return number
    return None


@pytest.mark.parametrize("package", ROOMS)
def test_no_room_imports_from_a_higher_room(package: str) -> None:
    """Inside a layer, too, the imports go downwards."""
    upward = []
    for source, target in edges():
        above, below = room(package, source), room(package, target)
        if above is not None and below is not None and below < above:
            upward.append(f"{source} → {target}")

    assert upward == []


@pytest.mark.parametrize("package", ROOMS)
def test_every_room_is_listed(package: str) -> None:
    """A new file or folder gets its place among the others."""
    folder = ROOT / "bot" / Path(*package.split("."))
    found = {path.stem for path in folder.iterdir() if path.suffix == ".py" or path.is_dir()}
    listed = {one for rooms in ROOMS[package] for one in rooms}

    assert found - {"__init__", "__pycache__"} == listed


def test_the_tree_in_the_docs_is_the_tree() -> None:
    """docs/architecture.md names every folder and file of the bot, the client and the plugin."""
    page = (ROOT / "docs" / "architecture.md").read_text()
    drawn = page.split("```")[1].split("sandbox/\n")[0]
    named = set(re.findall(r"[\w/]+", re.sub(r"(speaks|the Slack bot).*", "", drawn)))
    files = [file for file in SOURCES if file.relative_to(ROOT).parts[0] != "sandbox"]
    stems = {file.stem for file in files} - {"__init__"}
    folders = {f"{file.parent.name}/" for file in files}

    assert named - {"bot/", "plugins/"} == stems | folders


def test_no_folder_is_crowded() -> None:
    """A folder of the bot is a page of its table of contents."""
    folders = {file.parent for file in SOURCES if "bot" in file.relative_to(ROOT).parts[:1]}
    counts = {
        str(folder.relative_to(ROOT)): len([f for f in folder.glob("*.py") if f.stem != "__init__"])
        for folder in folders
    }

    assert {name: count for name, count in counts.items() if count > MAX_MODULES} == {}


def classes() -> dict[str, tuple[str, list[str]]]:
    """Each class of ours: the file that defines it, and the names of its bases."""
    return {
        node.name: (module(file), [ast.unparse(base).split("[")[0] for base in node.bases])
        for file in SOURCES
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ClassDef)
    }


def ancestors(name: str, known: dict[str, tuple[str, list[str]]]) -> list[str]:
    """The ancestors of a class that are ours, without protocols, errors and configuration."""
    found = []
    for base in known[name][1]:
        base_name = base.rpartition(".")[2]
        if base_name in known and base_name != name and not _is_exempt(base_name, known):
            found += [base_name, *ancestors(base_name, known)]
    return found


def _is_exempt(name: str, known: dict[str, tuple[str, list[str]]]) -> bool:
    """Whether a class is a protocol, an error or a section of the configuration."""
    bases = known[name][1]
    if any(base in ("Protocol", "Exception", "BaseModel", "click.UsageError") for base in bases):
        return True
    return any(base in known and base != name and _is_exempt(base, known) for base in bases)


def test_classes_are_composed() -> None:
    """No class has more than one base of ours, nor more than two ancestors of ours."""
    known = classes()
    mixed = {
        name
        for name, (_, bases) in known.items()
        if len([one for one in bases if one in known and not _is_exempt(one, known)]) > 1
    }
    tall = {name for name in known if len(ancestors(name, known)) > 2}

    assert (mixed, tall) == (set(), set())


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_gets_only_its_stores(name: str) -> None:
    """A loop's constructor names the stores that it uses; none of them is the whole outbox."""
    tree = ast.parse((ROOT / "bot" / "kwtsms_bot" / LOOPS[name]).read_text())
    (loop,) = [one for one in ast.walk(tree) if isinstance(one, ast.ClassDef) and one.name == name]
    constructor = next(
        one for one in loop.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"
    )
    arguments = [*constructor.args.args, *constructor.args.kwonlyargs]
    annotations = {ast.unparse(one.annotation) for one in arguments if one.annotation}

    assert annotations.isdisjoint({"Outbox", "BalanceStore", "Components"})


def test_only_one_function_changes_a_state() -> None:
    """The states of recipients and attempts move by the tables of `outbox.states`."""
    writers = [
        module(file)
        for file in SOURCES
        if "kwtsms_bot" in file.parts
        and re.search(r"\.values\([^()]*\bstate=", file.read_text())
        and re.search(r"update\((recipient|attempt)\)", file.read_text())
    ]

    assert writers == ["kwtsms_bot.outbox.sql"]


@pytest.mark.parametrize("library", sorted(ALLOWED_IMPORTERS))
def test_a_library_is_imported_only_where_it_is_allowed(library: str) -> None:
    """Slack, SQL, YAML and the rest are imported in their own folder and nowhere else."""
    violations = [
        f"{source} imports {target}"
        for source, target in edges()
        if within(target, library)
        and not within(source, library)
        and not any(within(source, importer) for importer in ALLOWED_IMPORTERS[library])
    ]

    assert violations == []


def test_the_client_knows_nothing_above_it() -> None:
    """kwtsms_client imports none of our other packages."""
    violations = [
        f"{source} imports {target}"
        for source, target in edges()
        if within(source, "kwtsms_client") and target.startswith(("kwtsms_bot", "kwtsms_sandbox"))
    ]

    assert violations == []


def test_the_sandbox_imports_nothing_of_what_it_tests() -> None:
    """The sandbox imports none of the packages that are tested with it."""
    violations = [
        f"{source} imports {target}"
        for source, target in edges()
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


def test_a_module_says_what_it_does() -> None:
    """Every module begins with a docstring."""
    found = [module(file) for file in SOURCES if not ast.get_docstring(ast.parse(file.read_text()))]

    assert found == []


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

"""Names are the field's standard terms, and prose is plain: CONTRIBUTING.md has the rules."""

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOTS = ("bot", "plugins", "sandbox", "tests", "benchmarks", "examples")
FILES = sorted(
    [file for root in ROOTS for file in (ROOT / root).rglob("*.py")]
    + [
        file
        for file in (ROOT / "scripts").iterdir()
        if file.read_bytes().startswith(b"#!/usr/bin/env python3")
    ]
)
SOURCES = [
    file for file in FILES if file.relative_to(ROOT).parts[0] in ("bot", "sandbox", "plugins")
]
# By package or by folder of tests, such as bot/kwtsms_client: a test for each file costs more in
# pytest than in here.
PARTS: dict[str, list[Path]] = {}
for one in FILES:
    PARTS.setdefault("/".join(one.relative_to(ROOT).parts[:2]), []).append(one)

# Words that stood for machinery, or for too many things at once. A name is split at `_` and at
# capitals; none of its parts may be one of these.
BANNED = frozenset(
    """
    hold holds holding held take takes taken taking took told tell tells telling turn turns turned
    turning standing standings heard hear hears over hot heat heats heated heating cold cool cools
    cooled rests rested going door doors together look looks looked looking seen became trouble
    troubles troubled deed deeds way ways journey journeys traffic departure departures land lands
    landed flight flights whole stands hands
    desk wish wishes doubt doubts doubted aside asides tone tones fate fates campaign campaigns
    herald heralds scout scouts witness witnesses sweeper sweepers courier couriers voice voices
    outlet outlets books knob knobs hub hubs scene scenes stage stages pulse exposition happening
    happenings clicks visit visits announcer whoever whom carrier carriers mistake mistakes piece
    pieces carry carries carried addressed breach
    """.split()  # noqa: SIM905 - A list of words reads better than a page of strings.
)
# Standard compounds, and what kwtSMS and this client have always called it in public.
TERMS = ("in_flight", "InFlight", "held_credits")
# Class names that said nothing, or meant several things.
BANNED_CLASSES = frozenset(
    """
    About Accepting Account AlreadyThere Amount Announcer Answer Answered AppriseCourier Aside Ask
    Asking AtWork Author AwaitedDeparture Base Begin Books Breach Bulk Busy By Campaign Cancelling
    CannotDo Carried Carrier Choice Claiming Clicks CommitLost Cost Counted CountedClient
    CountedStore CountedTurns Courier Cut DatabasePacer DatabaseTrouble Decided Deciding Delivering
    Departure Desk Dialogs Dispatching Door Doubt Doubted Drafting Ended Erasing Examining
    Exposition Facts Fate Figures Following Forgetting Forgotten FreeTurns Front Hands Happening
    Heard Herald Hold Holding HookDoor Hub Journey Kept KeyReused Knobs Learned Looking LostCall
    Missing Mistake Moment Naming NotBegun NotThere Notice Options Order Outlet OverLimit Outlook
    Part Parts Past Pause Paused Pending People Piece Place Plan Press Publisher Pulse QuestionTurns
    Reading Received Reporter Request Reserved Restoring Run Said Scene Scout Seen SentBefore Sheet
    Showing Shown Slot Spent Stage Standing StayedHere Store Summing Sweeper Switches TakenBack
    TakenCall TakingOver Tasks Threads TimedDeparture Together Tone Tracked Tracker Traffic Trouble
    Turned Turns Unreadable Visit Voice Waiting Watch Wish Witness Yesterday
    """.split()  # noqa: SIM905 - Likewise.
)
GERUNDS = frozenset({"encoding", "monitoring", "masking", "routing", "bundling"})
# The first words that no docstring has, and the words that no docstring or comment has.
FIRST_WORDS = re.compile(
    r"(What|Who|Whoever|Whom|Whose|Nobody|Somebody|It|Its|The same|As|How|They|Them|Those|That)\b"
)
FIRST_WORD = re.compile(r"[\"']\s*" + FIRST_WORDS.pattern)  # It may begin a docstring.
WORDS = re.compile(
    r"\b(told|anew|mend|mends|mended|came of|comes of|becomes of|became of|hands|stands|at it"
    r"|herald|scout|witness|sweeper|deeds?|whoever)\b",
    re.IGNORECASE,
)


def name_of(file: Path) -> str:
    """The path of a file from the root of the repository."""
    return str(file.relative_to(ROOT))


def words(name: str) -> list[str]:
    """The parts of an identifier, in lower case."""
    for term in TERMS:
        name = re.sub(term, "", name, flags=re.IGNORECASE)
    return [one.lower() for one in re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+", name)]


def identifiers(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every name that a file defines: classes, functions, parameters, variables, attributes."""
    for node in ast.walk(tree):
        match node:
            case (
                ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
            ):
                yield node.lineno, name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.arg(arg=name):
                yield node.lineno, name
            case ast.alias(asname=str(name)) | ast.ExceptHandler(name=str(name)):
                yield getattr(node, "lineno", 0), name


def prose(file: Path) -> Iterator[tuple[int, str, bool]]:
    """Each docstring and comment: its line, its words, and whether it is a docstring."""
    source = file.read_text()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text and not _is_user_text(node):
                yield node.body[0].lineno, text, True
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string, False


def flaws(file: Path) -> Iterator[str]:
    """The docstrings and comments of a file that are not plain."""
    if FIRST_WORD.search(source := file.read_text()) or WORDS.search(source):
        for line, text, is_docstring in prose(file):
            if (is_docstring and FIRST_WORDS.match(text)) or WORDS.search(text):
                yield f"{name_of(file)}:{line}: {text.splitlines()[0]}"


def _is_user_text(node: ast.AST) -> bool:
    """Whether a docstring is shown to users: a command's help, a section of the configuration."""
    decorators = [ast.unparse(one) for one in getattr(node, "decorator_list", [])]
    bases = [ast.unparse(one) for one in getattr(node, "bases", [])]
    return "Section" in bases or any(re.search(r"\b(command|group)\(", one) for one in decorators)


@pytest.mark.parametrize("part", PARTS)
def test_no_identifier_is_a_metaphor(part: str) -> None:
    """Names say rate limiter, cooldown, circuit breaker, reconciler: what every engineer knows."""
    found = {
        f"{name_of(file)}:{line}: {name}"
        for file in PARTS[part]
        for line, name in identifiers(ast.parse(file.read_text()))
        if BANNED & set(words(name)) and not (name == "carry" and "kwtsms_client" in file.parts)
    }

    assert not found, "\n".join(sorted(found))


def test_no_module_is_a_metaphor() -> None:
    """A file's name alone says what it is about; tests/journeys are end-to-end tests."""
    found = [
        name_of(file)
        for file in FILES
        for part in file.relative_to(ROOT).with_suffix("").parts[1:]
        if part != "journeys" and BANNED & set(words(part))
    ]

    assert found == []


def test_no_module_is_a_gerund() -> None:
    """Modules are nouns; those of the field that end in -ing are listed."""
    found = [
        name_of(file)
        for file in FILES
        if file.stem.endswith("ing") and file.stem.removeprefix("test_") not in GERUNDS
    ]

    assert found == []


def classes(*packages: str) -> list[tuple[str, str]]:
    """The classes that these packages define, with their files."""
    return [
        (node.name, name_of(file))
        for file in SOURCES
        if set(packages) & set(file.parts)
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ClassDef)
    ]


def test_a_class_name_exists_once() -> None:
    """One name, one class, in the client and the bot together."""
    count = Counter(name for name, _ in classes("kwtsms_client", "kwtsms_bot"))

    assert [name for name, times in count.items() if times > 1] == []


def test_no_class_has_a_banned_name() -> None:
    """Classes are nouns that need no docstring to be guessed."""
    found = [f"{file}: {name}" for name, file in classes(*PACKAGES) if name in BANNED_CLASSES]

    assert found == []


PACKAGES = ("kwtsms_client", "kwtsms_bot", "kwtsms_sandbox", "apprise_kwtsms")


@pytest.mark.parametrize("part", PARTS)
def test_prose_is_plain(part: str) -> None:
    """Docstrings begin with a verb or a noun, and neither they nor comments speak in stories."""
    found = [flaw for file in PARTS[part] for flaw in flaws(file)]

    assert not found, "\n".join(found)

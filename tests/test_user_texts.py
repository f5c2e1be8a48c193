"""The product's words: plain English and natural Arabic, and one term for each thing.

Sources are the bot's texts (their catalogue), the help of every command, config.yaml.example, the
README, the documents, the changelog and the demo page. docs/glossary.md lists the terms.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from kwtsms_bot import cli
from support.catalogue import SOURCE, catalogue

ROOT = Path(__file__).parents[1]
STORY_WORDS = (
    r"mend(?:s|ed|ing)?",
    r"whom",
    r"whoever",
    r"anew",
    r"told",
    r"stands\s+in",
    r"what\s+became\s+of",
    r"came\s+of",
)
BANNED = re.compile(rf"\b(?:{'|'.join(STORY_WORDS)})\b", re.IGNORECASE)
# What people read says the term after the colon; each has one.
ENGLISH_TERMS = {
    r"administrators?": "admin",
    r"operators?": "carrier",
    r"refuse[sd]?": "reject",
    r"(?:take|taken|took) back": "cancel",
    r"sent again by itself": "retry automatically",
    r"back-ups?": "backup",
    r"set-up": "setup",
    r"(?:Slack|message|kwtSMS) id": "ID",
    r"user name": "username",
    r"cannot": "can't",
    r"(?:[Yy]ou|[Tt]hey|[Ww]orkflows|[Nn]obody) may(?: not)? \w+": "can, can't",
    r"somebody": "someone",
}
ARABIC_TERMS = {
    r"[0-9}] رصيدا?": "نقطة",
    r"رصيد واحد|الرصيد الواحد|رصيدان|رصيدين|أرصدة": "نقطة",
    r"عدها|عدت مرسلة": "اعتبارها مرسلة",
    r"خرجت|تخرج": "أرسلت",
    r"\w*متعثرة?": "التي فشل الإرسال إليها",
    r"(?:بلا|لا) مسار": "غير مدعوم",
    r"يمكن الوصول إليها": "صالحة للاستقبال",
    r"(?:ال)?إيصالا?": "تأكيد",
    r"ما آلت إليه": "حالة",
    r"ما يشتكى منه": "تقديم شكوى بشأنها",
    r"لم يفعل شيء": "لم يتخذ أي إجراء",
    r"وضع التجربة|وضع تجريبي|رسائل التجربة|رسائل تجريبية|للتجارب": "وضع الاختبار",
    r"طابور|قائمة الإرسال|صندوق الصادر": "قائمة الانتظار",
    r"علام(?:ة|ات) (?:ال)?تنصيص": "علامات اقتباس",
    r"شرط عادية": "شرطات",
    r"(?:ال)?اسم (?:ال)?مرسل|أسماء المرسلين": "معرّف المرسل",
    r"(?:ال)?مشرف(?:ين)?": "المسؤول",
    r"(?:ال|لل)?(?:بلد|بلدان)": "دولة",
    r"(?:ال)?جوال": "هاتف نقال",
    r"(?:ال)?مشغل(?:ون|ين)?": "شركة الاتصالات",
    # kwtSMS is feminine.
    r"(?:يقول|يقبل|يرفض|يرسل|يجب|يذكر|يعلمنا|رفض|أجاب|أعاد|أفاد) kwtSMS": "تقول kwtSMS",
}
IMPERATIVES = ("أرسل", "افتح", "تحقق", "اعتبر", "عد", "احذف", "اطلب", "ألغ", "أعد", "اعرض", "راجع")
_MARKS = re.compile("[\u064b-\u0652\u0670\u2066-\u2069]")  # Vowel signs and direction isolates.
_ARABIC = re.compile("[\u0621-\u064a]")


def help_texts(
    command: click.Command, name: str, parent: click.Context | None = None
) -> Iterator[tuple[str, str]]:
    """Yields the help of a command and of those below it, by name."""
    context = click.Context(command, info_name=name, parent=parent)
    yield f"{context.command_path} --help", command.get_help(context)
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None
            yield from help_texts(found, below, context)


def pages() -> Iterator[Path]:
    """Yields the documents, the changelog and the example configuration."""
    yield ROOT / "README.md"
    yield ROOT / "CHANGELOG.md"
    yield ROOT / "config.yaml.example"
    yield from sorted(ROOT.glob("docs/**/*.md"))


def messages() -> Iterator[tuple[str, str]]:
    """Yields the bot's texts and their Arabic."""
    for message in catalogue():
        forms = message.id if isinstance(message.id, list | tuple) else [message.id]
        arabic = message.string if isinstance(message.string, list | tuple) else [message.string]
        for text in forms if message.id else ():
            yield text, "\n".join(one or "" for one in arabic)


def arabic_sources() -> dict[str, str]:
    """The Arabic that people read, by its source: the catalogue, the documents, the demo page."""
    files = [*ROOT.glob("docs/ar/*.md"), *ROOT.glob("sandbox/kwtsms_sandbox/page/static/*.js")]
    found = {str(one.relative_to(ROOT)): one.read_text(encoding="utf-8") for one in sorted(files)}
    found["the Arabic catalogue"] = "\n".join(arabic for _, arabic in messages())
    return {name: text for name, text in found.items() if _ARABIC.search(text)}


ENGLISH = {
    "the bot's texts": "\n".join(text for text, _ in messages()),
    **dict(help_texts(cli.main, "kwtsms-bridge")),
    **{str(one.relative_to(ROOT)): one.read_text(encoding="utf-8") for one in pages()},
}
ARABIC = arabic_sources()


def lines_with(pattern: re.Pattern[str], text: str) -> list[str]:
    """The lines in which `pattern` is found, each with what was found."""
    return [
        f"{found[0]!r} in: {text[text.rfind(chr(10), 0, found.start()) + 1 :].splitlines()[0]}"
        for found in pattern.finditer(text)
    ]


def without_marks(text: str) -> str:
    """Arabic without vowel signs, so that a word is found however it is pointed."""
    return _MARKS.sub("", text)


@pytest.mark.parametrize("source", ENGLISH)
def test_english_is_plain(source: str) -> None:
    """No text uses words that read like a story or a translation: say fix, again, who, said."""
    assert lines_with(BANNED, ENGLISH[source]) == []


@pytest.mark.parametrize("banned", ENGLISH_TERMS)
def test_the_bot_has_one_english_term_for_each_thing(banned: str) -> None:
    """The bot's own texts use the terms of the glossary."""
    found = lines_with(re.compile(rf"\b(?:{banned})\b"), ENGLISH["the bot's texts"])

    assert found == [], f"say {ENGLISH_TERMS[banned]!r}"


@pytest.mark.parametrize("banned", ARABIC_TERMS)
@pytest.mark.parametrize("source", ARABIC)
def test_arabic_has_one_term_for_each_thing(source: str, banned: str) -> None:
    """Arabic texts use the terms of the glossary: credits are counted as نقاط, not as أرصدة."""
    pattern = re.compile(rf"(?<!\w)[ولف]?(?:{banned})(?!\w)")

    found = lines_with(pattern, without_marks(ARABIC[source]))

    assert found == [], f"say {ARABIC_TERMS[banned]}"


def button_labels() -> set[str]:
    """The texts of the bot's buttons: what `say` translates within `Button(…)` or `button(…)`."""
    calls = (
        node
        for file in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
    )
    buttons = (one for one in calls if _called(one).casefold() == "button")
    return {
        inner.args[0].value
        for one in buttons
        for inner in ast.walk(one)
        if isinstance(inner, ast.Call)
        and _called(inner) == "say"
        and isinstance(inner.args[0], ast.Constant)
        and isinstance(inner.args[0].value, str)
    }


def _called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def test_arabic_buttons_are_verbal_nouns() -> None:
    """A button says إرسال, not أرسل: an imperative reads like an order from the bot."""
    labels = button_labels()
    arabic = {text: without_marks(shown) for text, shown in messages() if text in labels}
    orders = [text for text, shown in arabic.items() if shown.split()[0] in IMPERATIVES]

    assert len(arabic) > 5
    assert orders == []


def glossary_terms() -> list[str]:
    """The Arabic terms of docs/glossary.md."""
    rows = re.findall(r"^\| [^|]+ \| ([^|]+) \|", ENGLISH["docs/glossary.md"], re.MULTILINE)
    return [term for cell in rows if _ARABIC.search(cell) for term in re.split("، ?", cell.strip())]


@pytest.mark.parametrize("term", glossary_terms())
def test_the_arabic_terms_of_the_glossary_are_used(term: str) -> None:
    """Each Arabic term of the glossary is one that the bot says."""
    assert without_marks(term) in without_marks(ARABIC["the Arabic catalogue"])

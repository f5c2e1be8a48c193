"""The bot's texts, extracted from its code, and their Arabic catalogue."""

import re
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

from kwtsms_bot.i18n.translator import CATALOGUES, DOMAIN
from kwtsms_client import API_ERRORS
from kwtsms_client.countries import COUNTRIES
from kwtsms_client.text_report import BLANKS, KINDS

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "bot" / "kwtsms_bot"
FOLDER = CATALOGUES / "ar" / "LC_MESSAGES"
PO, MO = FOLDER / f"{DOMAIN}.po", FOLDER / f"{DOMAIN}.mo"
KEYWORDS = {"say": None, "arabic": None, "N_": None, "plural": (1, 2)}
FIELD = re.compile(r"{(\w+)}")
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


def template() -> Catalog:
    """Collects the bot's texts and those that it uses from the client's tables."""
    found = Catalog(locale="ar", domain=DOMAIN, charset="utf-8")
    for file, _, text, _, _ in extract_from_dir(
        SOURCE, keywords=KEYWORDS, directory_filter=_is_translated
    ):
        found.add(text, locations=[(file, 0)])
    for error in API_ERRORS.values():
        for text in (error.meaning, error.remedy):
            found.add(text, locations=[("kwtsms_client/error_codes.py", 0)])
    for name in (*KINDS, *BLANKS.values()):
        found.add(name, locations=[("kwtsms_client/text_report.py", 0)])
    for country in COUNTRIES.values():
        found.add(country.name, locations=[("kwtsms_client/countries.py", 0)])
    return found


def _is_translated(folder: str) -> bool:
    """Whether a folder's texts are in the catalogue: the command line speaks English only."""
    return Path(folder).name not in ("cli", "__pycache__")


def catalogue() -> Catalog:
    """The stored Arabic catalogue."""
    with PO.open("rb") as file:
        return read_po(file, locale="ar", domain=DOMAIN)


def compiled() -> Catalog:
    """The compiled catalogue, as gettext reads it."""
    with MO.open("rb") as file:
        return read_mo(file)


def texts(made: Catalog) -> dict[tuple[str, ...], tuple[str, ...]]:
    """The translations of a catalogue."""
    return {tuple(_forms(one.id)): tuple(_forms(one.string)) for one in made if one.id}


def updated() -> Catalog:
    """The stored catalogue, updated with the texts of the code."""
    kept = catalogue() if PO.exists() else Catalog(locale="ar", domain=DOMAIN)
    kept.update(template(), no_fuzzy_matching=True)
    kept.obsolete.clear()
    # Values that would change in each run without a meaning.
    kept.creation_date = kept.revision_date = BEGINNING
    kept.header_comment = "# What kwtsms-bridge says, in Arabic. Made by scripts/catalogue."
    kept.project, kept.version, kept.fuzzy = "kwtsms-bridge", "1", False
    return kept


def missing(made: Catalog) -> list[str]:
    """Texts without a translation, or with one that has other placeholders."""
    return [
        str(message.id)
        for message in made
        if message.id and not all(_matches(message.id, one) for one in _forms(message.string))
    ]


def _forms(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [text or ""] if isinstance(text, str | None) else list(text)


def _matches(original: str | tuple[str, ...] | list[str], translated: str) -> bool:
    """Whether a translation exists and has only placeholders of the original."""
    known = {name for one in _forms(original) for name in FIELD.findall(one)}
    return bool(translated.strip()) and set(FIELD.findall(translated)) <= known


def written(made: Catalog) -> tuple[bytes, bytes]:
    """The catalogue as the contents of its two files."""
    po, mo = BytesIO(), BytesIO()
    write_po(po, made, width=100, omit_header=False, sort_output=True)
    write_mo(mo, made)
    return po.getvalue(), mo.getvalue()

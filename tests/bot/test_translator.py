"""The bot's two languages: each text exists in both."""

import re

import pytest

from kwtsms_bot.commands.send.preview_details import text_notes
from kwtsms_bot.i18n.translator import ENGLISH, language
from kwtsms_client import inspect_message
from support.catalogue import catalogue, compiled, missing, template, texts, updated

ARABIC = language("ar-KW")


def test_everything_is_said_in_arabic() -> None:
    """Each text of the code has a translation with the same placeholders."""
    assert missing(updated()) == []


def test_the_catalogue_is_that_of_the_code() -> None:
    """The catalogue files are up to date with the code; scripts/catalogue updates them."""
    assert set(texts(catalogue())) == set(texts(template()))
    assert texts(compiled()) == texts(catalogue())


def test_no_text_is_built_before_it_is_said() -> None:
    """Message IDs contain no values yet, because only literals can be collected."""
    assert [one.id for one in template() if "f'" in str(one.id)] == []


def test_the_values_are_filled_in() -> None:
    """Placeholders are filled in for both languages, and braces in a value stay unchanged."""
    assert ENGLISH("Queued as {ref}.", ref="{M}") == "Queued as {M}."
    assert "{M}" in ARABIC("Queued as {ref}.", ref="{M}")
    assert re.search("[\u0600-\u06ff]", ARABIC("Queued as {ref}.", ref="M"))


@pytest.mark.parametrize(
    ("count", "said"),
    [(1, "صفحة واحدة"), (2, "صفحتان"), (3, "3 صفحات"), (11, "11 صفحة"), (100, "100 صفحة")],
)
def test_arabic_has_its_own_plural_forms(count: int, said: str) -> None:
    """One, two, few and many have their own forms."""
    assert ARABIC.plural("{count} page", "{count} pages", count) == said


@pytest.mark.parametrize("form", [one.string for one in catalogue() if one.pluralizable])
def test_a_noun_behind_a_number_has_its_case(form: tuple[str, ...]) -> None:
    """Numbers from 11 to 99 take the accusative (رقمًا), full hundreds the genitive (رقم)."""
    hundreds, many = (re.search(r"{count} (\w+)", one) for one in form[4:])

    assert many is None or hundreds is not None
    assert hundreds is None or "ً" not in hundreds[1]


@pytest.mark.parametrize(
    ("locale", "code"),
    [("ar", "ar"), ("ar-KW", "ar"), ("AR_EG", "ar"), ("en-US", "en"), ("fr", "en"), ("", "en")],
)
def test_the_language_of_a_locale(locale: str, code: str) -> None:
    """An Arabic locale gets Arabic; any other gets English."""
    assert language(locale).code == code


def test_invisible_characters_are_named_in_both_languages() -> None:
    """A preview says “⟨no-break space⟩ needs Unicode”, not “  needs Unicode”."""
    report = inspect_message("a\u00a0b’")

    assert text_notes(report, ENGLISH)[0].startswith("⟨no-break space⟩ ’ limit each page")
    assert "مسافة غير فاصلة" in text_notes(report, ARABIC)[0]

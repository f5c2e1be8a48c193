"""The official clients' recorded answers, and our deliberate differences."""

from typing import Any

import pytest

from kwtsms_client import (
    clean_message,
    find_country_code,
    inspect_message,
    normalize_phone,
    validate_phone_input,
)
from support.vectors import VECTORS, disagreements

# Deliberate differences, each with its reason.
REAL_MOBILES = {
    number: reason
    for reason, numbers in {
        "Argentina: 54 9 and ten digits": ("5491123456789", "5492345678901", "5411987654321"),
        "Sudan: mobiles begin with 1 too": ("249112345678",),
        "Austria: ten or eleven digits": ("4366412345678", "4362345678901", "43623456789"),
        "Mexico: with or without 1": ("5215512345678", "5222345678901"),
        "Somalia: mobiles begin with 9 too": ("252901234567",),
        "Myanmar: eight to ten digits": ("9592345678", "959234567890", "9541123456789"),
        "Ivory Coast: ten digits, the leading 0 is one of them": ("22507123456", "22502234567890"),
        "a bare 0 behind the country code is kept": ("9650", "965 0", "9660"),
    }.items()
    for number in numbers
}
NO_TAGS = (
    "a tag has a name and well-formed attributes; anything else is text",
    {
        "I <3 you <b>much</b>",
        "price <100 and >50",
        "<<b>>",
        "if (a<b && c>d) ok",
        "x<=y and y>=z",
        "<\nb>t</b\n>",
        "< b >x",
        "<ب>x",
        "<user@example.com>",
        "\u200b<\u200b>\u200b",
    },
)
OTHER_SCRIPTS = (
    "digits of every script are digits: they are neither sent as they are nor left out",
    {"৯৬৫৯৮৭৬৫৪৩২", "٩٦٥９８７６٥٤٣٢"},
)
LINE_ENDS = ("a lone carriage return is a line end", {"a\rb"})
# ⏰ ⭐ 🆗 ㊗ ‼ and similar block a message like any emoji; the official clients miss these,
# and all of the enclosed letters and words from U+1F100 to U+1F2FF.
MORE_EMOJI = frozenset("⌚⌛⏩⏰⏳▶⬆⬛⭐‼⁉Ⓜ㊗㊙〰〽🆗🉐")


def differs_on_purpose(text: str) -> bool:
    """Whether a text is deliberately cleaned differently from the official clients."""
    enclosed = any("\U0001f100" <= char <= "\U0001f2ff" for char in text)
    return enclosed or text in NO_TAGS[1] or text in LINE_ENDS[1] or not MORE_EMOJI.isdisjoint(text)


@pytest.mark.parametrize(("text", "expected", "_source"), VECTORS["normalize_phone"])
def test_numbers_are_normalised_alike(text: str, expected: str, _source: str) -> None:
    """Digits in international form, as all official clients agree."""
    assert normalize_phone(text) == (text if text in REAL_MOBILES else expected)


@pytest.mark.parametrize(
    ("text", "valid", "error", "normalized", "_source"),
    [row for row in VECTORS["validate_phone_input"] if row[0] not in REAL_MOBILES],
)
def test_numbers_are_judged_alike(
    text: str,
    valid: bool,  # noqa: FBT001 - a table's cell.
    error: str | None,
    normalized: str,
    _source: str,
) -> None:
    """Validity and the core of the reason are those of the official clients."""
    check = validate_phone_input(text)

    assert (check.valid, check.normalized) == (valid, normalized)
    assert (error or "").lower() in (check.error or "").lower()


@pytest.mark.parametrize("number", sorted(REAL_MOBILES), ids=lambda one: f"{one}")
def test_real_mobiles_are_accepted(number: str) -> None:
    """Real mobiles that the official table refuses are accepted, for the reasons listed above."""
    ours = validate_phone_input(number)
    (theirs,) = [row for row in VECTORS["validate_phone_input"] if row[0] == number]

    assert (ours.valid, ours.normalized, theirs[2]) != (theirs[1], theirs[3], ours.error)


@pytest.mark.parametrize("row", disagreements("normalize_phone"), ids=lambda row: row["input"])
def test_numbers_are_normalised_as_recommended(row: dict[str, str]) -> None:
    """Where the official clients disagree, the recommended answer is given."""
    expected = "96598765432" if row["input"] in OTHER_SCRIPTS[1] else row["recommended"]

    assert normalize_phone(row["input"]) == expected


@pytest.mark.parametrize("row", disagreements("validate_phone_input"), ids=lambda row: row["input"])
def test_numbers_are_judged_as_recommended(row: dict[str, Any]) -> None:
    """Where they disagree on validity or its reason, the recommended answer is given."""
    sendable = (True, "", "96598765432")
    recommended = sendable if row["input"] in OTHER_SCRIPTS[1] else row["recommended"]
    check = validate_phone_input(row["input"])

    assert (check.valid, check.normalized) == (recommended[0], recommended[2])
    assert (recommended[1] or "") in (check.error or "")


@pytest.mark.parametrize(
    "row", disagreements("validate_phone_format"), ids=lambda row: row["input"]
)
def test_a_bare_country_code_is_no_number(row: dict[str, Any]) -> None:
    """Only one official client accepts it; our reason is that it is too short."""
    check = validate_phone_input(row["input"])

    assert check.valid is row["recommended"][0]
    assert "too short" in (check.error or "")


@pytest.mark.parametrize(("number", "code", "_source"), VECTORS["find_country_code"])
def test_country_codes_are_found_alike(number: str, code: str | None, _source: str) -> None:
    """The longest known code that a number begins with."""
    assert find_country_code(number) == code


@pytest.mark.parametrize(
    ("text", "expected", "_source"),
    [row for row in VECTORS["clean_message"] if not differs_on_purpose(row[0])],
)
def test_texts_are_cleaned_alike(text: str, expected: str, _source: str) -> None:
    """Exactly the characters that all official clients remove are removed."""
    assert clean_message(text) == expected


@pytest.mark.parametrize("row", disagreements("clean_message"), ids=lambda row: row["input"])
def test_texts_are_cleaned_as_recommended(row: dict[str, str | None]) -> None:
    """Text after a lone < is kept, format characters are removed, and <> counts as text."""
    expected = row["input"] if row["recommended"] is None else row["recommended"]

    assert clean_message(str(row["input"])) == expected


@pytest.mark.parametrize("text", sorted(NO_TAGS[1]))
def test_what_is_no_tag_survives(text: str) -> None:
    """A comparison or an address in angle brackets is text."""
    assert "<" in clean_message(text)


@pytest.mark.parametrize("emoji", sorted(MORE_EMOJI))
def test_emoji_that_the_official_clients_miss_go_too(emoji: str) -> None:
    """These block a message like any other emoji."""
    assert clean_message(f"a{emoji}b") == "ab"


@pytest.mark.parametrize(("char", "count", "encoding", "pages", "_error"), VECTORS["page_count"])
def test_pages_are_counted(
    char: str, count: int, encoding: str, pages: int, _error: str | None
) -> None:
    """A page has 160/153 or 70/67 characters, and extension characters count as two."""
    report = inspect_message(char * count)

    assert (report.encoding.value, report.pages) == (encoding, pages)

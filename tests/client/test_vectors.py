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
        "Mexico: with or without 1": ("5215512345678",),
        "Somalia: mobiles begin with 9 too": ("252901234567",),
        "Myanmar: eight to ten digits": ("9592345678", "959234567890", "9541123456789"),
        "Ivory Coast: ten digits, the leading 0 is one of them": ("22507123456", "22502234567890"),
        "a bare 0 behind the country code is kept": ("9650", "965 0", "9660"),
    }.items()
    for number in numbers
}
# Numbers that are judged otherwise, or for another reason.
JUDGED_OTHERWISE = {
    number: reason
    for reason, numbers in {
        "a 0 in front, or eight digits of Kuwait, is a local number": (
            *("096598765432", "098765432", "08801712345678", "99887766", "66778899", "55512345"),
            *("65123456", "41234567", "51234567", "60012345", "94123456", "96655987"),
        ),
        "no country has this code": (
            *("9991234", "99912345678", "999123456", "99999999999", "9991234567890"),
            *("999123456789", "8887654", "888456789012345", "8887654321", "888765432109876"),
        ),
        "the country has no numbers of this length": ("2234567", "299123456789012", "22412345"),
        "a letter or an extension is no separator": (
            *("965#{d}8765432", "965²8765432", "96598765432abc", "96598765432x12"),
        ),
        "libphonenumber knows mobiles of this form": ("39323456789", "25262345678"),
        "libphonenumber knows more lengths or first digits of mobiles there": (
            *("911234567890", "915876543210", "96851234567", "96812345678", "962591234567"),
            *("962123456789", "21671234567", "21612345678", "9601234567", "811234567890"),
            *("631234567890", "66123456789", "85522345678", "3932345678901", "3162345678"),
            *("316234567890", "41123456789", "56123456789", "27123456789", "237123456789"),
            "2526234567890",
        ),
        "the length does not belong to the first digits": (
            *("601234567890", "95923456789", "950923456789", "549234567890", "5409234567890"),
            *("6422345678", "64022345678"),
        ),
    }.items()
    for number in numbers
}
NEWLY_KNOWN_CODES = {  # The official table has 81 countries.
    "2234567": "223",
    "299123456789012": "299",
    "99887766": "998",
    "22412345": "224",
    "79161234567": "7",
    "353861234567": "353",
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
BLANKS = (
    "no blank is left where a character was removed: none at the ends, one between words",
    {
        "Car 🚗": "Car",
        "Card 🂡": "Card",
        "Check: ✔": "Check:",
        "Cut ✂": "Cut",
        "Eat 🍕": "Eat",
        "Flag 🇰🇼": "Flag",
        "Flag: 🇺🇸": "Flag:",
        "Game 🀄": "Game",
        "Hello 🇺🇸": "Hello",
        "Hello 🎉": "Hello",
        "Hello 🎉 World": "Hello World",
        "Hello 😀": "Hello",
        "Hello 😀 World 🎉": "Hello World",
        "Kuwait 🇰🇼 flag": "Kuwait flag",
        "Pic 🩰": "Pic",
        "Star ❤\ufe0f": "Star",
        "Sun ☀": "Sun",
        "Sym 🤀": "Sym",
        "Symbol 🜀": "Symbol",
        "Tag: \U000e0001": "Tag:",
        "Tile: 🀄": "Tile:",
        "Weather ☀": "Weather",
        "check ✔": "check",
        "game 🀄": "game",
        "☎ 22412345": "22412345",
        "✓ done": "done",
        "\ufeff١٢٣ 😀": "123",
        "🇰🇼 Kuwait": "Kuwait",
        "🎉 Party 🚀": "Party",
    },
)
# ⏰ ⭐ 🆗 ㊗ ‼ and similar block a message like any emoji; the official clients miss these,
# and all of the enclosed letters and words from U+1F100 to U+1F2FF.
MORE_EMOJI = frozenset("⌚⌛⏩⏰⏳▶⬆⬛⭐‼⁉Ⓜ㊗㊙〰〽🆗🉐")


def differs_on_purpose(text: str) -> bool:
    """Whether a text is deliberately cleaned differently from the official clients."""
    enclosed = any("\U0001f100" <= char <= "\U0001f2ff" for char in text)
    listed = text in NO_TAGS[1] | LINE_ENDS[1] | BLANKS[1].keys()
    return enclosed or listed or not MORE_EMOJI.isdisjoint(text)


@pytest.mark.parametrize(("text", "expected", "_source"), VECTORS["normalize_phone"])
def test_numbers_are_normalised_alike(text: str, expected: str, _source: str) -> None:
    """Digits in international form, as all official clients agree."""
    assert normalize_phone(text) == (text if text in REAL_MOBILES else expected)


@pytest.mark.parametrize(
    ("text", "valid", "error", "normalized", "_source"),
    [
        row
        for row in VECTORS["validate_phone_input"]
        if row[0] not in REAL_MOBILES.keys() | JUDGED_OTHERWISE
    ],
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


@pytest.mark.parametrize("number", sorted(REAL_MOBILES.keys() | JUDGED_OTHERWISE), ids=str)
def test_a_listed_difference_is_one(number: str) -> None:
    """A number is judged or explained otherwise, for the reasons listed above."""
    ours = validate_phone_input(number)
    (theirs,) = [row for row in VECTORS["validate_phone_input"] if row[0] == number]
    _, valid, error, normalized, _ = theirs
    same_reason = (error or "").lower() in (ours.error or "").lower()

    assert not ((ours.valid, ours.normalized) == (valid, normalized) and same_reason)


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
    assert find_country_code(number) == NEWLY_KNOWN_CODES.get(number, code)


@pytest.mark.parametrize(
    ("text", "expected", "_source"),
    [row for row in VECTORS["clean_message"] if not differs_on_purpose(row[0])],
)
def test_texts_are_cleaned_alike(text: str, expected: str, _source: str) -> None:
    """Exactly the characters that all official clients remove are removed."""
    assert clean_message(text) == expected


@pytest.mark.parametrize(("text", "ours"), BLANKS[1].items())
def test_no_blank_is_left_where_a_character_was_removed(text: str, ours: str) -> None:
    """The official clients keep the blanks on both sides; nothing else differs."""
    (theirs,) = {row[1] for row in VECTORS["clean_message"] if row[0] == text}

    assert clean_message(text) == ours
    assert theirs != ours
    assert theirs.split() == ours.split()


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

"""A number in a text is found in any notation, and only where it is that number."""

import pytest

from kwtsms_bot.outbox.retention.number_pattern import NumberPattern

NUMBER = "96598765432"
MASK = "965•••••432"


@pytest.mark.parametrize(
    "written",
    [
        "96598765432",
        "+96598765432",
        "0096598765432",
        "+965 9876 5432",
        "+965 (98) 765-432",
        "98765432",
        "9876 5432",
        "98.76.54.32",
        "9876\u00a05432",
        "9876\u202f5432",
        "9876–5432",
        "9876/5432",
        "9876_5432",
        "98,76,54,32",
        "98·76·54·32",
        "9876:5432",
        "9876\n5432",
        "9876\r\n 5432",
        "+965\u00a09876‑5432",
        "\u2066+965 9876 5432\u2069",
        "9\u200b8\u200b7\u200b6\u200b5\u200b4\u200b3\u200b2",
        "(+965) - 9876 5432",
        "＋965 9876 5432",
        "00 965 9876 5432",
        "٩٨٧٦٥٤٣٢",
        "۹۸۷۶ ۵۴۳۲",
        "٠٠٩٦٥ ٩٨٧٦ ٥٤٣٢",
        "９８７６５４３２",
        "९८७६५४३२",
        "𝟗𝟖𝟕𝟔𝟓𝟒𝟑𝟐",
        "⁹⁸⁷⁶⁵⁴³²",
        "⑨⑧⑦⑥⑤④③②",
        "9️⃣8️⃣7️⃣6️⃣5️⃣4️⃣3️⃣2️⃣",
        "９٨7६٥۴3²",
    ],
)
def test_it_is_masked_however_it_is_written(written: str) -> None:
    """The number is masked with or without country code, and with any separators."""
    pattern = NumberPattern(NUMBER)
    masked = pattern.mask_in(f"Call {written}, please")

    assert pattern.is_in(f"Call {written}, please")
    assert MASK in masked
    assert [char for char in masked.replace(MASK, "") if char.isdigit()] == []
    assert masked.startswith("Call ")
    assert masked.endswith(", please")


@pytest.mark.parametrize(
    "text",
    [
        "198765432",
        "987654321",
        "97198765432",
        "9876 and 5432",
        "9876 ----- 5432",
        "١٩٨٧٦٥٤٣٢",
        "9876543",
        "",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    """A number of another country, or a longer one, is not masked."""
    assert NumberPattern(NUMBER).mask_in(text) == text


@pytest.mark.parametrize("written", ["0512345678", "+966 51 234 5678", "512345678"])
def test_a_trunk_zero_is_part_of_it(written: str) -> None:
    """A number in national notation is masked with its leading zero."""
    assert NumberPattern("966512345678").mask_in(written).endswith("966••••••678")


def test_all_else_stays_as_it_is() -> None:
    """Every occurrence is masked; other digits and scripts are not changed."""
    text = "من ٩٨٧٦ ٥٤٣٢ الساعة ١٢، or ９８７６５４３２ at ½ past ２"

    assert NumberPattern(NUMBER).mask_in(text) == f"من {MASK} الساعة ١٢، or {MASK} at ½ past ２"

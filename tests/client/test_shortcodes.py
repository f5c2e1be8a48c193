"""Slack delivers emoji as shortcodes: they count as emoji where a text comes from Slack."""

import runpy
from pathlib import Path

import pytest

from kwtsms_client import MessageReport, clean_message, inspect_message
from kwtsms_client.emoji_names import EMOJI_NAMES
from kwtsms_sandbox.slack.emoji_codes import CODES
from kwtsms_sandbox.slack.shortcodes import to_shortcodes

SCRIPT = Path(__file__).parents[2] / "scripts" / "generate_emoji"


def inspect(text: str) -> MessageReport:
    """The report on a text from Slack."""
    return inspect_message(text, shortcodes=True)


@pytest.mark.parametrize(
    ("text", "cleaned", "emoji"),
    [
        (":fire: Disk full", "Disk full", 1),
        ("Disk full :fire:", "Disk full", 1),
        ("97 % full :fire: please", "97 % full please", 1),
        (":fire::fire: :+1:", "", 3),
        (":wave::skin-tone-4: hi", "hi", 1),
        (":people_holding_hands::skin-tone-2-6: hi", "hi", 1),
        (":flag-kw: :us: :man-woman-girl: x", "x", 3),
        ("(:100:) ok", "() ok", 1),
        ("_:fire:_", "__", 1),
        (":fire:\nDisk full", "Disk full", 1),
        (":x: and ❌", "and", 2),
        (":skin-tone-3:", "", 1),
    ],
)
def test_known_shortcodes_are_emoji(text: str, cleaned: str, emoji: int) -> None:
    """Standard names are removed with the blanks around them, and reported as emoji."""
    report = inspect(text)

    assert report.cleaned == cleaned
    assert [(one.kind, one.count) for one in report.changes] == [("emoji", emoji)]
    assert report.shortcodes == ()
    assert "".join(one.text for one in report.segments) == text


@pytest.mark.parametrize(
    "text",
    [
        "10:100:30",
        "http://x:80:",
        "::",
        ":",
        "a::b::c",
        "12:30:45",
        "fe80::1:100:2",
        "std::key::value",
        ":FIRE:",
        ": fire :",
        "٣:100:٤",
        "م:100:",
        "ratio 1:100:x",
        "::100::",
        "Note: see below",
    ],
)
def test_other_colons_stay(text: str) -> None:
    """A shortcode touches no letter and digit of any script, and no further colon."""
    report = inspect(text)

    assert report.cleaned == clean_message(text)
    assert [one.kind for one in report.changes if one.kind == "emoji"] == []
    assert report.shortcodes == ()


@pytest.mark.parametrize(
    ("text", "shortcodes"),
    [
        (":our-logo: Disk full", (":our-logo:",)),
        ("Disk :our-logo: :our-logo: :bowtie:", (":our-logo:", ":bowtie:")),
        (":our-logo::skin-tone-3: x", (":our-logo:",)),
        ("full:fire:please", (":fire:",)),
    ],
)
def test_unknown_ones_stay_and_are_pointed_out(text: str, shortcodes: tuple[str, ...]) -> None:
    """An emoji of the workspace is sent as typed, and so is one within a word."""
    report = inspect(text)

    assert report.cleaned == text
    assert report.shortcodes == shortcodes
    assert report.summary() == f"Sent as typed: {', '.join(shortcodes)}."


def test_a_mixed_row_keeps_the_unknown_ones() -> None:
    """Of several in a row only those of Slack's standard set go."""
    report = inspect(":our-logo::fire:x:fire::our-logo: :fire::our-logo:")

    assert report.cleaned == ":our-logo::fire:x:fire::our-logo: :our-logo:"
    assert report.shortcodes == (":our-logo:", ":fire:")


@pytest.mark.parametrize("text", [":fire: Disk full", "at 10 :100: x", ":our-logo:"])
def test_elsewhere_they_are_text(text: str) -> None:
    """Only Slack writes emoji so; a text from a program or the command line is what it says."""
    report = inspect_message(text)

    assert clean_message(text) == report.cleaned == text
    assert (report.changes, report.shortcodes) == ((), ())


def test_every_emoji_that_slack_delivers_is_known() -> None:
    """The names are those of Slack's standard set, and removing them leaves nothing."""
    assert len(EMOJI_NAMES) == 1_972
    assert set(CODES.values()) <= EMOJI_NAMES
    left = {emoji for emoji in CODES if inspect(to_shortcodes(emoji)).cleaned}
    assert left == set()
    assert {name for name in EMOJI_NAMES if inspect(f":{name}: x").cleaned != "x"} == set()


def test_every_emoji_itself_goes() -> None:
    """The characters of Slack's emoji are removed, except those that kwtSMS may deliver."""
    left = {clean_message(emoji) for emoji in CODES}

    assert left == {"", *"#*0123456789©®™ℹ↔↕↖↗↘↙↩↪⤴⤵▪"} - {"▪"}


def test_the_tables_are_generated() -> None:
    """The script writes both tables as they are, from the package that their first line names."""
    script = runpy.run_path(str(SCRIPT))
    emoji = [
        {"unified": "1F525", "short_name": "fire", "short_names": ["fire"]},
        {"unified": "1F44D", "short_name": "+1", "short_names": ["+1", "thumbsup"]},
    ]
    names = script["names_module"](emoji, "emoji-datasource 1 (MIT)")
    codes = script["codes_module"](emoji, "emoji-datasource 1 (MIT)")
    made: dict[str, object] = {}
    exec(names + codes, made)

    assert made["EMOJI_NAMES"] == {"fire", "+1", "thumbsup"}
    assert made["CODES"] == {"🔥": "fire", "👍": "+1"}
    assert "emoji-datasource 1 (MIT)" in names.splitlines()[0]
    assert "emoji-datasource 16.0.0 (MIT)" in script["NAMES"].read_text().splitlines()[0]
    assert "emoji-datasource 16.0.0 (MIT)" in script["CODES"].read_text().splitlines()[0]


@pytest.mark.parametrize(
    "text", [":a" * 10_000, ":a:" * 10_000 + "x", ":skin-tone-2:" * 2_000 + "x", ":" * 20_000]
)
def test_rows_of_colons_are_not_slow(text: str) -> None:
    """Time grows with the length only; the suite would hang otherwise."""
    assert len(inspect(text).cleaned) <= len(text)

"""Texts say what is wrong first, on one page, in Latin or Arabic."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kwtsms_bot.bridge.models import AlertSeverity, IncidentSummary, NotificationKind
from kwtsms_bot.bridge.render import render
from kwtsms_bot.bridge.render.plain_text import plain_text, plain_title, shorten

START = datetime(2026, 11, 2, 11, 2, 13, tzinfo=UTC)  # 14:02 on a Monday in Kuwait.
NOW = START + timedelta(minutes=2)
DISK = "/var on db01 is 96% full"
ARABIC_DISK = "القرص /var على db01 ممتلئ 96%"
MANY_KINDS = (
    ("HostDown", 612),
    ("DiskAlmostFull", 201),
    ("LinkDown", 96),
    *((f"K{n}", 1) for n in range(91)),
)


def incident(**fields: Any) -> IncidentSummary:
    """A disk that is nearly full."""
    given: dict[str, Any] = {
        "ref": "A7F3K",
        "severity": AlertSeverity.CRITICAL,
        "title": DISK,
        "since": START,
        "kinds": (("DiskAlmostFull", 1),),
    }
    return IncidentSummary(**given | fields)


def text(*incidents: IncidentSummary, **settings: Any) -> str:
    """The text about these incidents."""
    return render(incidents, now=NOW, **settings).text


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, f"CRIT {DISK}. Since 14:02. A7F3K"),
        ({"severity": AlertSeverity.ERROR}, f"ERR {DISK}. Since 14:02. A7F3K"),
        ({"severity": AlertSeverity.WARNING}, f"WARN {DISK}. Since 14:02. A7F3K"),
        ({"severity": AlertSeverity.INFO}, f"INFO {DISK}. Since 14:02. A7F3K"),
        ({"where": "db01"}, f"CRIT {DISK}. Since 14:02. A7F3K"),
        ({"where": "shuwaikh"}, f"CRIT {DISK}. shuwaikh, since 14:02. A7F3K"),
        (
            {"text": "Less than 4% of /var is left. Look at it.", "values": "A=5.02"},
            f"CRIT {DISK}. Since 14:02. A=5.02. Less than 4% of /var is left. A7F3K",
        ),
        ({"kinds": (("DiskAlmostFull", 3),)}, f"CRIT {DISK}. Since 14:02. +2 more. A7F3K"),
        (
            {"kinds": (("DiskAlmostFull", 1), ("HostDown", 4))},
            f"CRIT {DISK}. Since 14:02. +4 more: HostDown x4. A7F3K",
        ),
        (
            {"kinds": MANY_KINDS, "title": "HostDown core-sw-1"},
            "CRIT 1000 alerts since 14:02: HostDown x612, DiskAlmostFull x201, LinkDown x96 "
            "+91 kinds. First: HostDown core-sw-1. A7F3K",
        ),
        (
            {"notification": NotificationKind.ESCALATION, "since": NOW - timedelta(minutes=10)},
            f"2ND CRIT {DISK}. Nobody took it for 10 min. A7F3K",
        ),
        (
            {"notification": NotificationKind.FLAPPING, "reopened": 3},
            f"FLAPPING {DISK}, 3 times since 14:02. A7F3K",
        ),
        (
            {"notification": NotificationKind.RESOLVED, "ended_at": START + timedelta(minutes=29)},
            f"OK {DISK}, after 29 min. A7F3K",
        ),
        (
            {
                "notification": NotificationKind.RESOLVED,
                "ended_at": START + timedelta(minutes=29),
                "kinds": (("A", 1000),),
            },
            "OK all 1000 since 14:02, after 29 min. A7F3K",
        ),
        ({"notification": NotificationKind.TEST, "title": "Testing"}, "TEST Testing. A7F3K"),
    ],
)
def test_latin(fields: dict[str, Any], expected: str) -> None:
    """Each kind of news says what is wrong first, and ends with the reference."""
    assert text(incident(**fields)) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, f"حرج: {ARABIC_DISK}. منذ 14:02. A7F3K"),
        (
            {"kinds": (("HostDown", 612), *((f"K{n}", 1) for n in range(388)))},
            "حرج: 1000 تنبيه منذ 14:02: +389 نوعًا. A7F3K",
        ),
        (
            {
                "title": "القرص /var على db01",
                "notification": NotificationKind.ESCALATION,
                "since": NOW - timedelta(minutes=10),
            },
            "تصعيد: القرص /var على db01. لم يستلمه أحد منذ 10 دقائق. A7F3K",
        ),
        (
            {"notification": NotificationKind.RESOLVED, "ended_at": START + timedelta(minutes=2)},
            f"انتهى: {ARABIC_DISK}، بعد دقيقتين. A7F3K",
        ),
        (
            {"notification": NotificationKind.FLAPPING, "reopened": 3},
            f"متذبذب: {ARABIC_DISK}، 3 مرات منذ 14:02. A7F3K",
        ),
        (
            {"notification": NotificationKind.TEST, "title": "رسالة للتجربة"},
            "اختبار: رسالة للتجربة. A7F3K",
        ),
    ],
)
def test_arabic(fields: dict[str, Any], expected: str) -> None:
    """An Arabic title has Arabic words around it, ASCII digits and no marks (scenario 38)."""
    rendered = render([incident(**{"title": ARABIC_DISK} | fields)], now=NOW)

    assert (rendered.text, rendered.language, rendered.pages) == (expected, "ar", 1)


@pytest.mark.parametrize(
    ("choice", "title", "begin"),
    [
        ("auto", DISK, "CRIT /var"),
        ("auto", ARABIC_DISK, "حرج: القرص"),
        ("ar", DISK, "حرج: /var"),
        ("en", ARABIC_DISK, "CRIT القرص"),
    ],
)
def test_the_language_is_the_titles_or_a_choice(choice: str, title: str, begin: str) -> None:
    """An Arabic frame would halve the page of an English title, so that is never automatic."""
    assert text(incident(title=title), language_choice=choice).startswith(begin)


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (NOW - timedelta(hours=14), "Since 00:04"),
        (NOW - timedelta(hours=15), "Since Sun 23:04"),
        (NOW - timedelta(days=6), "Since Tue 14:04"),
        (NOW - timedelta(days=7), "Since 26 Oct 14:04"),
    ],
)
def test_the_start_is_in_kuwaits_time(since: datetime, expected: str) -> None:
    """Today's time alone; a weekday within the last six days; then a date."""
    assert expected in text(incident(since=since))


def test_a_bundle_begins_with_the_most_severe() -> None:
    """One text counts everything: what is worst has its title and reference, the rest a number."""
    error = incident(
        ref="B2B2B", severity=AlertSeverity.ERROR, title="Ping lost", kinds=(("Ping", 4),)
    )
    older = incident(ref="C2C2C", since=START - timedelta(hours=1), title="Older")
    ended = incident(ref="D2D2D", notification=NotificationKind.RESOLVED)

    assert text(error, incident(), older, ended) == (
        "CRIT Older. Since 13:02. +5 more: Ping x4, DiskAlmostFull x1. 1 resolved. C2C2C"
    )


def test_an_escalation_leads() -> None:
    """An incident that nobody took comes first in a bundle."""
    late = incident(
        ref="B2B2B", severity=AlertSeverity.ERROR, notification=NotificationKind.ESCALATION
    )

    assert text(incident(), late).startswith("2ND ERR")


def test_kinds_of_another_script_are_counted() -> None:
    """An Arabic kind in a Latin text would cost 90 characters of its page (7.13.11)."""
    found = text(incident(kinds=(("Disk", 1), ("تعطل الخادم", 3), ("Ping", 1))))

    assert "+4 more: Ping x1 +1 kind." in found


def test_parts_are_left_out_in_their_order() -> None:
    """The text goes first, then values, place, time; the title stays whole."""
    fields: dict[str, Any] = {
        "text": "t" * 30,
        "values": "v" * 8,
        "where": "w" * 12,
        "kinds": (("Disk", 1), ("Ping", 4)),
    }
    title = "word " * 24 + "end"
    found = [text(incident(title=title[-length:], **fields)) for length in range(3, 123, 5)]
    shown = [tuple(part in one.casefold() for part in ("tt", "vv", "ww", "since")) for one in found]

    assert list(dict.fromkeys(shown)) == [
        (True, True, True, True),
        (False, True, True, True),
        (False, False, True, True),
        (False, False, False, True),
        (False, False, False, False),
    ]
    assert all("end" in one and "+4 more: Ping x4" in one for one in found)


def test_a_long_title_is_cut_between_words() -> None:
    """The title ends with two dots after a whole word, never within a number."""
    found = text(incident(title="load 123.45 " * 40))

    assert found.endswith((" load 123.45.. A7F3K", " load.. A7F3K"))
    assert len(found) <= 160


def test_a_second_page_only_for_a_title() -> None:
    """Two pages are used if the title would be cut, and for nothing else."""
    long_title = "a title of many words " * 9
    described = incident(text="long " * 30)

    assert render([incident(title=long_title)], now=NOW, max_pages=2).pages == 2
    assert "many words. Since" in text(incident(title=long_title), max_pages=2)
    assert render([described], now=NOW, max_pages=2).pages == 1


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Disk – 20° “full”… [db01] {x}|y", 'Disk - 20deg "full"... (db01) (x)/y'),
        ("São João ½ – ok", "Sao Joao 1/2 - ok"),
        ("**Firing** `db01` [Runbook](https://x.example/y)", "Firing db01 Runbook"),
        ("🔴 Shop is down ✅", "Shop is down"),
        ("<b>Disk</b> &amp; CPU: 5 < 6, a<b", "Disk & CPU: 5 < 6, a< b"),
        ("Change at https://shop.example.com/a?b=c", "Change at shop.example.com"),
        ("line one\nline two.\r\n\r\n- three", "line one. line two. three"),
        ("# Title #1\n---\ntext", "Title #1. text"),
        ("snake_case_name __init__ 2*3*4", "snake_case_name init 2*3*4"),
        ("٩٦٪ ممتلئ – القرص", "96٪ ممتلئ – القرص"),
        ("\u2066مرحبا\u2069 db01", "مرحبا db01"),
        ("Disk full.", "Disk full"),
        (
            "*Disk* of *db01 and db02* is full, 5 * 6 * 7",
            "Disk of db01 and db02 is full, 5 * 6 * 7",
        ),
        ("<p>db01 is <i>96%</i></p><br/>bye", "db01 is 96%. bye"),
        ("[Shop][https://shop.example.com/a] expires", "(Shop)(shop.example.com) expires"),
        ('Not in [<html lang="en">], says main()', "Not in, says main()"),
    ],
)
def test_titles_are_plain(written: str, shown: str) -> None:
    """Markup, emoji, links and costly characters go; Arabic letters stay as they are."""
    assert plain_title(written) == shown


def test_a_description_is_its_first_sentence_without_links() -> None:
    """The rest is on the card in Slack."""
    assert plain_text("See https://x.example/y now. Then this.") == "See now"
    assert plain_text("x" * 500) == ""
    assert plain_text("See [https://x.example/y] now, or http://[::1]:80/x") == "See now, or"
    assert plain_text("Less than 4.5% of /var is left! Hurry") == "Less than 4.5% of /var is left!"


@pytest.mark.parametrize(
    ("title", "kind", "shown"),
    [
        ("🔴", "HostDown", "HostDown"),
        ("x" * 900, "HostDown", "HostDown"),
        ("🔴", "🔴", "A7F3K"),
    ],
)
def test_a_title_of_which_nothing_is_left(title: str, kind: str, shown: str) -> None:
    """The kind replaces a title that no phone can show."""
    assert text(incident(title=title, kinds=((kind, 1),))).startswith(f"CRIT {shown}.")


def test_shorten_replaces_what_never_fits() -> None:
    """A word that is too long by itself becomes two dots, and the next words are kept."""
    assert shorten("a" * 50 + " is down now", lambda one: len(one) <= 12) == ".. is down.."

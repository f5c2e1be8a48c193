"""10,000 random incidents: never over the pages, always the reference, nothing cut or lost."""

import re
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
import smsutil
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kwtsms_bot.bridge.models import AlertSeverity, IncidentSummary, NotificationKind
from kwtsms_bot.bridge.render import RenderedMessage, render
from kwtsms_bot.bridge.render.plain_text import is_arabic, plain_title
from kwtsms_client import clean_message, pages
from kwtsms_sandbox.gateway.content import gets_stuck
from kwtsms_sandbox.gateway.content import pages as gateway_pages

NOW = datetime(2026, 11, 2, 11, 4, tzinfo=UTC)
ENDS = ".,;:-،؛!?؟"  # Punctuation that may go, or come, at the end of a word.
LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
FEW, FEWER = settings(max_examples=200), settings(max_examples=100)
PROCESSES = 4  # So that several processes share the work.
A_SEED = 7  # Messages of a seed, with two incidents on average: 200 seeds and 4 parts make 11,200.
REFS = st.text(st.sampled_from(LETTERS), min_size=5, max_size=5)
# Bits of titles as tools write them, and what may go wrong in them.
BITS = (
    *("disk", "full", "96%", "5.02", "2026-11-02", "db01:9100", "/var/log", "CPU>90%", "a<b"),
    *("القرص", "ممتلئ", "تعطّل", "الخادم", "٩٦٪", "–", "“x”", "’", "…", "°C", "€", "[a]", "{b}"),
    *("🔴", "✅", "<b>", "</b>", "&lt;", "&amp;", "**", "`", "# ", "\n", "\r\n", "\t", "- "),
    *("https://shop.example.com/a?b=c", "[x](https://y.example)", "\u200b", "\u2066", "\ufeff"),
    *("é", "e\u0301", "\u0301", "ã", "½", "𝐀", "中文", "привет", "x" * 50, "y" * 200, "1" * 30),
    *("<a", "href=", ">", "\x00", "\ud800", "ﷺ", "\u0651", "A7F3K", ".", "..", "!", "؟", ":"),
)
PARTS = st.sampled_from(BITS)
TITLES = (
    st.lists(PARTS, max_size=16).map(" ".join)
    | st.lists(PARTS, max_size=8).map("".join)
    | st.text(max_size=60)
)
TIMES = st.integers(-86_400 * 40, 600).map(lambda seconds: NOW + timedelta(seconds=seconds))
KIND_LISTS = st.lists(st.tuples(TITLES.map(plain_title), st.integers(1, 400)), max_size=6)
INCIDENTS = st.builds(
    IncidentSummary,
    ref=REFS,
    severity=st.sampled_from(AlertSeverity),
    title=TITLES,
    since=TIMES,
    kinds=st.tuples(st.tuples(TITLES.map(plain_title), st.integers(1, 20)), KIND_LISTS).map(
        lambda pair: tuple(dict([*pair[1], pair[0]]).items())
    ),
    notification=st.sampled_from(NotificationKind),
    text=TITLES,
    values=st.text(max_size=20),
    where=TITLES | st.just("db01"),
    ended_at=st.none() | TIMES,
    reopened=st.integers(1, 9),
)
BUNDLES = st.lists(INCIDENTS, min_size=2, max_size=5)
CHOICES = st.sampled_from(("auto", "en", "ar"))
PAGES = st.integers(1, 2)


def check(rendered: RenderedMessage, incidents: list[IncidentSummary], most: int) -> None:
    """Checks everything that must hold for a text."""
    text = rendered.text
    assert rendered.pages == pages(text) == gateway_pages(text) == len(smsutil.split(text).parts)
    assert rendered.pages <= most
    assert text.rpartition(" ")[2] in {one.ref for one in incidents}
    assert clean_message(text) == text
    assert not gets_stuck(text)
    assert not re.search(r"https?://\w", text)
    assert "\n" not in text
    text.encode("utf-16-le").decode("utf-16-le")  # No half of a character.


@pytest.mark.parametrize("part", range(PROCESSES))
@FEW
@given(st.integers(0, 2**64))
def test_10000_random_incidents_fit(part: int, seed: int) -> None:
    """Pages as three counters count them, a reference, and nothing that jams the gateway."""
    source = Random(seed + part)
    for _ in range(A_SEED):
        incidents = [random_incident(source) for _ in range(source.randint(1, 3))]
        most = source.randint(1, 2)
        choice = source.choice(("auto", "en", "ar"))

        check(render(incidents, now=NOW, language_choice=choice, max_pages=most), incidents, most)


def random_incident(source: Random) -> IncidentSummary:
    """An incident of random titles, texts and kinds."""

    def title() -> str:
        return source.choice(("", " ", "  ")).join(source.choices(BITS, k=source.randint(0, 20)))

    kinds = {plain_title(title()): source.randint(1, 400) for _ in range(source.randint(1, 5))}
    return IncidentSummary(
        ref="".join(source.choices(LETTERS, k=5)),
        severity=source.choice(list(AlertSeverity)),
        title=title(),
        since=NOW - timedelta(seconds=source.randint(-600, 86_400 * 40)),
        kinds=tuple(kinds.items()),
        notification=source.choice(list(NotificationKind)),
        text=title(),
        values=title(),
        where=title(),
        ended_at=source.choice((None, NOW)),
        reopened=source.randint(1, 9),
    )


@FEW
@given(INCIDENTS, CHOICES, PAGES)
def test_every_text_about_one_incident_fits(
    incident: IncidentSummary, choice: str, most: int
) -> None:
    """Titles of any characters give such texts, too."""
    rendered = render([incident], now=NOW, language_choice=choice, max_pages=most)

    check(rendered, [incident], most)


@FEW
@given(BUNDLES, CHOICES, PAGES)
def test_every_text_fits_and_can_be_delivered(
    incidents: list[IncidentSummary], choice: str, most: int
) -> None:
    """Several incidents in one text give such texts, too."""
    rendered = render(incidents, now=NOW, language_choice=choice, max_pages=most)

    check(rendered, incidents, most)


@FEWER
@given(INCIDENTS, CHOICES)
def test_a_title_is_cut_between_words_only(incident: IncidentSummary, choice: str) -> None:
    """Every word and number of the text's title is a whole one of the incident's title."""
    test = NotificationKind.TEST  # Its text has nothing but the title.
    single = IncidentSummary(
        incident.ref, incident.severity, incident.title, NOW, (("kind", 1),), test
    )
    _, *shown, _ = render([single], now=NOW, language_choice=choice).text.split(" ")
    words = {word.strip(ENDS) for word in plain_title(incident.title).split(" ")}

    if words - {""}:
        assert {word.strip(ENDS) for word in shown} <= words | {""}


@FEWER
@given(st.lists(st.sampled_from(["القرص", "ممتلئ", "تعطّل", "ﷺ", "الخادم", "آلي", "گاز", "db01"])))
@example(["ﻻ", "ـــ", "لآ"])
def test_arabic_titles_keep_every_letter(words: list[str]) -> None:
    """No Arabic letter, mark or presentation form of a title that fits is changed."""
    title = " ".join(words)[:40].strip()
    incident = IncidentSummary("A7F3K", AlertSeverity.CRITICAL, title, NOW, (("kind", 1),))
    rendered = render([incident], now=NOW)

    assert title in rendered.text
    assert (rendered.language == "ar") == is_arabic(title or "kind")


@FEWER
@given(BUNDLES | INCIDENTS.map(lambda one: [one]))
def test_the_numbers_add_up(incidents: list[IncidentSummary]) -> None:
    """`N alerts`, or one title and `+N more`, count every alert that fires."""
    text = render(incidents, now=NOW, language_choice="en", max_pages=1).text
    firing = [one for one in incidents if one.notification is not NotificationKind.RESOLVED]
    total = sum(one.alert_count for one in firing or incidents)
    storm = re.match(r"(?:2ND )?[A-Z]+ (\d+) alerts?\b", text)
    large = re.match(r"OK all (\d+)\b", text)
    more = re.findall(r"\+(\d+) more\b", text)
    counted = {int(found[1]) for found in (storm, large) if found}
    counted |= {1 + int(number) for number in more} | (set() if total > 1 else {1})

    assert total in counted

"""Renders incidents as one text message that says what is wrong first. Pure.

The parts, in reading order: `WORD TITLE. WHERE, since HH:MM. TEXT. +N more: KINDS. REFERENCE`.
What does not fit is left out in the order of `Detail`; the title is shortened last.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from kwtsms_bot.bridge.models import IncidentSummary, NotificationKind
from kwtsms_bot.bridge.render import phrases
from kwtsms_bot.bridge.render.plain_text import CUT, is_arabic, plain_text, plain_title, shorten
from kwtsms_bot.i18n.translator import ENGLISH, Language, language
from kwtsms_client import clean_message, pages

AUTO, ARABIC_CODE = "auto", "ar"
MAX_NAMED_ALERTS = 10  # From more alerts on, their number comes before a title.
MAX_KINDS = 3
MAX_KIND_NAME = 30
MIN_TITLE = {"en": 24, "ar": 16}
_SENTENCE_ENDS = ("!", "?", "؟", "..")


class Detail(IntEnum):
    """Amount of detail, from the most to the least: each leaves out one more part."""

    ALL = 0
    WITHOUT_TEXT = 1
    WITHOUT_VALUES = 2
    WITHOUT_PLACE = 3
    WITHOUT_TIME = 4
    ONE_KIND = 5
    NO_KIND = 6


@dataclass(frozen=True, slots=True)
class RenderedMessage:
    """A text message and its cost for one recipient in Kuwait."""

    text: str
    language: str
    pages: int


@dataclass(frozen=True, slots=True)
class _Bundle:
    """The incidents of one message, the most severe first, and all that does not change with it."""

    first: IncidentSummary
    firing: tuple[IncidentSummary, ...]
    resolved: int  # Resolved alerts beside those that fire.
    kinds: tuple[tuple[str, int], ...]
    title: str
    say: Language
    now: datetime

    @property
    def count(self) -> int:
        """The number of alerts that the message is about."""
        return sum(one.alert_count for one in self.firing)

    @property
    def is_storm(self) -> bool:
        """Whether more alerts are of the highest severity than one title can represent."""
        worst = (one for one in self.firing if one.severity == self.first.severity)
        named = (NotificationKind.TEST, NotificationKind.FLAPPING, NotificationKind.RESOLVED)
        return (
            self.first.notification not in named
            and sum(one.alert_count for one in worst) > MAX_NAMED_ALERTS
        )


def render(
    incidents: Sequence[IncidentSummary],
    *,
    now: datetime,
    language_choice: str = AUTO,
    max_pages: int = 1,
) -> RenderedMessage:
    """Renders the incidents that one person is texted about at once.

    The text always ends with the reference of the most severe incident, never takes more than
    `max_pages`, and is what the client's cleaning leaves of it.
    """
    bundle = _bundle(incidents, language_choice, now)
    text = _full_title(bundle, max_pages) or _short_title(bundle, max_pages)
    return RenderedMessage(text, bundle.say.code, pages(text))


def _bundle(incidents: Sequence[IncidentSummary], choice: str, now: datetime) -> _Bundle:
    ranked = sorted(incidents, key=_rank)
    ended = [one for one in ranked if one.notification is NotificationKind.RESOLVED]
    firing = [one for one in ranked if one.notification is not NotificationKind.RESOLVED] or ended
    first = firing[0]
    title = _title(first)
    return _Bundle(
        first=first,
        firing=tuple(firing),
        resolved=0 if firing is ended else sum(one.alert_count for one in ended),
        kinds=_count_kinds(firing),
        title=title,
        say=_language(choice, title),
        now=now,
    )


def _title(incident: IncidentSummary) -> str:
    """The title, or what names the incident best if nothing readable is left of it."""
    kind = incident.kinds[0][0] if incident.kinds else ""
    named = (plain_title(one) for one in (incident.title, kind, incident.where))
    return next((one for one in named if one.strip(CUT)), incident.ref)


def _rank(incident: IncidentSummary) -> tuple[bool, bool, int, datetime, str]:
    """The place of an incident: a real one before a test, an escalated one before a new one."""
    return (
        incident.notification is NotificationKind.TEST,
        incident.notification is not NotificationKind.ESCALATION,
        -incident.severity,
        incident.since,
        incident.ref,
    )


def _language(choice: str, title: str) -> Language:
    """Arabic by choice, or for a title with Arabic letters: its page has 70 characters anyway."""
    if choice == AUTO:
        return language(ARABIC_CODE) if is_arabic(title) else ENGLISH
    return language(choice)


def _count_kinds(incidents: Sequence[IncidentSummary]) -> tuple[tuple[str, int], ...]:
    """The alerts of all incidents by kind, the most frequent first."""
    counts: Counter[str] = Counter()
    for incident in incidents:
        counts.update(dict(incident.kinds))
    return tuple(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _full_title(bundle: _Bundle, max_pages: int) -> str:
    """The most detailed text with the whole title on the fewest pages; empty if none fits."""
    for page_count in range(1, max_pages + 1):
        for detail in Detail:
            text = _compose(bundle, bundle.title, detail)
            if detail < Detail.NO_KIND and pages(text) <= page_count:
                return text
    return ""


def _short_title(bundle: _Bundle, max_pages: int) -> str:
    """The text with a shortened title; the kinds go where they leave it too few characters."""
    for detail in (Detail.ONE_KIND, Detail.NO_KIND):
        title = shorten(bundle.title, _fits(bundle, detail, max_pages))
        if len(title) >= MIN_TITLE[bundle.say.code] or detail is Detail.NO_KIND:
            break
    return _compose(bundle, title, detail)


def _fits(bundle: _Bundle, detail: Detail, max_pages: int) -> Callable[[str], bool]:
    return lambda title: pages(_compose(bundle, title, detail)) <= max_pages


def _compose(bundle: _Bundle, title: str, detail: Detail) -> str:
    """The text with this title and so much detail."""
    sentences = (_storm if bundle.is_storm else _single)(bundle, title, detail)
    if bundle.resolved:
        sentences.append(phrases.resolved_count(bundle.resolved, bundle.say))
    return clean_message(_join([*sentences, bundle.first.ref]))


def _single(bundle: _Bundle, title: str, detail: Detail) -> list[str]:
    """The sentences about one alert by its title, and about the others by their number."""
    first, say = bundle.first, bundle.say
    begin = f"{phrases.first_word(first, say)} {title}"
    others = bundle.count - 1
    rest = [_others(bundle, others, detail)] if others else []
    if first.notification is NotificationKind.RESOLVED:
        return [_resolved(bundle, title, detail), *(rest if not _is_large(bundle) else [])]
    if first.notification is NotificationKind.FLAPPING:
        return [_flapping(bundle, begin, detail), *rest]
    return [begin, *_circumstances(bundle, detail), *rest]


def _circumstances(bundle: _Bundle, detail: Detail) -> list[str]:
    """Where, since when, the values and the description, as far as there is room."""
    first, say = bundle.first, bundle.say
    is_test = first.notification is NotificationKind.TEST
    where = plain_title(first.where) if detail < Detail.WITHOUT_PLACE else ""
    time = phrases.since(first.since, bundle.now, say)
    if first.notification is NotificationKind.ESCALATION:
        time = phrases.nobody_acknowledged(bundle.now - first.since, say)
    facts = [
        "" if where.casefold() in bundle.title.casefold() else where,
        time if detail < Detail.WITHOUT_TIME and not is_test else "",
    ]
    text = plain_text(first.text) if detail < Detail.WITHOUT_TEXT else ""
    values = plain_title(first.values) if detail < Detail.WITHOUT_VALUES else ""
    described = "" if text.casefold() in bundle.title.casefold() else text
    sentence = phrases.comma(say).join(filter(None, facts))
    if not facts[0]:  # It begins with words of ours; a place is written as its tool writes it.
        sentence = sentence[:1].upper() + sentence[1:]
    return [sentence, values, described]


def _flapping(bundle: _Bundle, begin: str, detail: Detail) -> str:
    first, say = bundle.first, bundle.say
    time = phrases.since(first.since, bundle.now, say) if detail < Detail.WITHOUT_TIME else ""
    times = phrases.times(first.reopened, say)
    return f"{begin}{phrases.comma(say)}{times} {time}".rstrip()


def _resolved(bundle: _Bundle, title: str, detail: Detail) -> str:
    first, say = bundle.first, bundle.say
    word = phrases.first_word(first, say)
    ended = phrases.after((first.ended_at or bundle.now) - first.since, say)
    begin = f"{word} {title}"
    if _is_large(bundle):
        begin = f"{word} {phrases.resolved_alerts(bundle.count, say)}"
        begin += f" {phrases.since(first.since, bundle.now, say)}"
    return phrases.comma(say).join((begin, ended) if detail < Detail.WITHOUT_TIME else (begin,))


def _is_large(bundle: _Bundle) -> bool:
    return bundle.count > MAX_NAMED_ALERTS


def _storm(bundle: _Bundle, title: str, detail: Detail) -> list[str]:
    """The sentences about many alerts: their number and kinds, and the first one's title."""
    say = bundle.say
    count = phrases.alert_count(bundle.count, say)
    begin = f"{phrases.first_word(bundle.first, say)} {count}"
    if detail < Detail.WITHOUT_TIME:
        begin += f" {phrases.since(min(one.since for one in bundle.firing), bundle.now, say)}"
    kinds = _kinds(bundle, detail)
    first = [phrases.first_title(title, say)] if detail < Detail.WITHOUT_VALUES else []
    return [f"{begin}: {kinds}" if kinds else begin, *first]


def _others(bundle: _Bundle, count: int, detail: Detail) -> str:
    """`+2 more`, with the kinds if there are others than that of the title."""
    kinds = _kinds(bundle, detail) if len(bundle.kinds) > 1 else ""
    more = phrases.more(count, bundle.say)
    return f"{more}: {kinds}" if kinds else more


def _kinds(bundle: _Bundle, detail: Detail) -> str:
    """The most frequent kinds; one that is long or of another script is counted, not named."""
    if detail >= Detail.NO_KIND:
        return ""
    most = 1 if detail >= Detail.ONE_KIND else MAX_KINDS
    nameable = [one for one in _kinds_beside_title(bundle) if _is_nameable(one[0], bundle.title)]
    named = nameable[:most]
    return phrases.kinds_listed(named, len(_kinds_beside_title(bundle)) - len(named), bundle.say)


def _kinds_beside_title(bundle: _Bundle) -> tuple[tuple[str, int], ...]:
    """The kinds of all alerts; beside a title, without the one alert that has it."""
    if bundle.is_storm:
        return bundle.kinds
    titled = bundle.first.kinds[0][0]
    rest = ((name, count - (name == titled)) for name, count in bundle.kinds)
    return tuple((name, count) for name, count in rest if count)


def _is_nameable(kind: str, title: str) -> bool:
    return bool(kind) and len(kind) <= MAX_KIND_NAME and is_arabic(kind) == is_arabic(title)


def _join(sentences: Sequence[str]) -> str:
    """The sentences with full stops between them; the last one is the reference."""
    filled = [one for one in sentences if one]
    ended = [one if one.endswith(_SENTENCE_ENDS) else f"{one}." for one in filled[:-1]]
    return " ".join([*ended, filled[-1]])

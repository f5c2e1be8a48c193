"""The text of an iCalendar file, as many tools write it: in bounds, and in one spelling. Pure.

Refuses what is too large and what repeats more often than hourly, before anything is expanded.
"""

import re
from collections.abc import Iterable, Iterator

MAX_BYTES, MAX_EVENTS = 1_048_576, 2_000
MAX_STARTS_A_DAY = 24
_FOLD = re.compile(rb"\r?\n[ \t]|\r(?!\n)[ \t]")
_OTHER_COMPONENTS = frozenset({"VTODO", "VJOURNAL", "VFREEBUSY", "VALARM"})
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_RULE = re.compile(r"^((?:RRULE|EXRULE)[^:\n]*:)(.*)$", re.IGNORECASE | re.MULTILINE)
_SUB_DAILY = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})
_TIMES_OF_DAY = ("BYHOUR", "BYMINUTE", "BYSECOND")
# What may have people's numbers and texts in it, and says nothing about who is on call.
_PRIVATE = re.compile(
    r"^(?:ATTACH|ATTENDEE|COMMENT|CONTACT|DESCRIPTION|GEO|LOCATION|ORGANIZER|URL"
    r"|X-(?!WR-TIMEZONE[;:])[^:;\n]*)(?:;[^\n]*)?:[^\n]*\n",
    re.IGNORECASE | re.MULTILINE,
)
# Such as `(UTC+03:00) Kuwait, Riyadh`, Outlook's name of a zone, and `GMT+0300`.
_OFFSET_ZONE = re.compile(
    r';TZID="?(\(?(?:UTC|GMT) ?([+-])(\d{1,2})(?::?00)?\b[^"\n]{0,60}?)"?:(?=\d{8})', re.IGNORECASE
)


class UnreadableCalendar(Exception):
    """A calendar is refused; the text is a fixed phrase, and quotes nothing."""


def check_size(body: bytes) -> str:
    """Returns the text of a calendar whose size and rules are accepted.

    Raises:
        UnreadableCalendar: they are not.
    """
    if len(body) > MAX_BYTES:
        raise UnreadableCalendar("it is larger than 1 MiB")
    text = _RULE.sub(_spell_rule, decode(body))
    if not text.lstrip().upper().startswith("BEGIN:VCALENDAR"):
        raise UnreadableCalendar("it is not a calendar")
    if not text.rstrip().upper().endswith("END:VCALENDAR"):
        raise UnreadableCalendar("it is incomplete")
    if len(re.findall(r"^BEGIN:VEVENT", text, re.IGNORECASE | re.MULTILINE)) > MAX_EVENTS:
        raise UnreadableCalendar("it has more than 2,000 events")
    if any(_is_sub_daily(match[2]) for match in _RULE.finditer(text)):
        raise UnreadableCalendar("an event repeats more often than hourly")
    return _OFFSET_ZONE.sub(lambda match: _spell_zone(match, text), text)


def decode(body: bytes) -> str:
    """Returns the text of a calendar with one property a line, without tasks, notes and alarms.

    Lines are joined first: some tools fold them within a letter. A line that is not UTF-8 is in
    Windows' Arabic encoding, which has the Latin letters, too.
    """
    if body.startswith(_UTF_16):
        body = body.decode("utf-16", errors="replace").encode()
    joined = _FOLD.sub(b"", body.removeprefix(b"\xef\xbb\xbf"))
    lines = joined.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    return "\n".join(_events_only(_decode_line(one) for one in lines))


def without_private_parts(text: str) -> str:
    """Returns the text of a calendar without descriptions, places and participants."""
    return _PRIVATE.sub("", text)


def _events_only(lines: Iterable[str]) -> Iterator[str]:
    """Yields the lines that are in no component of another kind."""
    ends_at = ""
    for line in lines:
        word, _, name = line.strip().upper().partition(":")
        if not ends_at and word == "BEGIN" and name in _OTHER_COMPONENTS:
            ends_at = name
        elif not ends_at:
            yield line
        elif word == "END" and name == ends_at:
            ends_at = ""


def _decode_line(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("cp1256", errors="replace")


def _spell_rule(match: re.Match[str]) -> str:
    """Returns a rule in capitals, without spaces and without parts of a vendor's own."""
    parts = (one.strip() for one in match[2].upper().split(";"))
    return match[1] + ";".join(one for one in parts if one and not one.startswith("X-"))


def _is_sub_daily(rule: str) -> bool:
    parts: dict[str, str] = {}
    for part in rule.split(";"):
        key, _, value = part.partition("=")
        parts[key.strip()] = value.strip()
    starts = 1
    for key in _TIMES_OF_DAY:
        starts *= parts.get(key, "").count(",") + 1
    return parts.get("FREQ") in _SUB_DAILY or starts > MAX_STARTS_A_DAY


def _spell_zone(match: re.Match[str], text: str) -> str:
    """Returns the zone of whole hours that a name says, unless the calendar defines that name."""
    name, sign, hours = match[1], match[2], int(match[3])
    if f"\nTZID:{name}\n" in text or hours > 12:
        return match[0]
    return f";TZID=Etc/GMT{'-' if sign == '+' else '+'}{hours}:"  # POSIX: the sign is reversed.

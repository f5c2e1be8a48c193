"""Reads what the judge needs from text messages and cards, as a person reads them. Pure."""

import re

_STORM = re.compile(r"^(?:2ND )?[A-Z]+ (\d+) alerts?\b")
_MORE = re.compile(r"\+(\d+) more\b")
_REF = re.compile(r"\b[A-HJKMNP-TV-Z2-9]{5}$")
_CARD_REF = re.compile(r" · ([A-HJKMNP-TV-Z2-9]{5})\b")
_ACKNOWLEDGED = "Acknowledged by"
_TEXTED, _UNKNOWN = "Texted ", "May have been sent to "
_REASONS = ("Not texted, because", "Nobody was texted: it was over before.")
_DEFERRED = ("Held", "Waiting, because")


def alert_count(text: str) -> int:
    """The number of alerts that a text message is about."""
    storm = _STORM.match(text)
    if storm is not None:
        return int(storm[1])
    more = _MORE.search(text)
    return 1 + (int(more[1]) if more else 0)


def reference(text: str) -> str:
    """The reference at the end of a text message; empty if it has none."""
    found = _REF.search(text)
    return found[0] if found else ""


def card_reference(card: str) -> str:
    """The reference in the first line of a card; empty if it is none."""
    found = _CARD_REF.search(card.partition("\n")[0])
    return found[1] if found else ""


def is_texted(card: str, name: str) -> bool:
    """Whether a card says that this person was texted."""
    return any(line.startswith(_TEXTED) and _names(line, name) for line in card.splitlines())


def is_unknown(card: str, name: str) -> bool:
    """Whether a card says that a text to this person may have been sent."""
    return any(line.startswith(_UNKNOWN) and _names(line, name) for line in card.splitlines())


def is_excused(card: str) -> bool:
    """Whether a card says that nobody was texted, and why."""
    return any(line.startswith(_REASONS) for line in card.splitlines())


def is_deferred(card: str, name: str) -> bool:
    """Whether a card says that a text to this person waits, and for what."""
    return any(line.startswith(_DEFERRED) and _names(line, name) for line in card.splitlines())


def is_acknowledged(card: str) -> bool:
    """Whether a card says that somebody has acknowledged the incident."""
    return _ACKNOWLEDGED in card


def _names(line: str, name: str) -> bool:
    return re.search(rf"\b{re.escape(name)}\b", line) is not None

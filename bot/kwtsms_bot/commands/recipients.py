"""Where the numbers end and the text begins. Pure; the text is kept as it was typed."""

import re
from dataclasses import dataclass, field

from kwtsms_bot.language import ENGLISH, Language
from kwtsms_client import Phone, PhoneCheck, validate_phone_input

# Digits of both Arabic scripts, punctuation of phone numbers, and the invisible direction marks
# that come along when a number is copied from a chat or a contact.
_GROUP = re.compile(r"[0-9٠-٩۰-۹+().\-/\u200e\u200f\u202a-\u202e\u2066-\u2069]+(?=[\s,;،]|$)")
_COMMA = re.compile(r"\s*[,;،]\s*")
_COMMA_OR_BLANK = re.compile(r"[\s,;،]")
_BLANK = re.compile(r"\s+")
_SEPARATOR = re.compile(r"[,;،\n]+")
_NAME = re.compile(r"@([^\s,;،@]{1,80})(?=[\s,;،]|$)")
_DIGIT = re.compile(r"[0-9٠-٩۰-۹]")
_COUNTRY_DIGITS = 5  # 00965: a longer first group is a whole number, not the beginning of one.
_GROUP_DIGITS = 3  # A shorter later group is more likely text: "+965 9876 5432 5 disks failed".


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something that is no number."""

    typed: str = field(repr=False)
    why: str = field(repr=False)  # In English, as the client says it.

    def sentence(self, say: Language) -> str:
        """What is wrong with it, and how to write it."""
        example = say("Write it with the country code, such as +965 9876 5432.")
        if say == ENGLISH:
            return f"{self.why} {example}"
        wrong = say("“{typed}” is not the number of a mobile.", typed=self.typed)
        return f"{wrong} {example}"


@dataclass(frozen=True, slots=True)
class Addressed:
    """A typed line, taken apart."""

    recipients: tuple[Phone, ...] = field(repr=False)
    mistakes: tuple[Mistake, ...] = field(repr=False)
    text: str = field(repr=False)
    names: tuple[str, ...] = ()  # Contacts, groups and people, without their @.
    duplicates: int = 0


def read(line: str, *, default_country: str) -> Addressed:
    """Takes `NUMBER[, @NAME…] TEXT` apart; a number may be written in groups.

    A line that begins with neither has its first word among the mistakes.
    """
    found = _Found(default_country)
    rest = line.strip()
    while rest:
        rest = rest[found.take(rest) :]
        comma = _COMMA.match(rest)
        if not comma:
            break
        rest = rest[comma.end() :]
        if not (_GROUP.match(rest) or _NAME.match(rest)):
            break
    return found.addressed(rest.strip())


def read_list(text: str, *, default_country: str) -> Addressed:
    """Takes a field apart that holds nothing but numbers and @names, however separated."""
    found = _Found(default_country)
    for part in _SEPARATOR.split(text):
        rest = part.strip()
        while rest:
            rest = rest[found.take(rest) :].strip()
    return found.addressed("")


class _Found:
    """What has been found so far, in order."""

    def __init__(self, default_country: str) -> None:
        self._country = default_country
        self._phones: dict[Phone, None] = {}
        self._names: dict[str, None] = {}
        self._mistakes: list[Mistake] = []
        self._duplicates = 0

    def take(self, line: str) -> int:
        """Takes the first recipient of a line; how far it reaches."""
        name = _NAME.match(line)
        if name:
            self.add(name[0])
            return name.end()
        end = _number_end(line, self._country)
        if end:
            self.add(line[:end])
            return end
        word = _word(line)
        self._mistakes.append(Mistake(word[:60], f"“{word[:60]}” is not a phone number."))
        return len(word)

    def add(self, typed: str) -> None:
        """One recipient, as it was typed."""
        name = _NAME.fullmatch(typed)
        if name:
            self._names[name[1].casefold()] = None
            return
        check = _check(typed, self._country)
        if not check.valid:
            self._mistakes.append(Mistake(typed[:60], check.error or ""))
            return
        self._duplicates += Phone(check.normalized) in self._phones
        self._phones[Phone(check.normalized)] = None

    def addressed(self, text: str) -> Addressed:
        """All of it, and the text after it."""
        return Addressed(
            tuple(self._phones), tuple(self._mistakes), text, tuple(self._names), self._duplicates
        )


def _number_end(line: str, default_country: str) -> int:
    """How far the number reaches that `line` begins with; 0 where it begins with something else."""
    first = _GROUP.match(line)
    if not first:
        return 0
    if _digits(first[0]) <= _COUNTRY_DIGITS:
        return _grouped(line, first.end(), default_country)
    return first.end()


def _grouped(line: str, end: int, default_country: str) -> int:
    """Where a number in groups ends: at the first group that makes it complete."""
    first = end
    while blank := _BLANK.match(line, end):
        group = _GROUP.match(line, blank.end())
        if not group or _digits(group[0]) < _GROUP_DIGITS:
            break
        end = group.end()
        if _is_phone(line[:end], default_country):
            return end
    return first


def _digits(text: str) -> int:
    return len(_DIGIT.findall(text))


def _is_phone(text: str, default_country: str) -> bool:
    return _check(text, default_country).valid


def _check(text: str, default_country: str) -> PhoneCheck:
    return validate_phone_input(text, default_country=default_country)


def _word(line: str) -> str:
    return _COMMA_OR_BLANK.split(line, maxsplit=1)[0]

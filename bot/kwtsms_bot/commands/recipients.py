"""Where the numbers end and the text begins. Pure; the text is kept as it was typed.

A number may be written in groups, with blanks between them, in the way of its country: what stands
behind a group may be more of the number, another number, or text. Where that can be read in more
than one way the line is `unclear`, and a person looks at it before anything is sent.
"""

import re
from dataclasses import dataclass, field

from kwtsms_bot.commands.digits import AROUND, DIGIT, GROUP, Run, is_abroad
from kwtsms_bot.language import Language
from kwtsms_client import Phone, validate_phone_input
from kwtsms_client.countries import COUNTRIES

_AHEAD = re.compile(rf"[\s{AROUND}]+(?=[+(@{DIGIT}])")
_COMMA = re.compile(r"\s*[,;،؛]\s*")
_JOINT = re.compile(r"\s*[,;،؛&/|]\s*")
_SEPARATOR = re.compile(r"[,;،؛&/|\n]+")
_SEPARATORS = " \t\n\u00a0,;،؛"
_COMMA_OR_BLANK = re.compile(r"[\s,;،؛]")
_NAME = re.compile(rf"@([^\s,;،؛@]{{1,80}}?)[{AROUND}]*:?(?=[\s,;،؛]|$)")
_AND = re.compile(r"(?:and\s|&|\+|و)?\s*", re.IGNORECASE)
MAX_SHOWN = 60  # Characters of what somebody typed.


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something that is no number, or could be more than one."""

    typed: str = field(repr=False)
    home: str = ""  # The country that a number without + is in; empty where another was meant.
    unclear: bool = False

    def sentence(self, say: Language) -> str:
        """What is wrong with it, and how to write it."""
        typed = self.typed[:MAX_SHOWN]
        if self.unclear:
            return say(
                "“{typed}” can be read in more than one way. Put commas between the numbers.",
                typed=typed,
            )
        country = COUNTRIES.get(self.home)
        if country is None:
            wrong = say("“{typed}” is not the number of a mobile.", typed=typed)
            example = say("Write it with the country code, such as +965 9876 5432.")
            return f"{wrong} {example}"
        return say(
            "“{typed}” is not the number of a mobile in {country}: it has {lengths} digits and "
            "begins with {first}. Write a number abroad with + and its country code.",
            typed=typed,
            country=say(country.name),
            lengths="/".join(map(str, country.lengths)),
            first=say.listed(country.first) or "1-9",
        )


@dataclass(frozen=True, slots=True)
class Addressed:
    """A typed line, taken apart."""

    recipients: tuple[Phone, ...] = field(repr=False)
    mistakes: tuple[Mistake, ...] = field(repr=False)
    text: str = field(repr=False)
    names: tuple[str, ...] = ()  # Contacts, groups and people, without their @.
    duplicates: int = 0
    unclear: bool = False  # It could be meant otherwise.


def read(line: str, *, default_country: str) -> Addressed:
    """Takes `NUMBER[, @NAME…] TEXT` apart; a number may be written in groups.

    A line that begins with neither has its first word among the mistakes.
    """
    found = _Found(default_country)
    rest = line.strip().lstrip(_SEPARATORS)
    while rest:
        rest = _bare(rest)
        rest = rest[found.take(rest) :]
        joint = _JOINT.match(rest)
        if not (joint and _goes_on(joint[0], rest[joint.end() :], default_country)):
            break
        rest = rest[joint.end() :]
    comma = _COMMA.match(rest)
    text = rest[comma.end() :].strip() if comma else rest.strip()
    begins = text[_AND.match(text).end() :]  # type: ignore[union-attr]  # It matches anything.
    found.unclear |= _is_recipient(begins, default_country)
    return found.addressed(text)


def read_list(text: str, *, default_country: str) -> Addressed:
    """Takes a field apart that holds nothing but numbers and @names, however separated."""
    found = _Found(default_country)
    for part in _SEPARATOR.split(text):
        rest = part.strip()
        while rest:
            rest = _bare(rest)
            rest = rest[found.take_all(rest) :].strip()
    return found.addressed("")


def _bare(line: str) -> str:
    """Without what is around the number or name that it begins with."""
    around = _AHEAD.match(line)
    return line[around.end() :] if around else line


def _goes_on(joint: str, rest: str, country: str) -> bool:
    """Whether another recipient follows: after a comma it may be a wrong one."""
    if joint.strip() in ("&", "/", "|"):
        return _is_recipient(rest, country)
    return bool(GROUP.match(_bare(rest)) or _NAME.match(_bare(rest)))


def _is_recipient(line: str, country: str) -> bool:
    """Whether a line begins with a number or a name."""
    line = _bare(line)
    return bool(_NAME.match(line) or Run(line, country).numbers)


class _Found:
    """What has been found so far, in order."""

    def __init__(self, default_country: str) -> None:
        self._country = default_country
        self._phones: dict[Phone, None] = {}
        self._names: dict[str, None] = {}
        self._mistakes: list[Mistake] = []
        self._duplicates = 0
        self.unclear = False

    def take(self, line: str) -> int:
        """Takes the first recipient of a line; how far it reaches."""
        run = Run(line, self._country)
        if not run.end:
            return self._take_other(line)
        if not run.numbers:
            self._refuse(line[: run.end])
            return run.end
        end, *others = run.numbers
        text = line[end:].strip()
        self.unclear |= bool(others) or (bool(text) and run.may_end_sooner(end))
        self._add(line[:end])
        return end

    def take_all(self, line: str) -> int:
        """Takes all the numbers that a line begins with, or its first word; how far they reach."""
        run = Run(line, self._country)
        if not run.end:
            return self._take_other(line)
        ways = run.ways()
        each = ways[0] if len(ways) == 1 else [] if ways else run.singles
        for typed in each:
            self._add(typed)
        if not each:
            self._refuse(line[: run.end], unclear=bool(ways))
        return run.end

    def _take_other(self, line: str) -> int:
        name = _NAME.match(line)
        if name:
            self._names[name[1].casefold()] = None
            return name.end()
        word = _COMMA_OR_BLANK.split(line, maxsplit=1)[0]
        self._mistakes.append(Mistake(word))
        return max(1, len(word))

    def _add(self, typed: str) -> None:
        check = validate_phone_input(typed, default_country=self._country)
        if not check.valid:
            self._refuse(typed)
            return
        phone = Phone(check.normalized)
        self._duplicates += phone in self._phones
        self._phones[phone] = None

    def _refuse(self, typed: str, *, unclear: bool = False) -> None:
        home = "" if is_abroad(typed) else self._country
        self._mistakes.append(Mistake(typed.strip(), home, unclear))

    def addressed(self, text: str) -> Addressed:
        """All of it, and the text after it."""
        return Addressed(
            tuple(self._phones),
            tuple(self._mistakes),
            text,
            tuple(self._names),
            self._duplicates,
            self.unclear,
        )

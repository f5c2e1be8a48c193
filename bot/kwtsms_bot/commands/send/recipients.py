"""Splits a typed line into recipients and text. Pure; the text is kept as it was typed.

A number may be written in groups, with blanks between them, as is usual in its country: a group may
be followed by more of the number, another number, or text. A line that can be read in more than one
way is `unclear`, and its author has to confirm it before anything is sent. Tokens are recipients by
their ids; their labels are not read.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from kwtsms_bot.commands import tokens as tokens_
from kwtsms_bot.commands.send.number_groups import (
    DIGIT,
    GROUP,
    OVERRIDES,
    SURROUNDING,
    DigitGroups,
    has_country_code,
)
from kwtsms_bot.commands.tokens import PLACEHOLDERS, Token, TokenKind
from kwtsms_bot.i18n.translator import Language
from kwtsms_client import Phone, validate_phone_input
from kwtsms_client.countries import COUNTRIES

_SURROUNDING = re.compile(rf"[\s{SURROUNDING}]+(?=[+(@{DIGIT}{PLACEHOLDERS}])")
_COMMA = re.compile(r"\s*[,;،؛]\s*")
_CONNECTOR = re.compile(r"\s*[,;،؛&/|]\s*")
_SEPARATOR = re.compile(r"[,;،؛&/|\n]+")
_SEPARATORS = " \t\n\u00a0,;،؛"
_COMMA_OR_BLANK = re.compile(r"[\s,;،؛]")
_NAME = re.compile(rf"@([^\s,;،؛@{PLACEHOLDERS}]{{1,80}}?)[{SURROUNDING}]*:?(?=[\s,;،؛]|$)")
_TOKEN = re.compile(rf"[{PLACEHOLDERS}][{SURROUNDING}]*:?(?=[\s,;،؛&/|]|$)")
_AND = re.compile(r"(?:and\s|&|\+|و)?\s*", re.IGNORECASE)
MAX_QUOTED = 60  # Characters of a recipient that a reply repeats.


@dataclass(frozen=True, slots=True)
class InvalidRecipient:
    """Typed recipient that is not a number, or could be more than one."""

    typed: str = field(repr=False)
    home_country: str = ""  # Of a number without a country code; else empty.
    unclear: bool = False

    def explain(self, say: Language) -> str:
        """Says what is wrong with it, and how to write it."""
        typed = self.typed[:MAX_QUOTED]
        if self.unclear:
            return say(
                "“{typed}” could be one number or several. Separate numbers with commas.",
                typed=typed,
            )
        country = COUNTRIES.get(self.home_country)
        if country is None:
            return say("“{typed}” isn't a valid phone number.", typed=typed)
        return say(
            "“{typed}” isn't a valid phone number. Mobile numbers in {country} have {lengths} "
            "digits and start with {first}. For other countries, start with + and the country "
            "code.",
            typed=typed,
            country=say(country.name),
            lengths="/".join(map(str, country.lengths)),
            first=say.join(country.first) or "1-9",
        )


@dataclass(frozen=True, slots=True)
class ParsedLine:
    """Typed line, split into recipients and text."""

    recipients: tuple[Phone, ...] = field(repr=False)
    invalid: tuple[InvalidRecipient, ...] = field(repr=False)
    text: str = field(repr=False)
    names: tuple[str, ...] = ()  # Contacts, groups and people, without their @.
    duplicates: int = 0
    unclear: bool = False  # Can be read in more than one way.
    disguised: bool = False  # Direction overrides may show a number otherwise than it is read.
    tokens: tuple[Token, ...] = ()  # Slack users and user groups, in order.


def parse_line(line: str, *, default_country: str, tokens: Sequence[Token] = ()) -> ParsedLine:
    """Splits `NUMBER[, @NAME…] TEXT`; a number may be written in groups.

    If a line begins with neither number nor name, its first word is an invalid recipient.
    """
    parser = _RecipientParser(default_country, tokens)
    rest = line.strip().lstrip(_SEPARATORS)
    while rest:
        rest = _strip_surrounding(rest)
        rest = rest[parser.parse_first(rest) :]
        connector = _CONNECTOR.match(rest)
        if not (connector and parser.has_another(connector[0], rest[connector.end() :])):
            break
        rest = rest[connector.end() :]
    comma = _COMMA.match(rest)
    text = rest[comma.end() :].strip() if comma else rest.strip()
    after_and = text[_AND.match(text).end() :]  # type: ignore[union-attr]  # It matches anything.
    parser.unclear |= parser.is_recipient(after_and)
    typed = line.strip()
    parser.disguised = bool(OVERRIDES.search(typed[: len(typed) - len(text)]))
    return parser.parsed_line(text)


def parse_list(text: str, *, default_country: str, tokens: Sequence[Token] = ()) -> ParsedLine:
    """Splits a field that holds only numbers and @names, however separated."""
    parser = _RecipientParser(default_country, tokens)
    parser.disguised = bool(OVERRIDES.search(text))
    for part in _SEPARATOR.split(text):
        rest = part.strip()
        while rest:
            rest = _strip_surrounding(rest)
            rest = rest[parser.parse_all(rest) :].strip()
    return parser.parsed_line("")


def _strip_surrounding(line: str) -> str:
    """Strips quotes and blanks in front of the number or name that a line begins with."""
    around = _SURROUNDING.match(line)
    return line[around.end() :] if around else line


class _RecipientParser:
    """Parser that collects the recipients of a line in order."""

    def __init__(self, default_country: str, tokens: Sequence[Token]) -> None:
        self._country = default_country
        self._known_tokens = tokens
        self._tokens: dict[Token, None] = {}
        self._phones: dict[Phone, None] = {}
        self._names: dict[str, None] = {}
        self._invalid: list[InvalidRecipient] = []
        self._duplicates = 0
        self.unclear = False
        self.disguised = False

    def has_another(self, connector: str, rest: str) -> bool:
        """Whether another recipient follows; after a comma, an invalid one counts too."""
        if connector.strip() in ("&", "/", "|"):
            return self.is_recipient(rest)
        rest = _strip_surrounding(rest)
        return bool(GROUP.match(rest)) or self._is_named(rest)

    def is_recipient(self, line: str) -> bool:
        """Whether a line begins with a number, a name or a token."""
        line = _strip_surrounding(line)
        return self._is_named(line) or bool(DigitGroups(line, self._country).number_ends)

    def _is_named(self, line: str) -> bool:
        return bool(_NAME.match(line)) or self._find_token(line) is not None

    def _find_token(self, line: str) -> Token | None:
        """Returns the recipient that a line begins with as a token."""
        token = tokens_.find(line, self._known_tokens)
        return token if token and token.is_recipient and _TOKEN.match(line) else None

    def parse_first(self, line: str) -> int:
        """Parses the first recipient of a line and returns where it ends."""
        groups = DigitGroups(line, self._country)
        if not groups.end:
            return self._parse_other(line)
        if not groups.number_ends:
            self._add_invalid(line[: groups.end])
            return groups.end
        end, *others = groups.number_ends
        text = line[end:].strip()
        self.unclear |= bool(others) or (bool(text) and groups.may_end_sooner(end))
        self._add(line[:end])
        return end

    def parse_all(self, line: str) -> int:
        """Parses all numbers that a line begins with, or its first word; returns their end."""
        groups = DigitGroups(line, self._country)
        if not groups.end:
            return self._parse_other(line)
        readings = groups.readings()
        numbers = readings[0] if len(readings) == 1 else [] if readings else groups.single_groups
        for typed in numbers:
            self._add(typed)
        if not numbers:
            self._add_invalid(line[: groups.end], unclear=bool(readings))
        return groups.end

    def _parse_other(self, line: str) -> int:
        name = _NAME.match(line)
        if name:
            self._names[name[1].casefold()] = None
            return name.end()
        token = self._find_token(line)
        if token is not None:
            self._add_token(token)
            return _TOKEN.match(line).end()  # type: ignore[union-attr]  # Matched just before.
        word = _COMMA_OR_BLANK.split(line, maxsplit=1)[0]
        self._invalid.append(InvalidRecipient(tokens_.show(word, self._known_tokens)))
        return max(1, len(word))

    def _add_token(self, token: Token) -> None:
        if token.kind is TokenKind.NUMBER:
            self._add(token.id)
        else:
            self._tokens[token] = None

    def _add(self, typed: str) -> None:
        check = validate_phone_input(typed, default_country=self._country)
        if not check.valid:
            self._add_invalid(typed)
            return
        phone = Phone(check.normalized)
        self._duplicates += phone in self._phones
        self._phones[phone] = None

    def _add_invalid(self, typed: str, *, unclear: bool = False) -> None:
        home_country = "" if has_country_code(typed) else self._country
        self._invalid.append(InvalidRecipient(typed.strip(), home_country, unclear))

    def parsed_line(self, text: str) -> ParsedLine:
        """The recipients parsed so far, and the text that follows them."""
        return ParsedLine(
            tuple(self._phones),
            tuple(self._invalid),
            tokens_.show(text, self._known_tokens),
            tuple(self._names),
            self._duplicates,
            self.unclear,
            self.disguised,
            tuple(self._tokens),
        )

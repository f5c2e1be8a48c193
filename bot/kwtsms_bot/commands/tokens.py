"""Tokens of a typed line: people, groups and links by id, as opaque characters of the line. Pure.

A label can hold anything that a person chose, so no parser reads it: in the line, a token is one
character of a private-use plane, and `show` puts the labels back into a text.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

# Characters without a meaning; those that somebody typed become tokens themselves.
PLACEHOLDERS = "\U000f0000-\U0010fffd"
MAX_TOKENS = 0x10FFFE - 0xF0000
_FIRST = 0xF0000
_PLACEHOLDER = re.compile(f"[{PLACEHOLDERS}]")


class TokenKind(StrEnum):
    """Kind of a token; all but OTHER can be recipients."""

    USER = "user"
    GROUP = "group"
    NUMBER = "number"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Token:
    """Part of a line that was marked up; `id` is the user, the group or the phone number."""

    kind: TokenKind
    shown: str = field(repr=False)
    id: str = field(default="", repr=False)

    @property
    def is_recipient(self) -> bool:
        """Whether it can receive a message."""
        return self.kind is not TokenKind.OTHER


def join(parts: Iterable[str | Token]) -> tuple[str, tuple[Token, ...]]:
    """Returns the parts as one line with a placeholder for each token, and the tokens."""
    line: list[str] = []
    tokens: list[Token] = []
    for part in parts:
        if isinstance(part, str):
            line.append(part)
        elif len(tokens) < MAX_TOKENS:
            line.append(chr(_FIRST + len(tokens)))
            tokens.append(part)
    return "".join(line), tuple(tokens)


def find(line: str, tokens: Sequence[Token]) -> Token | None:
    """Returns the token that a line begins with."""
    index = ord(line[0]) - _FIRST if line else -1
    return tokens[index] if 0 <= index < len(tokens) else None


def show(text: str, tokens: Sequence[Token]) -> str:
    """Returns the text with the tokens as people see them."""

    def shown(match: re.Match[str]) -> str:
        token = find(match[0], tokens)
        return token.shown if token else match[0]

    return _PLACEHOLDER.sub(shown, text)

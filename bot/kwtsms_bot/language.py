"""The bot's two languages: English as it stands in the code, Arabic from the catalogue.

A text is a literal where it is said, `say("Sent to {count} numbers.", count=3)`, so that the code
reads and the catalogue can be held against it. Standard gettext; nothing here knows Slack.

Arabic runs from right to left, and a number, a command or an id within it would be torn apart: what
is not Arabic is set apart by Unicode's isolates, wherever a value is put into a text.
https://www.unicode.org/reports/tr9/#Explicit_Directional_Isolates
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path

DOMAIN = "kwtsms_bridge"
CATALOGUES = Path(__file__).parent / "locale"
LANGUAGES = ("en", "ar")
LTR, AUTO, END = "\u2066", "\u2068", "\u2069"
ISOLATES = re.compile(f"[{LTR}-{END}]")
_AT_HOME = re.compile(f"[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc{LTR}-{END}]")


def marked(text: str) -> str:
    """`text` itself: it stands in a table, and is said from there."""
    return text


BETWEEN = marked(", ")


@dataclass(frozen=True, slots=True)
class Language:
    """One language; call it with a text to have it said in that language."""

    code: str
    _catalogue: NullTranslations = field(repr=False, compare=False)

    def __call__(self, text: str, /, **values: object) -> str:
        """`text` in this language, its `{names}` filled in."""
        said = self._catalogue.gettext(text)
        return said.format(**self._placed(values)) if values else said

    def plural(self, one: str, many: str, /, count: int, **values: object) -> str:
        """The form that suits `count`, which both texts may name as `{count}`."""
        said = self._catalogue.ngettext(one, many, count)
        return said.format(count=count, **self._placed(values))

    def ltr(self, value: str) -> str:
        """A number, a command or an id, kept from left to right within Arabic."""
        return f"{LTR}{value}{END}" if self.code == "ar" else value

    def auto(self, value: str) -> str:
        """Something whose direction only the reader's program knows, kept apart within Arabic."""
        return f"{AUTO}{value}{END}" if self.code == "ar" else value

    def inline(self, value: str) -> str:
        """A value as it stands within a sentence: from left to right where none of it is Arabic."""
        return value if not value or _AT_HOME.search(value) else self.ltr(value)

    def listed(self, values: Iterable[str]) -> str:
        """Values side by side."""
        return self(BETWEEN).join(map(self.inline, values))

    def _placed(self, values: Mapping[str, object]) -> dict[str, object]:
        return {
            name: self.inline(value) if isinstance(value, str) else value
            for name, value in values.items()
        }


@cache
def language(locale: str) -> Language:
    """The language for a locale such as `ar-KW`; English where there is no catalogue for it."""
    code = locale.replace("_", "-").split("-")[0].casefold()
    known = code if code in LANGUAGES else "en"
    found = translation(DOMAIN, CATALOGUES, languages=[known], fallback=True)
    return Language(known, found)


ENGLISH = language("en")

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
LTR_ISOLATE, FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2066", "\u2068", "\u2069"
ISOLATES = re.compile(f"[{LTR_ISOLATE}-{POP_ISOLATE}]")
_ARABIC = re.compile(
    f"[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc{LTR_ISOLATE}-{POP_ISOLATE}]"
)


def N_(text: str) -> str:  # noqa: N802 - As gettext calls it.
    """`text` itself: it stands in a table, and is said from there."""
    return text


LIST_SEPARATOR = N_(", ")


@dataclass(frozen=True, slots=True)
class Language:
    """One language; call it with a text to have it said in that language."""

    code: str
    _catalogue: NullTranslations = field(repr=False, compare=False)

    def __call__(self, text: str, /, **values: object) -> str:
        """`text` in this language, its `{names}` filled in."""
        translated = self._catalogue.gettext(text)
        return translated.format(**self._isolate_values(values)) if values else translated

    def plural(self, singular: str, plural: str, /, count: int, **values: object) -> str:
        """The form that suits `count`, which both texts may name as `{count}`."""
        translated = self._catalogue.ngettext(singular, plural, count)
        return translated.format(count=count, **self._isolate_values(values))

    def ltr(self, value: str) -> str:
        """A number, a command or an id, kept from left to right within Arabic."""
        return f"{LTR_ISOLATE}{value}{POP_ISOLATE}" if self.code == "ar" else value

    def auto(self, value: str) -> str:
        """Something whose direction only the reader's program knows, kept apart within Arabic."""
        return f"{FIRST_STRONG_ISOLATE}{value}{POP_ISOLATE}" if self.code == "ar" else value

    def inline(self, value: str) -> str:
        """A value as it stands within a sentence: from left to right where none of it is Arabic."""
        return value if not value or _ARABIC.search(value) else self.ltr(value)

    def join(self, values: Iterable[str]) -> str:
        """Values side by side."""
        return self(LIST_SEPARATOR).join(map(self.inline, values))

    def _isolate_values(self, values: Mapping[str, object]) -> dict[str, object]:
        return {
            name: self.inline(value) if isinstance(value, str) else value
            for name, value in values.items()
        }


@cache
def language(locale: str) -> Language:
    """The language for a locale such as `ar-KW`; English where there is no catalogue for it."""
    code = locale.replace("_", "-").split("-")[0].casefold()
    known = code if code in LANGUAGES else "en"
    catalogue = translation(DOMAIN, CATALOGUES, languages=[known], fallback=True)
    return Language(known, catalogue)


ENGLISH = language("en")
